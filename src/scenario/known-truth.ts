import { crc32 } from "node:zlib";
import { UnsuitableInputError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { GroundTruth } from "../data/ground-truth.ts";
import type { Image } from "../data/image.ts";
import type { Recording } from "../data/recording.ts";
import type { PlannedScan, Simulation } from "./simulate.ts";

/**
 * The truth of a recording that was made elsewhere of a simulated scan (served and recorded, say): the scan is simulated
 * again, and each recorded image is found in it by its pixels, in order; images that were lost on the way are left out.
 * Throws UnsuitableInputError when an image is none of the scan's.
 */
export async function truthOfRecording(
  { acquisition, geometry, truth }: PlannedScan,
  recording: Recording,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<Simulation> {
  const simulated: number[] = [];
  const stream = await acquisition.imager.open(signal);
  try {
    for await (const { value } of stream) {
      simulated.push(checksum(value));
      log.progress("simulate the truth", simulated.length, acquisition.expectedImages);
    }
  } finally {
    await stream.close();
  }
  signal.throwIfAborted();
  const recorded: number[] = [];
  for (let i = 0; i < (recording.images?.count ?? 0); i++) recorded.push(checksum(await recording.images!.read(i)));
  return { geometry, truth: forImages(truth(), matchImages(recorded, simulated, recording.name)) };
}

/** For each recorded image the place of its twin in the simulated scan. Both go on in time. */
export function matchImages(recorded: readonly number[], simulated: readonly number[], name: string): number[] {
  let next = 0;
  return recorded.map((sum, image) => {
    const found = simulated.indexOf(sum, next);
    if (found < 0) {
      throw new UnsuitableInputError(
        `image ${image} of ${name} is none of the scenario's`,
        "Give the scenario and the seed that were served, by this version of the program",
      );
    }
    next = found + 1;
    return found;
  });
}

function forImages(truth: GroundTruth, indices: readonly number[]): GroundTruth {
  const referenceFromPixel = new Float64Array(indices.length * 12);
  indices.forEach((from, i) =>
    referenceFromPixel.set(truth.referenceFromPixel.subarray(from * 12, from * 12 + 12), i * 12),
  );
  return { ...truth, referenceFromPixel, trueRidge: (index) => truth.trueRidge(indices[index] ?? -1) };
}

const checksum = ({ pixels }: Image): number =>
  crc32(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength));
