import { z } from "zod";
import type { Calibration } from "../data/calibration.ts";
import type { ContentCache } from "../io/content-cache.ts";
import { digest } from "./cached-pictures.ts";

export interface ObtainedCalibration {
  readonly calibration: Calibration;
  /** Standard deviation of the lag's error as the calibration itself states it, s. */
  readonly lagSdS: number;
  /** Images on the probe that are as likely as the one found, by its own statement; absent: it makes none. */
  readonly likely?: readonly Readonly<Float64Array>[];
}

/** Gives what was found for these inputs before, or holds the sessions. */
export type KeepCalibration = (
  inputs: readonly unknown[],
  hold: () => Promise<ObtainedCalibration>,
) => Promise<ObtainedCalibration>;

const matrix = z
  .array(z.number())
  .length(12)
  .transform((numbers) => Float64Array.from(numbers));

const kept = z.strictObject({
  calibration: z.strictObject({ probeFromPixel: matrix, imageLagS: z.number() }),
  lagSdS: z.number(),
  likely: z.array(matrix).optional(),
});

/**
 * Keeps what calibration sessions found under the digest of all that they follow from (rig, conditions, seed,
 * `codeDigest`): variants of a study that differ in knee, hand or method are calibrated once. Refusals are not kept.
 */
export function cachedCalibration(cache: ContentCache, codeDigest: string): KeepCalibration {
  return async (inputs, hold) => {
    const key = digest(["calibration sessions", codeDigest, inputs]);
    const known = decode(await cache.read(key));
    if (known) return known;
    const found = await hold();
    await cache.write(key, encode(found));
    return found;
  };
}

/** JSON holds every digit of a finite number. */
export function encode({
  calibration: { probeFromPixel, imageLagS },
  lagSdS,
  likely,
}: ObtainedCalibration): Uint8Array {
  const calibration = { probeFromPixel: [...probeFromPixel], imageLagS };
  const json = { calibration, lagSdS, ...(likely ? { likely: likely.map((m) => [...m]) } : {}) };
  return new TextEncoder().encode(JSON.stringify(json));
}

/** Undefined where there is nothing, or something else. */
export function decode(bytes: Uint8Array | undefined): ObtainedCalibration | undefined {
  if (!bytes) return undefined;
  const { success, data } = kept.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
  if (!success) return undefined;
  const { likely, ...rest } = data;
  return likely ? { ...rest, likely } : rest;
}
