import { type InferenceSession, Tensor } from "onnxruntime-node";
import { UnsuitableInputError } from "../../../core/errors.ts";
import type { BoneMask } from "../../../data/bone-mask.ts";
import type { GrayImage } from "../../../data/image.ts";
import { alongFit } from "../along-fit.ts";
import { drawBand } from "../draw-band.ts";
import { emptyMask } from "../empty-mask.ts";
import { keepRuns } from "../keep-runs.ts";
import { type Aperture, findAperture } from "../working-image.ts";
import { type ColumnRidges, ridgesOfDistribution, ridgesOfMask } from "./column-ridges.ts";
import { type Lattice, latticeOf } from "./lattice.ts";
import type { SegmentationModel } from "./model.ts";
import { inputShape } from "./session.ts";

export interface NeuralOptions {
  /** A column whose confidence is below this has no bone. */
  readonly minConfidence: number;
  /** A stretch of bone narrower than this is dropped, mm. */
  readonly minRunMm: number;
  /** Standard deviation, across the surface, of the band that `probability` draws around the ridge, mm. */
  readonly drawnSigmaMm: number;
}

export const neuralDefaults: NeuralOptions = { minConfidence: 0.5, minRunMm: 2, drawnSigmaMm: 0.3 };

/** Finds the bone surface in one frame. `pixelMm`: distance of neighbouring columns and of neighbouring rows. */
export async function segmentFrame(
  session: InferenceSession,
  model: SegmentationModel,
  image: GrayImage,
  pixelMm: readonly [number, number],
  options: NeuralOptions,
): Promise<BoneMask> {
  const aperture = findAperture(image);
  if (aperture.last < aperture.first) return emptyMask(image, "empty");
  const lattice = latticeOf(image, aperture, pixelMm, model.input);
  const columns = await ask(session, model, lattice);
  return onImage(image, aperture, lattice, columns, pixelMm, options);
}

async function ask(session: InferenceSession, model: SegmentationModel, lattice: Lattice): Promise<ColumnRidges> {
  const { rows, columns, gray } = lattice;
  const { channels, mean, sd, layout, output } = model;
  const values = new Float32Array(channels * gray.length);
  for (let at = 0; at < gray.length; at++) {
    const value = (gray[at]! / 255 - mean) / sd;
    for (let c = 0; c < channels; c++) values[layout === "nchw" ? c * gray.length + at : at * channels + c] = value;
  }
  const answer = await session.run({
    [model.inputName]: new Tensor("float32", values, inputShape(model, [rows, columns])),
  });
  if (output.kind === "distribution") {
    return ridgesOfDistribution(numbers(answer[output.surface], rows * columns, model), rows, columns);
  }
  const mask = maskOf(answer[output.name], model, output, rows, columns);
  return ridgesOfMask(mask, rows, columns, output);
}

function numbers(tensor: unknown, least: number, { name }: SegmentationModel): Float32Array {
  const data = tensor instanceof Tensor ? tensor.data : undefined;
  if (!(data instanceof Float32Array) || data.length < least) {
    throw new UnsuitableInputError(
      `the model ${name} answers with ${data ? data.length : "no"} numbers where ${least} were expected`,
      "Mend `output` in the card, or export the network with float32 outputs of the input's size",
    );
  }
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i]!)) {
      throw new UnsuitableInputError(`the model ${name} answers with values that are no numbers`, "Check its weights");
    }
  }
  return data;
}

/** One channel of the answer as chances, rows of columns. */
function maskOf(
  tensor: unknown,
  model: SegmentationModel,
  { channel, activation }: Extract<SegmentationModel["output"], { kind: "mask" }>,
  rows: number,
  columns: number,
): Float32Array {
  const size = rows * columns;
  const data = numbers(tensor, size, model);
  const channels = Math.floor(data.length / size);
  if (channels * size !== data.length || channel >= channels) {
    throw new UnsuitableInputError(
      `the model ${model.name} answers with ${data.length} numbers: not ${rows} × ${columns} of channel ${channel}`,
      "Mend `output.channel` or the input's size in the card",
    );
  }
  const at = (pixel: number, c: number): number =>
    data[model.layout === "nchw" ? c * size + pixel : pixel * channels + c]!;
  return Float32Array.from({ length: size }, (_, pixel) => {
    const value = at(pixel, channel);
    if (activation === "none") return value;
    if (activation === "sigmoid") return 1 / (1 + Math.exp(-value));
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += Math.exp(at(pixel, c) - value);
    return 1 / sum;
  });
}

/** From the lattice's columns to the image's own. */
function onImage(
  image: GrayImage,
  aperture: Aperture,
  lattice: Lattice,
  { row, sd, confidence }: ColumnRidges,
  pixelMm: readonly [number, number],
  options: NeuralOptions,
): BoneMask {
  const cellMm = lattice.columnStepPx * pixelMm[0];
  const used = confidence.subarray(0, lattice.usedColumns);
  const kept = keepRuns(used, options.minConfidence, Math.round(options.minRunMm / cellMm));
  const { width, height } = image;
  const raw = new Float32Array(width).fill(NaN),
    ridgeSdPx = new Float32Array(width).fill(NaN),
    ridgeConfidence = new Float32Array(width);
  for (let u = 0; u < width; u++) {
    if (aperture.top[u]! < 0) continue;
    const cell = (u - lattice.firstColumnPx) / lattice.columnStepPx;
    const i = Math.max(0, Math.min(lattice.usedColumns - 1, Math.floor(cell))),
      next = Math.min(lattice.usedColumns - 1, i + 1),
      share = Math.max(0, Math.min(1, cell - i)),
      nearest = share < 0.5 ? i : next;
    if (!kept[nearest]) continue;
    // Two columns that see different surfaces are not joined.
    const joined = kept[i] && kept[next] && Math.abs(row[i]! - row[next]!) * lattice.rowStepPx * pixelMm[1] < 1;
    const a = joined ? i : nearest, b = joined ? next : nearest; // prettier-ignore
    raw[u] = lattice.firstRowPx + lattice.rowStepPx * (row[a]! * (1 - share) + row[b]! * share);
    ridgeSdPx[u] = lattice.rowStepPx * (sd[a]! * (1 - share) + sd[b]! * share);
    ridgeConfidence[u] = confidence[a]! * (1 - share) + confidence[b]! * share;
  }
  const ridgeRowPx = alongFit(raw, ridgeConfidence, pixelMm[0]);
  return {
    width,
    height,
    probability: drawBand(image, ridgeRowPx, ridgeConfidence, pixelMm, options.drawnSigmaMm),
    ridgeRowPx,
    ridgeConfidence,
    ridgeSdPx,
  };
}
