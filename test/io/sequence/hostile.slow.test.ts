import { execFileSync } from "node:child_process";
import { mkdir, readdir, symlink, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { FormatError, UnsuitableInputError } from "../../../src/core/errors.ts";
import { openSequence, type OpenSequenceOptions } from "../../../src/io/sequence/open-sequence.ts";
import { parseNumber } from "../../../src/io/sequence/raster-header.ts";
import { watchAllocations } from "../../support/allocations.ts";
import { FIXED_BYTES } from "./mutation-run.ts";
import { mha, nrrd, temporaryFile, temporaryFolder } from "./support.ts";

const MEGABYTE = 1024 * 1024;

/** The error of opening, and of reading all frames, of a file with this content. */
async function failureOf(
  content: Uint8Array | string,
  { name = "x.mha", ...options }: OpenSequenceOptions & { readonly name?: string } = {},
): Promise<unknown> {
  return failureAt(await temporaryFile(name, content), options);
}

async function failureAt(path: string, options: OpenSequenceOptions = {}): Promise<unknown> {
  try {
    const recording = await openSequence(path, options);
    try {
      for (let i = 0; i < (recording.images?.count ?? 0); i++) await recording.images?.read(i);
    } finally {
      await recording.close();
    }
  } catch (error) {
    return error;
  }
  return undefined;
}

function expectFormatError(error: unknown, place: object, pattern: RegExp): void {
  expect(error).toBeInstanceOf(FormatError);
  if (!(error instanceof FormatError)) return;
  expect(error.place).toEqual(place);
  expect(error.message).toMatch(pattern);
  expect(error.remedy).not.toBe("");
}

test("a file that is cut short is refused with the byte where it ends and what to do", async () => {
  const content = mha({ fields: { DimSize: "4 4 3" }, payload: new Uint8Array(40) });
  expectFormatError(await failureOf(content), { byteOffset: content.length }, /promises 48 bytes of samples, but 40/);
});

test("a compressed file that is cut short is refused when it says its size, and on reading when it does not", async () => {
  const pixels = Uint8Array.from({ length: 4096 }, (_, i) => (i * 7919) % 251),
    packed = deflateSync(pixels).subarray(0, 100);
  const fields = { DimSize: "64 64 1", CompressedData: "True" };
  const said = mha({ fields: { ...fields, CompressedDataSize: "500" }, payload: packed });
  expectFormatError(await failureOf(said), { byteOffset: said.length }, /CompressedDataSize promises 500 bytes/);
  const silent = mha({ fields, payload: packed });
  expectFormatError(await failureOf(silent), { byteOffset: silent.length }, /cannot be inflated|instead of 4096/);
});

test("frames before the damage in a compressed stream can still be read", async () => {
  const pixels = Uint8Array.from({ length: 512 * 512 * 4 }, (_, i) => (i * i * 7919) % 251);
  const packed = deflateSync(pixels);
  const content = mha({ fields: { DimSize: "512 512 4", CompressedData: "True" }, payload: packed.subarray(0, -9) });
  const recording = await openSequence(await temporaryFile("x.mha", content));
  expect((await recording.images!.read(0)).pixels).toEqual(pixels.slice(0, 512 * 512));
  await expect(recording.images!.read(3)).rejects.toThrow(FormatError);
  expect((await recording.images!.read(0)).pixels[1]).toBe(pixels[1]);
  await recording.close();
});

test("data that inflates to more than the sizes promise is stopped there", async () => {
  const bomb = deflateSync(new Uint8Array(64 * MEGABYTE));
  const fields = { DimSize: "64 64 16", CompressedData: "True" };
  const { largestBytes } = await watchAllocations(async () => {
    const error = await failureOf(mha({ fields, payload: bomb }));
    expect(error).toBeInstanceOf(FormatError);
    expect(String(error)).toMatch(/inflates to more than the 65536 bytes that DimSize promises/);
  });
  expect(largestBytes).toBeLessThan(FIXED_BYTES);
  const lines = ["type: uint8", "dimension: 3", "sizes: 64 64 16", "kinds: domain domain list", "encoding: gzip"];
  const error = await failureOf(nrrd(lines, gzipSync(new Uint8Array(64 * MEGABYTE))));
  expect(String(error)).toMatch(/inflates to more than the 65536 bytes that sizes promises/);
});

test("sizes that no deflate stream of that length can hold are refused before anything is allocated", async () => {
  const fields = { DimSize: "10000 10000 1000", CompressedData: "True" };
  const { largestBytes } = await watchAllocations(async () => {
    const error = await failureOf(mha({ fields, payload: deflateSync(new Uint8Array(1000)) }));
    expectFormatError(error, { field: "DimSize" }, /hold at most 1032 times that/);
  });
  expect(largestBytes).toBeLessThan(FIXED_BYTES);
});

test("sizes whose product overflows, negative, broken or too many sizes are refused by name", async () => {
  const huge = await failureOf(mha({ fields: { DimSize: "4294967296 4294967296 4294967296" } }));
  expectFormatError(huge, { field: "DimSize" }, /beyond any file/);
  for (const DimSize of ["-1 2 3", "2.5 2 2", "1e999 1 1", "99999999999999999999 1 1", "2 two 2"]) {
    expectFormatError(await failureOf(mha({ fields: { DimSize } })), { field: "DimSize" }, /whole numbers/);
  }
  expectFormatError(await failureOf(mha({ fields: { DimSize: "1 1 1 1 1 1" } })), { field: "DimSize" }, /6 numbers/);
});

test("a frame that does not fit the budget is refused before it is allocated, with the number and the remedy", async () => {
  const path = await temporaryFile("big.mha", mha({ fields: { DimSize: "8192 8192 2" } }));
  await truncate(path, 2 * 8192 * 8192 + 4096); // a sparse file: all there, no disk used
  const { largestBytes } = await watchAllocations(async () => {
    const error = await failureAt(path, { memoryBytes: 32 * MEGABYTE });
    expect(error).toBeInstanceOf(UnsuitableInputError);
    expect(String(error)).toMatch(/one frame would take 64.0 MiB .* limit of 32.0 MiB.*memoryBytes/);
  });
  expect(largestBytes).toBeLessThan(FIXED_BYTES);
});

test("a recording far larger than the budget is read frame by frame", async () => {
  const count = 20_000; // 20 GB of 1 MB frames, as a sparse file
  const path = await temporaryFile("long.mha", mha({ fields: { DimSize: `1024 1024 ${count}` } }));
  await truncate(path, count * MEGABYTE + 1000);
  const { largestBytes } = await watchAllocations(async () => {
    const recording = await openSequence(path, { memoryBytes: 16 * MEGABYTE });
    for (const index of [0, count - 1, 7]) expect((await recording.images!.read(index)).pixels[0]).toBe(0);
    await recording.close();
  });
  expect(largestBytes).toBeLessThanOrEqual(MEGABYTE + FIXED_BYTES);
});

test("a compressed recording larger than a quarter of the budget goes through a file that is gone afterwards", async () => {
  const pixels = Uint8Array.from({ length: 40 * 256 * 256 }, (_, i) => (i >> 16) + 1);
  const fields = { DimSize: "256 256 40", CompressedData: "True" };
  const path = await temporaryFile("spill.mha", mha({ fields, payload: deflateSync(pixels) }));
  const spillFolder = await temporaryFolder(),
    before = process.env["TMPDIR"];
  process.env["TMPDIR"] = spillFolder;
  try {
    const { largestBytes } = await watchAllocations(async () => {
      const recording = await openSequence(path, { memoryBytes: MEGABYTE });
      for (const index of [39, 0, 20]) {
        const image = await recording.images!.read(index);
        expect(image.pixels.every((value) => value === index + 1)).toBe(true);
      }
      // Nameless from the start where the system allows it: a killed process leaves nothing either.
      if (process.platform === "linux") expect(await readdir(spillFolder)).toEqual([]);
      await recording.close();
      await recording.close();
    });
    expect(largestBytes).toBeLessThanOrEqual(FIXED_BYTES);
    expect(await readdir(spillFolder)).toEqual([]);
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
});

test("frame numbers far beyond the frames cost nothing", async () => {
  const content = mha({ frames: [{ Timestamp: "1" }], payload: new Uint8Array(4) });
  const text = Buffer.from(content).toString("latin1").replace("Seq_Frame0000", "Seq_Frame4294967295");
  const recording = await openSequence(await temporaryFile("x.mha", text));
  expect(recording.images?.count).toBe(1);
  expect(recording.warnings.join()).toMatch(/field sets up to frame 4294967295, but only 1 frames/);
  await recording.close();
  const poses = text.replace("DimSize = 2 2 1", "DimSize = 0 0 9000000000");
  expect(await failureOf(poses)).toBeInstanceOf(UnsuitableInputError);
});

test("a header that does not end, a line that does not end and too many names are refused", async () => {
  const long = mha({ frames: Array.from({ length: 500 }, () => ({ Timestamp: "1" })), payload: new Uint8Array(4) });
  expect(String(await failureOf(long, { headerBytes: 5000 }))).toMatch(/the header is longer than 5000 bytes/);
  expect(String(await failureOf(long, { headerLines: 100 }))).toMatch(/more than 100 lines/);
  const endless = `ObjectType = ${"x".repeat(2 * MEGABYTE)}`;
  expect(String(await failureOf(endless, { memoryBytes: 4 * MEGABYTE }))).toMatch(/a header line does not end/);
  const names = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`Field${i}`, "1"]));
  expect(String(await failureOf(mha({ frames: [names] })))).toMatch(/differently named frame fields/);
  expect(String(await failureOf("ObjectType = Image\nNDims = 3\n"))).toMatch(/no ElementDataFile.*cut short/);
});

