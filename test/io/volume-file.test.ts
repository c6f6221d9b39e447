import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { FormatError, UnsuitableInputError } from "../../src/core/errors.ts";
import type { Grid } from "../../src/geometry/grid.ts";
import { readVolume, writeVolume } from "../../src/io/volume-file.ts";
import { dataFolder } from "../support/data.ts";
import { forCasesAsync, mha, nrrd, pick, temporaryFile, temporaryFolder } from "./sequence/support.ts";

/** 1 … 24 on a grid of 4 x 3 x 2. */
const small: { readonly grid: Grid; readonly values: Uint8Array } = {
  grid: { shape: [4, 3, 2], spacingMm: [0.5, 1, 2], originMm: [-10, 20, 0.1] },
  values: Uint8Array.from({ length: 24 }, (_, i) => i + 1),
};

for (const ending of [".nrrd", ".mha"]) {
  for (const axes of ["LPS", "RAS"] as const) {
    test(`a volume in ${axes} axes written as ${ending} reads back bit by bit`, async () => {
      const folder = await temporaryFolder();
      await forCasesAsync(60, `volume/${ending}/${axes}`, async (rng) => {
        const shape = [1 + rng.integer(6), 1 + rng.integer(6), 1 + rng.integer(6)] as const;
        const count = shape[0] * shape[1] * shape[2];
        const bits = Uint32Array.from({ length: count }, () => rng.integer(2 ** 32));
        const values = pick(rng, [Uint8Array.from(bits), Int16Array.from(bits), new Float32Array(bits.buffer)]);
        const grid: Grid = {
          shape,
          spacingMm: [0.1 + rng.uniform(), 0.1 + rng.uniform(), 0.1 + rng.uniform()],
          originMm: [rng.normal() * 100, rng.normal() * 100, rng.normal() * 100],
        };
        const path = join(folder, `v${ending}`);
        await writeVolume(path, { grid, values }, { axes, compress: rng.uniform() < 0.5, fields: { Note: "a b" } });
        const back = await readVolume(path, { axes });
        expect(back.grid).toEqual(grid);
        expect(back.values.constructor).toBe(values.constructor);
        expect(new Uint8Array(back.values.buffer)).toEqual(new Uint8Array(values.buffer));
        expect(back.fields["Note"]).toBe("a b");
        expect(back.warnings).toEqual([]);
      });
    });
  }
}

test("a RAS volume is written as LPS: origin and directions change sign in x and y, the voxels stay", async () => {
  const path = join(await temporaryFolder(), "v.nrrd");
  await writeVolume(path, small, { axes: "RAS" });
  const bytes = await readFile(path),
    end = bytes.indexOf("\n\n");
  const header = bytes.subarray(0, end).toString("latin1");
  expect(header).toContain("space: left-posterior-superior\n");
  expect(header).toContain("space directions: (-0.5,0,0) (0,-1,0) (0,0,2)\n");
  expect(header).toContain("space origin: (10,-20,0.1)");
  expect(Uint8Array.from(gunzipSync(bytes.subarray(end + 2)))).toEqual(small.values);
});

test("a packed .mha names its packed size, without which ITK reads zeros", async () => {
  const path = join(await temporaryFolder(), "v.mha");
  await writeVolume(path, small);
  const bytes = await readFile(path);
  const size = /\nCompressedDataSize = (\d+) *\n/.exec(bytes.toString("latin1"))?.[1];
  const begin = bytes.indexOf("ElementDataFile = LOCAL\n") + "ElementDataFile = LOCAL\n".length;
  expect(Number(size)).toBe(bytes.length - begin);
  expect(Uint8Array.from(inflateSync(bytes.subarray(begin)))).toEqual(small.values);
});

test("the same voxel lies at the same place however the file's axes run", async () => {
  // The voxel with value 24, the last of the grid, at (−8.5, 22, 2.1) mm.
  const reversed = Uint8Array.from(small.values).reverse();
  const lines = ["type: uint8", "dimension: 3", "sizes: 4 3 2", "kinds: domain domain domain", "encoding: raw"];
  for (const [space, directions, origin, payload] of [
    ["left-posterior-superior", "(0.5,0,0) (0,1,0) (0,0,2)", "(-10,20,0.1)", small.values],
    ["left-posterior-superior", "(-0.5,0,0) (0,-1,0) (0,0,-2)", "(-8.5,22,2.1)", reversed],
    ["RAS", "(-0.5,0,0) (0,-1,0) (0,0,2)", "(10,-20,0.1)", small.values],
  ] as const) {
    const content = nrrd(
      [`space: ${space}`, `space directions: ${directions}`, `space origin: ${origin}`, ...lines],
      payload,
    );
    const { grid, values } = await readVolume(await temporaryFile("v.nrrd", content));
    expect(grid.shape).toEqual([4, 3, 2]);
    expect(grid.spacingMm).toEqual([0.5, 1, 2]);
    grid.originMm.forEach((o, i) => expect(o).toBeCloseTo(small.grid.originMm[i]!, 12));
    expect(values).toEqual(small.values);
  }
});

