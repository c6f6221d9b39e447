import type { CaseResult } from "../data/study.ts";
import { digest } from "../scenario/cached-pictures.ts";
import type { Scenario, SimulatedSource } from "../scenario/schema.ts";
import { casesOf, type StudyPlan } from "./plan.ts";
import { CASE_KB, COST_S, PICTURE_KB, STROKE_MM, STROKES } from "./predict-time.ts";

export interface Prediction {
  readonly cases: number;
  readonly seconds: number;
  readonly resultsMb: number;
  readonly cacheGb: number;
}

/**
 * What the cases that are left will take on so many cores. What variants share through the cache counts once: a knee, the
 * pictures of one scan, the sessions of one rig.
 */
export function predictStudy(plan: StudyPlan, done: readonly CaseResult[], cores: number): Prediction {
  const there = new Set(done.map(({ id }) => JSON.stringify([id.variant, id.knee, id.seed])));
  const seen = new Set<string>();
  const isNew = (...parts: readonly unknown[]): boolean => {
    const key = digest(parts);
    return !seen.has(key) && Boolean(seen.add(key));
  };
  let cases = 0,
    cpuS = 0,
    pictures = 0;
  const shared = plan.variants.map((_, variant) => sharedParts(plan.scenarioOf({ variant, knee: 0, seed: 0 })));
  for (const { variant, knee, seed } of casesOf(plan)) {
    if (there.has(JSON.stringify([variant, knee, seed]))) continue;
    const { phantom, scan, rig, method, frames } = shared[variant]!;
    cases++;
    cpuS += COST_S.case + COST_S.frame * frames;
    if (isNew("knee", phantom, knee)) cpuS += COST_S.knee;
    if (rig && isNew("rig", rig, knee, seed)) cpuS += COST_S.sessions;
    if (isNew("masks", scan, method, knee, seed)) cpuS += COST_S.mask * frames;
    if (!isNew("scan", scan, knee, seed)) continue;
    cpuS += COST_S.picture * frames;
    pictures += frames;
  }
  return {
    cases,
    seconds: cpuS / cores,
    resultsMb: (cases * CASE_KB) / 1024,
    cacheGb: (pictures * PICTURE_KB) / 2 ** 20,
  };
}

/** Digests of what a variant's knee, pictures, sessions and bone lines follow from, but for the seeds. */
function sharedParts({ source, calibration, segmentation }: Scenario & { readonly source: SimulatedSource }) {
  const { tracker, leg, faults, phantom, ...scanned } = source;
  const { sweeps, speedMmPerS } = source.operator;
  return {
    phantom: digest({ ...phantom, seed: "" }),
    scan: digest([{ ...phantom, seed: "" }, leg, faults, scanned]),
    rig: calibration.kind === "sessions" ? digest([source.probe, source.imaging, tracker, calibration]) : null,
    method: digest(segmentation),
    frames: ((sweeps?.length ?? STROKES) * STROKE_MM * source.imaging.rateHz) / speedMmPerS,
  };
}