test("numbers with ten million digits are parsed in linear time", () => {
  const digits = "1".repeat(10_000_000);
  expect(parseNumber(`${digits}x`)).toBeNaN();
  expect(parseNumber(`0.${digits}e`)).toBeNaN();
});

test("a data file outside the folder of its header is never opened", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "in"));
  await writeFile(join(folder, "secret.raw"), new Uint8Array(4));
  await symlink(join(folder, "secret.raw"), join(folder, "in", "link.raw"));
  const names = [
    "../secret.raw",
    join(folder, "secret.raw"),
    "..\\secret.raw",
    "C:secret.raw",
    "link.raw",
    ".",
    "..",
    "a\0b",
  ];
  for (const ElementDataFile of names) {
    const path = join(folder, "in", "x.mhd");
    await writeFile(path, mha({ fields: { ElementDataFile }, end: "" }));
    const error = await failureAt(path);
    expect(error, ElementDataFile).toBeInstanceOf(FormatError);
    expect(String(error)).toMatch(/ElementDataFile|"Key = Value"/);
  }
  const detached = "NRRD0005\ntype: uint8\ndimension: 3\nsizes: 2 2 1\nencoding: raw\ndata file: ../secret.raw\n";
  await writeFile(join(folder, "in", "x.nhdr"), detached);
  expect(String(await failureAt(join(folder, "in", "x.nhdr")))).toMatch(/does not name a file in the folder/);
});