test("axes that are stored in another order are put in order", async () => {
  // Stored fastest along z: value = 1 + x + 4 y + 12 z at stored index (z, x, y).
  const stored = Array.from({ length: 24 }, (_, i) => {
    const z = i % 2,
      x = Math.floor(i / 2) % 4,
      y = Math.floor(i / 8);
    return 1 + x + 4 * y + 12 * z;
  });
  const lines = [
    "type: uint8", "dimension: 3", "sizes: 2 4 3", "encoding: raw", "space: left-posterior-superior",
    "space directions: (0,0,2) (0.5,0,0) (0,1,0)", "space origin: (-10,20,0.1)", "kinds: domain domain domain",
  ]; // prettier-ignore
  const { grid, values } = await readVolume(await temporaryFile("v.nrrd", nrrd(lines, Uint8Array.from(stored))));
  expect(grid).toEqual(small.grid);
  expect(values).toEqual(small.values);
});

test("oblique volumes, colours, sequences and empty volumes are refused with the remedy", async () => {
  const read = async (content: Uint8Array): Promise<unknown> => {
    try {
      return await readVolume(await temporaryFile("v", content));
    } catch (error) {
      return error;
    }
  };
  const fields = { DimSize: "2 2 2", Kinds: "domain domain domain" },
    payload = new Uint8Array(24);
  const oblique = await read(mha({ fields: { ...fields, TransformMatrix: "0.8 0.6 0 -0.6 0.8 0 0 0 1" }, payload }));
  expect(oblique).toBeInstanceOf(UnsuitableInputError);
  expect(String(oblique)).toMatch(/oblique.*Resample/);
  expect(String(await read(mha({ fields: { ...fields, ElementNumberOfChannels: "3" }, payload })))).toMatch(/colours/);
  expect(String(await read(mha({ payload })))).toMatch(/sequence of 2D images/);
  expect(String(await read(mha({ fields: { ...fields, DimSize: "2 0 2" }, payload })))).toMatch(/no voxels/);
  expect(await read(mha({ fields: { ...fields, DimSize: "2 2 9" }, payload }))).toBeInstanceOf(FormatError);
});

test("stored types that have no equal in memory are widened with a warning", async () => {
  const view = new DataView(new ArrayBuffer(16));
  for (let i = 0; i < 8; i++) view.setUint16(2 * i, 60000 + i, true);
  const fields = { DimSize: "2 2 2", Kinds: "domain domain domain", ElementType: "MET_USHORT" };
  const content = mha({ fields, payload: new Uint8Array(view.buffer) });
  const { values, warnings } = await readVolume(await temporaryFile("v.mha", content));
  expect([...values]).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((i) => 60000 + i));
  expect(values).toBeInstanceOf(Float32Array);
  expect(warnings.join()).toMatch(/u16; they were read as f32/);
});

test("a volume larger than the budget is refused before it is read", async () => {
  const content = mha({
    fields: { DimSize: "100 100 100", Kinds: "domain domain domain" },
    payload: new Uint8Array(1e6),
  });
  const path = await temporaryFile("v.mha", content);
  await expect(readVolume(path, { memoryBytes: 1e5 })).rejects.toThrow(UnsuitableInputError);
  expect((await readVolume(path, { memoryBytes: 2e6 })).values.length).toBe(1e6);
});

test("a detached volume is read through its header", async () => {
  const folder = await temporaryFolder();
  const header = mha({
    fields: { DimSize: "4 3 2", Kinds: "domain domain domain", ElementSpacing: "0.5 1 2", Offset: "-10 20 0.1", ElementDataFile: "v.raw" },
    end: "",
  }); // prettier-ignore
  await writeFile(join(folder, "v.mhd"), header);
  await writeFile(join(folder, "v.raw"), small.values);
  const { grid, values } = await readVolume(join(folder, "v.mhd"));
  expect(grid).toEqual(small.grid);
  expect(values).toEqual(small.values);
});

test.skipIf(!dataFolder)(
  "the reference volumes of PLUS read with the grid of their headers (needs the recordings)",
  async () => {
    const plus = join(dataFolder ?? "", "plus");
    const nearest = await readVolume(join(plus, "vtkVolumeReconstructorTestNNMEANvolumeRef.mha"));
    expect(nearest.grid).toEqual({
      shape: [147, 106, 105],
      spacingMm: [0.5, 0.5, 0.5],
      originMm: [-74.5217, 165.573, 29.072],
    });
    expect(nearest.values.length).toBe(1_636_110);
    expect(nearest.warnings).toEqual([]);
    const linear = await readVolume(join(plus, "vtkVolumeReconstructorTestLNMEANvolumeRef.mha"));
    expect(linear.grid.shape).toEqual([80, 93, 98]);
    expect(linear.values.some((value) => value > 0)).toBe(true);
  },
);
