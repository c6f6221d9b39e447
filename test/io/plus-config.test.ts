import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FormatError } from "../../src/core/errors.ts";
import { readPlusConfig, type PlusConfig } from "../../src/io/plus-config.ts";
import { dataFolder } from "../support/data.ts";
import { temporaryFile } from "./sequence/support.ts";

const plus = (name: string): string => join(dataFolder ?? "", "plus", name);
const read = async (inside: string): Promise<PlusConfig> =>
  readPlusConfig(await temporaryFile("c.xml", `<PlusConfiguration version="2.1">${inside}</PlusConfiguration>`));
const reconstruction = (attributes: string, children = ""): Promise<PlusConfig> =>
  read(`<VolumeReconstruction ${attributes}>${children}</VolumeReconstruction>`);
const transform = (matrix: string): Promise<PlusConfig> =>
  read(`<CoordinateDefinitions><Transform From="Image" To="Probe" Matrix="${matrix}"/></CoordinateDefinitions>`);

test.skipIf(!dataFolder)("every configuration of the PLUS data is read (needs the recordings)", async () => {
  const names = (await readdir(plus(""))).filter((name) => name.endsWith(".xml"));
  expect(names.length).toBe(6);
  for (const name of names) {
    const { transforms, warnings } = await readPlusConfig(plus(name));
    expect(transforms.length, name).toBeGreaterThan(0);
    expect(warnings.length, name).toBe(name === "BoneUltrasound_L14_config.xml" ? 1 : 0);
  }
});

test.skipIf(!dataFolder)("the fan configuration reads as its attributes say (needs the recordings)", async () => {
  const config = await readPlusConfig(plus("PlusDeviceSet_VolumeReconstructionOnly_SonixRP_TRUS_D70mm_LN_MEAN.xml"));
  expect(config.reconstruction).toMatchObject({
    outputSpacingMm: [0.5, 0.5, 0.5],
    clipOriginPx: [192, 16],
    clipSizePx: [420, 580],
    fanAnglesRad: [-Math.PI / 4, Math.PI / 4],
    fanOriginPx: [380, 20],
    fanRadiusStartPx: 120,
    fanRadiusStopPx: 360,
    interpolation: "linear",
    optimization: "full",
    compoundingMode: "mean",
    fillHoles: true,
    numberOfThreads: 1,
    holeFilling: [{ kind: "stick", stickLengthLimitPx: 9, numberOfSticksToUse: 1 }],
  });
  expect(config.reconstruction?.skipInterval).toBeUndefined();
  const [image] = config.transforms;
  expect([image?.from, image?.to, image?.errorMm, image?.date]).toEqual(["Image", "Probe", 1.68149, "022312_110631"]);
  expect([...image!.toFromFrom.subarray(0, 4)]).toEqual([-0.00157821, 0.0785919, -0.00803285, 15.3978]);
});

test.skipIf(!dataFolder)("the N-wire phantom has its wires, landmarks and planes (needs the recordings)", async () => {
  const config = await readPlusConfig(plus("PlusDeviceSet_fCal_Sim_SpatialCalibration_2.0.xml"));
  const phantom = config.phantom!;
  expect(phantom.patterns.map(({ type, wires }) => [type, wires.length])).toEqual([["NWire", 3], ["NWire", 3], ["NWire", 3]]); // prettier-ignore
  expect(phantom.patterns[0]?.wires[1]).toEqual({ name: "8:L1_h1", frontMm: [55, 0, 20], backMm: [35, 40, 20] });
  expect(phantom.landmarks.length).toBe(8);
  expect(phantom.planes[0]).toEqual({
    name: "Superior",
    baseMm: [5.5, 3, 35],
    end1Mm: [135, 3, 35],
    end2Mm: [135, 55, 35],
  });
  expect(phantom.description["Institution"]).toBe("Queen's University PerkLab");
  expect(config.sections.get("Segmentation")?.["ApproximateSpacingMmPerPixel"]).toBe("0.078");
});

test.skipIf(!dataFolder)(
  "the scan conversion and the old compounding options are read (needs the recordings)",
  async () => {
    const config = await readPlusConfig(plus("BoneUltrasound_L14_config.xml"));
    expect(config.scanConversion).toMatchObject({
      transducerName: "Ultrasonix_L9-4/38",
      geometry: "linear",
      depthMm: 60,
      imageSizePx: [820, 616],
      transducerCentrePx: [410, 0],
      spacingMm: [0.085, 0.085],
      scanLines: 90,
    });
    expect(config.reconstruction?.compoundingMode).toBe("mean");
    expect(config.reconstruction?.fillHoles).toBe(false);
    expect(config.warnings[0]).toMatch(/old options; they are read as CompoundingMode MEAN/);
  },
);

test("a misspelt option is named, with the word that was meant", async () => {
  const { warnings } = await reconstruction('OutputSpacing="1 1 1" Interpolaton="LINEAR" Colour="red"');
  expect(warnings).toEqual([
    "The attribute Interpolaton of VolumeReconstruction is unknown and has no effect; did you mean Interpolation?",
    "The attribute Colour of VolumeReconstruction is unknown and has no effect.",
  ]);
});