test("missing files, folders and named pipes are refused at once", async () => {
  const folder = await temporaryFolder();
  expect(String(await failureAt(join(folder, "none.mha")))).toMatch(/there is no such file/);
  expect(String(await failureAt(folder))).toMatch(/not a regular file|cannot be opened/);
  const header = join(folder, "x.mhd");
  await writeFile(header, mha({ fields: { ElementDataFile: "gone.raw" } }));
  expectFormatError(await failureAt(header), { field: "ElementDataFile" }, /the data file "gone.raw" is missing/);
  if (process.platform === "win32") return;
  execFileSync("mkfifo", [join(dirname(header), "pipe.mha")]);
  expect(String(await failureAt(join(folder, "pipe.mha")))).toMatch(/not a regular file/);
});

test("what is no sequence is refused with what it is", async () => {
  expect(String(await failureOf(""))).toMatch(/the file is empty/);
  expect(String(await failureOf("\x89PNG\r\n\x1a\n"))).toMatch(/neither MetaImage nor NRRD/);
  expect(String(await failureOf("NRRD0009\n\n"))).toMatch(/NRRD0001 to NRRD0005/);
  const volume = mha({ fields: { DimSize: "2 2 2", Kinds: "domain domain domain" }, payload: new Uint8Array(8) });
  expect(String(await failureOf(volume))).toMatch(/one volume, not a sequence.*readVolume/);
  const iq = mha({ fields: { UltrasoundImageType: "RF_IQ_LINE" }, payload: new Uint8Array(4) });
  expect(String(await failureOf(iq))).toMatch(/RF_IQ_LINE is no image yet/);
});

test("names like __proto__ are fields like others", async () => {
  const content = mha({ fields: { __proto__x: "1" }, frames: [{ __proto__y: "2" }], payload: new Uint8Array(4) });
  const text = Buffer.from(content)
    .toString("latin1")
    .replace("__proto__x", "__proto__")
    .replace("__proto__y", "__proto__");
  const recording = await openSequence(await temporaryFile("x.mha", text));
  expect(Object.getOwnPropertyDescriptor(recording.fields, "__proto__")?.value).toBe("1");
  expect(recording.frameFields.get("__proto__")).toEqual(["2"]);
  expect(Object.getPrototypeOf(recording.fields)).toBe(Object.prototype);
  await recording.close();
});

test("the account of allocations sees what is allocated", async () => {
  const { largestBytes } = await watchAllocations(async () => {
    expect(new Float64Array(1000).length).toBe(1000);
  });
  expect(largestBytes).toBe(8000);
});
