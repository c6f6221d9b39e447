import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { FormatError, UnsuitableInputError } from "../../../src/core/errors.ts";
import { createRng } from "../../../src/core/rng.ts";
import { openDicom } from "../../../src/io/dicom/open-dicom.ts";
import { openRecording } from "../../../src/scenario/open-recording.ts";
import { dicomFile, fd, rleFrame, sequence, sl, text, ul, us, type DicomElement } from "../../support/dicom.ts";
import { encodeJpeg } from "../../support/jpeg.ts";
import { mutate } from "../../support/mutate.ts";

const folder = await mkdtemp(join(tmpdir(), "sonobench-dicom-"));
afterAll(() => rm(folder, { recursive: true, force: true }));
let files = 0;
async function stored(bytes: Uint8Array): Promise<string> {
  const path = join(folder, `clip-${files++}.dcm`);
  await writeFile(path, bytes);
  return path;
}

const EXPLICIT = "1.2.840.10008.1.2.1",
  RLE = "1.2.840.10008.1.2.5",
  JPEG = "1.2.840.10008.1.2.4.50";
const [COLUMNS, ROWS, FRAMES] = [10, 6, 3];
const PIXELS = COLUMNS * ROWS;

const rng = createRng("dicom");
const grays = Array.from({ length: FRAMES }, () => Uint8Array.from({ length: PIXELS }, () => rng.integer(4) * 60));
const all = (frames: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(frames));

const shape = (photometric: string, components: number, extra: readonly DicomElement[] = []): DicomElement[] => [
  us(0x00280002, components),
  text(0x00280004, "CS", photometric),
  text(0x00280008, "IS", String(FRAMES)),
  us(0x00280010, ROWS),
  us(0x00280011, COLUMNS),
  us(0x00280100, 8),
  us(0x00280101, 8),
  ...extra,
];
/** Pixels 2 to 8 and 1 to 5 are a linear image of 0.02 cm × 0.01 cm a pixel, whose face's centre is its pixel (3, 0). */
const region = (changes: readonly DicomElement[] = []): DicomElement => {
  const item = [
    us(0x00186012, 1), us(0x00186014, 1), ul(0x00186018, 2), ul(0x0018601a, 1), ul(0x0018601c, 8), ul(0x0018601e, 5),
    sl(0x00186020, 3), sl(0x00186022, 0), us(0x00186024, 3), us(0x00186026, 3), fd(0x0018602c, 0.02), fd(0x0018602e, 0.01),
  ]; // prettier-ignore
  const changed = item.map((element) => changes.find(({ tag }) => tag === element.tag) ?? element);
  return sequence(0x00186011, [us(0x00186012, 2)], changed);
};

async function pixelsOf(bytes: Uint8Array): Promise<Uint8Array[]> {
  const { images } = await openDicom(await stored(bytes));
  return Promise.all(
    Array.from({ length: images!.count }, async (_, i) => (await images!.read(i)).pixels as Uint8Array),
  );
}

test("uncompressed gray frames come back to the byte, with the times that Frame Time says", async () => {
  const bytes = dicomFile(EXPLICIT, shape("MONOCHROME2", 1, [text(0x00181063, "DS", "40")]), all(grays));
  expect(await pixelsOf(bytes)).toEqual(grays);
  const recording = await openRecording(await stored(bytes));
  expect(Array.from(recording.images!.acquiredAtS)).toEqual([0, 0.04, 0.08]);
  expect(recording.poses).toEqual([]);
  expect(recording.warnings.join()).toMatch(/No ultrasound region/);
});

test("Frame Time Vector gives each frame its time; a wrong number of intervals is refused with its tag", async () => {
  const withVector = (vector: string) =>
    dicomFile(EXPLICIT, shape("MONOCHROME2", 1, [text(0x00181065, "DS", vector)]), all(grays));
  const { images } = await openDicom(await stored(withVector("0\\30\\50")));
  expect(Array.from(images!.acquiredAtS)).toEqual([0, 0.03, 0.08]);
  await expect(openDicom(await stored(withVector("0\\30")))).rejects.toThrow(/0018,1065/);
});

test("the ultrasound region is cut out, and its physical deltas are the pixel size", async () => {
  const bytes = dicomFile(EXPLICIT, shape("MONOCHROME2", 1, [region()]), all(grays));
  const { images } = await openDicom(await stored(bytes));
  expect(images!.nominalGeometry).toEqual({ width: 7, height: 5, spacingMm: [0.2, 0.1], faceCentrePx: [3, 0] });
  const { pixels } = await images!.read(1);
  expect(pixels).toEqual(Uint8Array.from({ length: 35 }, (_, i) => grays[1]![(1 + Math.floor(i / 7)) * COLUMNS + 2 + (i % 7)]!)); // prettier-ignore
});

test("a region outside of the image is refused; one in other units gives no pixel size, and says so", async () => {
  const outside = dicomFile(EXPLICIT, shape("MONOCHROME2", 1, [region([ul(0x0018601c, 10)])]), all(grays));
  await expect(openDicom(await stored(outside))).rejects.toThrow(/0018,6011/);
  const seconds = dicomFile(EXPLICIT, shape("MONOCHROME2", 1, [region([us(0x00186024, 4)])]), all(grays));
  const recording = await openDicom(await stored(seconds));
  expect(recording.images!.nominalGeometry).toBeUndefined();
  expect(recording.warnings.join()).toMatch(/centimetres/);
});