test("every kind of hole filling is read, and none has defaults", async () => {
  const elements = [
    '<HoleFillingElement Type="GAUSSIAN" Size="5" Stdev="0.5" MinimumKnownVoxelsRatio="0.1"/>',
    '<HoleFillingElement Type="GAUSSIAN_ACCUMULATION" Size="5" Stdev="0.5" MinimumKnownVoxelsRatio="0.1"/>',
    '<HoleFillingElement Type="DISTANCE_WEIGHT_INVERSE" Size="3" MinimumKnownVoxelsRatio="0"/>',
    '<HoleFillingElement Type="NEAREST_NEIGHBOR" Size="7" MinimumKnownVoxelsRatio="0"/>',
    '<HoleFillingElement Type="STICK" StickLengthLimit="9" NumberOfSticksToUse="2"/>',
  ];
  const { reconstruction: all } = await reconstruction(
    'FillHoles="ON"',
    `<HoleFilling>${elements.join("")}</HoleFilling>`,
  );
  expect(all?.holeFilling).toEqual([
    { kind: "gaussian", sizePx: 5, stdevPx: 0.5, minimumKnownVoxelsRatio: 0.1 },
    { kind: "gaussian-accumulation", sizePx: 5, stdevPx: 0.5, minimumKnownVoxelsRatio: 0.1 },
    { kind: "distance-weight-inverse", sizePx: 3, minimumKnownVoxelsRatio: 0 },
    { kind: "nearest-neighbor", sizePx: 7, minimumKnownVoxelsRatio: 0 },
    { kind: "stick", stickLengthLimitPx: 9, numberOfSticksToUse: 2 },
  ]);
  for (const element of elements) {
    const attributes = [...element.matchAll(/ (\w+)="[^"]*"/g)];
    for (const [text, name] of attributes) {
      const without = reconstruction('FillHoles="ON"', `<HoleFilling>${element.replace(text, "")}</HoleFilling>`);
      await expect(without).rejects.toThrow(new RegExp(`HoleFillingElement: ${name}: is missing`));
    }
  }
});

test("wrong numbers and words are refused by the name of the attribute", async () => {
  for (const [attributes, pattern] of [
    ['OutputSpacing="0.5 0.5"', /OutputSpacing: expected 3 numbers/],
    ['OutputSpacing="0.5 0 0.5"', /OutputSpacing: must be positive/],
    ['OutputSpacing="0.5 nan 0.5"', /OutputSpacing: expected 3 numbers/],
    ['Interpolation="CUBIC"', /Interpolation: "CUBIC" is unknown. Use one of NEAREST_NEIGHBOR, LINEAR/],
    ['SkipInterval="0"', /SkipInterval: expected a whole number of at least 1/],
    ['FillHoles="perhaps"', /FillHoles: "perhaps" is unknown/],
    ['CompoundingMode="toString"', /CompoundingMode: "toString" is unknown/],
  ] as const) {
    const error = await reconstruction(attributes).catch((reason: unknown) => reason);
    expect(error, attributes).toBeInstanceOf(FormatError);
    expect(String(error)).toMatch(pattern);
  }
});

test("deprecated fan names still work, with a word about the new ones", async () => {
  const config = await reconstruction('FanAngles="-30 30" FanOrigin="1 2" FanDepth="99"');
  expect(config.reconstruction).toMatchObject({
    fanAnglesRad: [-Math.PI / 6, Math.PI / 6],
    fanOriginPx: [1, 2],
    fanRadiusStopPx: 99,
  });
  expect(config.warnings.length).toBe(3);
});

test("a matrix that is singular, mirrored, not finite or short is refused by its name", async () => {
  for (const matrix of [
    "1 0 0 0 0 1 0 0 0 0 0 0 0 0 0 1",
    "1 0 0 0 0 1 0 0 0 0 -1 0 0 0 0 1",
    "1 0 0 0 0 1 0 inf 0 0 1 0 0 0 0 1",
    "1 0 0 0",
  ]) {
    await expect(transform(matrix)).rejects.toThrow(/Matrix of ImageToProbe/);
  }
  expect((await transform("0.1 0 0 1 0 0.1 0 2 0 0 0.1 3 0 0 0 1")).transforms[0]?.toFromFrom[3]).toBe(1);
});

test("entities are not expanded and document types are refused", async () => {
  const bomb = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><PlusConfiguration/>`;
  await expect(readPlusConfig(await temporaryFile("c.xml", bomb))).rejects.toThrow(/document type is not read/);
  const { sections } = await read('<A B="&lt;&amp;lt; &unknown; &#65;"/>');
  expect(sections.get("A")?.["B"]).toBe("<&lt; &unknown; &#65;");
});

test("what is no PLUS configuration is refused with the place", async () => {
  for (const [text, pattern] of [
    ["", /is not XML|no single root/],
    ["<PlusConfiguration><A></PlusConfiguration>", /line 1, column/],
    ["<Other/>", /the root element is <Other>/],
    ["\0\0\0", /./],
    ["<PlusConfiguration>".repeat(1000), /not XML/],
  ] as const) {
    await expect(readPlusConfig(await temporaryFile("c.xml", text))).rejects.toThrow(pattern);
    await expect(readPlusConfig(await temporaryFile("c.xml", text))).rejects.toBeInstanceOf(FormatError);
  }
  const large = await temporaryFile("c.xml", new Uint8Array(5 * 1024 * 1024));
  await expect(readPlusConfig(large)).rejects.toThrow(/larger than/);
});
