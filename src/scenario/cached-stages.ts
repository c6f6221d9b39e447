import type { ContentCache } from "../io/content-cache.ts";
import { keepKnees } from "./built-knees.ts";
import { cachedCalibration } from "./cached-calibration.ts";
import { cachedMasks } from "./cached-masks.ts";
import { cachedPictures } from "./cached-pictures.ts";
import { keepSpeckle } from "./kept-speckle.ts";
import type { RunContext } from "./run-context.ts";

/** What of a run can be read again. */
export type CachedStages = Required<Pick<RunContext, "pictures" | "findBone" | "sessions" | "knees" | "speckle">>;

/** A knee bent two ways is two. */
const KNEES_IN_MEMORY = 2;
/** The strokes of one scan; each takes a few MB. */
const SWEEPS_IN_MEMORY = 12;

/** Digests of the code that the entries follow from: of the simulator, and of all that figures follow from. */
export interface CodeDigests {
  readonly simulator: string;
  readonly figures: string;
}

/**
 * Pictures, the bone that was found in them and what calibration sessions found are read again when they were made before
 * from the same; the last knees and what was seen of the speckle stay in memory. None of it changes a byte of a result.
 */
export function cachedStages(pictures: ContentCache, found: ContentCache, code: CodeDigests): CachedStages {
  return {
    pictures: cachedPictures(pictures, code.simulator),
    findBone: cachedMasks(found, code.figures),
    sessions: cachedCalibration(found, code.figures),
    knees: keepKnees(KNEES_IN_MEMORY),
    speckle: keepSpeckle(SWEEPS_IN_MEMORY),
  };
}