test("RLE frames come back to the byte, gray and colour", async () => {
  expect(
    await pixelsOf(
      dicomFile(
        RLE,
        shape("MONOCHROME2", 1),
        grays.map((gray) => rleFrame([gray])),
      ),
    ),
  ).toEqual(grays);
  const colour = grays.map((gray) => rleFrame([gray, gray, gray]));
  expect(await pixelsOf(dicomFile(RLE, shape("RGB", 3), colour))).toEqual(grays);
});

test("JPEG frames come back within the loss of the coding, those in several fragments, too", async () => {
  const smooth = Array.from({ length: FRAMES }, (_, k) => Uint8Array.from({ length: PIXELS }, (_, i) => 40 * k + 3 * (i % COLUMNS) + 5 * Math.floor(i / COLUMNS))); // prettier-ignore
  const coded = smooth.map((gray) => encodeJpeg(gray, COLUMNS, ROWS));
  /** Coefficients, and the values that come of them, are rounded to whole numbers. */
  const LOSS = 2;
  const halves = coded.flatMap((frame) => [frame.slice(0, 100), frame.slice(100)]);
  for (const fragments of [coded, halves]) {
    const decoded = await pixelsOf(dicomFile(JPEG, shape("MONOCHROME2", 1), fragments));
    decoded.forEach((pixels, k) => pixels.forEach((value, i) => expect(Math.abs(value - smooth[k]![i]!)).toBeLessThanOrEqual(LOSS))); // prettier-ignore
  }
  // A frame that says another size is not decoded.
  const lying = dicomFile(JPEG, shape("MONOCHROME2", 1).map((e) => (e.tag === 0x00280010 ? us(0x00280010, 60) : e)), coded); // prettier-ignore
  const { images } = await openDicom(await stored(lying));
  await expect(images!.read(0)).rejects.toThrow(/10 x 6 of 8 bits in a clip of 10 x 60/);
});

test("colour becomes its brightness, and YBR's first component is it already", async () => {
  const rgb = new Uint8Array(FRAMES * PIXELS * 3).map((_, i) => [255, 0, 0][i % 3]!);
  expect((await pixelsOf(dicomFile(EXPLICIT, shape("RGB", 3), rgb)))[0]![0]).toBe(76);
  const ybr = new Uint8Array(FRAMES * PIXELS * 3).map((_, i) => (i % 3 === 0 ? 99 : 128));
  expect((await pixelsOf(dicomFile(EXPLICIT, shape("YBR_FULL", 3), ybr)))[2]!.every((x) => x === 99)).toBe(true);
  const halved = all(grays.map((gray) => Uint8Array.from({ length: PIXELS * 2 }, (_, i) => (i % 4 < 2 ? gray[(i >> 2) * 2 + (i % 4)]! : 128)))); // prettier-ignore
  expect(await pixelsOf(dicomFile(EXPLICIT, shape("YBR_FULL_422", 3), halved))).toEqual(grays);
});

test("what cannot be used is refused with its tag and what to do", async () => {
  const gray = shape("MONOCHROME2", 1);
  const but = (element: DicomElement) => gray.map((e) => (e.tag === element.tag ? element : e));
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [dicomFile("1.2.840.10008.1.2.4.90", gray, grays), /0002,0010.*dcmdjpeg/],
    [dicomFile(EXPLICIT, but(us(0x00280100, 16)), all(grays)), /0028,0100/],
    [dicomFile(EXPLICIT, but(us(0x00280010, 0)), all(grays)), /0028,0010/],
    [dicomFile(EXPLICIT, but(us(0x00280010, 65535)), all(grays)), /7fe0,0010/],
    [dicomFile(EXPLICIT, but(text(0x00280008, "IS", "99999999")), all(grays)), /0028,0008/],
    [dicomFile(EXPLICIT, but(text(0x00280004, "CS", "PALETTE COLOR")), all(grays)), /0028,0004/],
    [
      dicomFile(
        RLE,
        gray,
        grays.slice(1).map((g) => rleFrame([g])),
      ),
      /2 fragments/,
    ],
    [dicomFile(EXPLICIT, gray, all(grays)).slice(0, 400), /DICOM|7fe0,0010/],
  ];
  for (const [bytes, message] of cases) await expect(openDicom(await stored(bytes))).rejects.toThrow(message);
  const cut = await openDicom(await stored(dicomFile(RLE, gray, grays.map((g) => rleFrame([g]).slice(0, 70))))); // prettier-ignore
  await expect(cut.images!.read(0)).rejects.toThrow(/RLE: segment 0 holds/);
});

const DAMAGED = 600;

test("600 damaged files are read or refused, and none makes anything else happen", async () => {
  const seeds = [
    dicomFile(EXPLICIT, shape("MONOCHROME2", 1, [region()]), all(grays)),
    dicomFile(RLE, shape("MONOCHROME2", 1, [region()]), grays.map((gray) => rleFrame([gray]))),
  ]; // prettier-ignore
  const outcomes = { read: 0, refused: 0 };
  const path = join(folder, "damaged.dcm");
  for (let i = 0; i < DAMAGED; i++) {
    await writeFile(path, mutate(seeds[i % 2]!, rng, seeds));
    try {
      const { images } = await openDicom(path);
      await images!.read(0);
      outcomes.read++;
    } catch (error) {
      if (!(error instanceof FormatError || error instanceof UnsuitableInputError)) throw new Error(`case ${i}`, { cause: error }); // prettier-ignore
      outcomes.refused++;
    }
  }
  // Both ways are taken often, else the mutations would test nothing.
  expect(outcomes.read).toBeGreaterThan(DAMAGED / 100);
  expect(outcomes.refused).toBeGreaterThan(DAMAGED / 100);
});
