import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import type { SegmentationModel } from "../../../../src/pipeline/segmentation/neural/model.ts";
import { neuralDefaults, segmentFrame } from "../../../../src/pipeline/segmentation/neural/segment-frame.ts";
import { openSession } from "../../../../src/pipeline/segmentation/neural/session.ts";
import { loadSegmentationModel } from "../../../../src/scenario/segmentation-model.ts";

const NETWORKS = resolve(import.meta.dirname, "../../../fixtures/onnx");
const weights = async (file: string) => new Uint8Array(await readFile(join(NETWORKS, file)));
const common = { layout: "nchw", channels: 1, mean: 0, sd: 1 } as const;
const WIDTH = 200, HEIGHT = 160; // prettier-ignore
const PIXEL_MM = [0.2, 0.25] as const;

/** A dim picture with one bright line, 3 rows thick, at `line(u)`. */
function picture(line: (u: number) => number) {
  const pixels = new Uint8Array(WIDTH * HEIGHT).fill(12);
  for (let u = 0; u < WIDTH; u++) {
    for (let v = 0; v < HEIGHT; v++) {
      const off = v - line(u);
      pixels[v * WIDTH + u] = Math.max(12, Math.round(240 * Math.exp(-0.5 * (off / 1.2) ** 2)));
    }
  }
  return { width: WIDTH, height: HEIGHT, pixels };
}

const lattice: SegmentationModel = {
  ...common,
  name: "lattice",
  weights: await weights("lattice.onnx"),
  inputName: "gray",
  input: { kind: "lattice", cellMm: 0.2, multipleOf: 16 },
  output: { kind: "distribution", surface: "surface", none: "none" },
};
const copy: SegmentationModel = {
  ...common,
  name: "copy",
  weights: await weights("copy-32.onnx"),
  inputName: "picture",
  input: { kind: "squeezed", rows: 32, columns: 32 },
  output: { kind: "mask", name: "bone", channel: 1, activation: "none", surfaceAt: "middle", threshold: 0.2 },
};

test("a ridge on the lattice comes back at its own row of the image, to a tenth of a millimetre", async () => {
  const session = await openSession(lattice);
  const line = (u: number): number => 60 + 0.2 * (u - 100);
  const { ridgeRowPx, ridgeConfidence, ridgeSdPx } = await segmentFrame(
    session,
    lattice,
    picture(line),
    PIXEL_MM,
    neuralDefaults,
  );
  for (let u = 4; u < WIDTH - 4; u++) {
    expect(Math.abs(ridgeRowPx[u]! - line(u)) * PIXEL_MM[1], `column ${u}`).toBeLessThan(0.1);
    expect(ridgeConfidence[u]!).toBeGreaterThan(0.5);
    expect(ridgeSdPx[u]!).toBeGreaterThan(0);
  }
  await session.release();
});

test("a network of fixed size sees the whole picture, and its mask is read in the image's own pixels", async () => {
  const session = await openSession(copy);
  // Squeezed to cells of 5 rows the line is a third as bright.
  const faint = { ...neuralDefaults, minConfidence: 0.2 };
  const { ridgeRowPx } = await segmentFrame(
    session,
    copy,
    picture(() => 80),
    PIXEL_MM,
    faint,
  );
  // One cell of the network is 5 rows: its centre of mass lies within a cell.
  expect(Math.abs(ridgeRowPx[100]! - 80)).toBeLessThan(2.5);
  await session.release();
});

test("a black picture is flagged as empty, and no network is asked", async () => {
  const session = await openSession(lattice);
  const black = { width: WIDTH, height: HEIGHT, pixels: new Uint8Array(WIDTH * HEIGHT) };
  const mask = await segmentFrame(session, lattice, black, PIXEL_MM, neuralDefaults);
  expect(mask.ridgeRowPx.every(Number.isNaN)).toBe(true);
  expect(mask.flag).toBe("empty");
  await session.release();
});

test("values that are no numbers stop the stage and name the model", async () => {
  const broken: SegmentationModel = { ...copy, name: "broken", weights: await weights("nan-32.onnx") };
  const session = await openSession({ ...broken, output: { ...copy.output, channel: 0 } as never });
  const asked = segmentFrame(session, { ...broken, output: { ...copy.output, channel: 0 } as never }, picture(() => 80), PIXEL_MM, neuralDefaults); // prettier-ignore
  await expect(asked).rejects.toThrow(/model broken answers with values that are no numbers/);
  await session.release();
});

test("what the card says of the network is checked when it is opened", async () => {
  await expect(openSession({ ...copy, inputName: "image" })).rejects.toThrow(/inputs "picture".*"image"/);
  await expect(openSession({ ...copy, channels: 3 })).rejects.toThrow(/is 1 × 1 × 32 × 32, and the card's is 1 × 3/);
  await expect(openSession({ ...copy, input: { kind: "squeezed", rows: 64, columns: 64 } })).rejects.toThrow(/64 × 64/);
  await expect(openSession({ ...copy, input: lattice.input })).rejects.toThrow(/any × any/);
  await expect(openSession({ ...lattice, output: { ...lattice.output, none: "empty" } as never })).rejects.toThrow(
    /no output "empty"; its outputs are "surface", "none"/,
  );
  await expect(openSession({ ...copy, weights: new Uint8Array(100) })).rejects.toThrow(/is no ONNX network/);
});

test("a card is refused with file and field, and a changed file by its hash", async () => {
  const folder = await mkdtemp(join(tmpdir(), "card-"));
  await writeFile(join(folder, "copy.onnx"), copy.weights);
  const card = async (text: string) => {
    const path = join(folder, "card.yaml");
    await writeFile(path, `kind: segmentation-model\nname: c\nweights: copy.onnx\n${text}`);
    return loadSegmentationModel(path);
  };
  const size = "input: { name: picture, size: { kind: squeezed, rows: 32, columns: 32 } }\n";
  const output = "output: { kind: mask, name: bone, channel: 1 }\n";
  expect((await card(size + output)).model.weights.length).toBe(copy.weights.length);
  await expect(card(size)).rejects.toThrow(/card\.yaml: output: /);
  await expect(card(`${size}output: { kind: mask }\n`)).rejects.toThrow(/card\.yaml: output\.name: /);
  await expect(card(`${size}${output}sha256: ${"ab".repeat(32)}\n`)).rejects.toThrow(
    /card\.yaml: sha256: the weights have/,
  );
});
