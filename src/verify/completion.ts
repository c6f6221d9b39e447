import { join } from "node:path";
import { createRng } from "../core/rng.ts";
import { silentLog } from "../core/log.ts";
import type { Completion } from "../data/completed-bone.ts";
import { edgeDefects, signedVolume } from "../geometry/mesh.ts";
import {
  completionFigures,
  type CompletionPart,
  type CompletionScore,
  poolCompletions,
  scoreCompletion,
} from "../metrics/score-completion.ts";
import { completeBones } from "../pipeline/completion/complete.ts";
import type { PhantomConfig } from "../scenario/schema.ts";
import { loadShapeModels } from "../scenario/shape-models.ts";
import type { Check, CheckContext, Suite } from "./check.ts";
import { seenKnee } from "./seen-bones.ts";

/** What the issue asks of bone that no beam met: the mark of 2011, on two cadavers. */
const UNSEEN_MM = 2;
/** The completed bone runs through the sheet where there was one. */
const SEEN_MM = 0.3;
/** A stated SD is to hold the error in 95 of 100 vertices; it may be too wide, and may miss by a little. */
const STATED_SHARE = 0.9;

/** Seeds that neither the model nor any of its options has seen. */
const HELD_BACK = ["verify-completion-1"],
  HELD_BACK_FULL = ["verify-completion-2", "verify-completion-3", "verify-completion-4"];

interface Completed {
  readonly result: Completion;
  readonly scores: readonly CompletionScore[];
}

const done = new Map<string, Promise<Completed>>();

async function completed(
  seed: string,
  phantom: Partial<PhantomConfig> & Pick<PhantomConfig, "kind">,
): Promise<Completed> {
  const knee = await seenKnee(seed, phantom);
  const models = await loadShapeModels();
  const context = { rng: createRng(seed), log: silentLog, workers: undefined as never };
  const input = { surfaces: knee.sheets, points: knee.points, models };
  const result = await completeBones.run(input, completeBones.defaults, context);
  const scores = result.bones.map((bone) =>
    scoreCompletion(
      bone,
      knee.bones.find(({ name }) => name === bone.bone)!,
    ),
  );
  return { result, scores };
}

/** Each knee is completed once, whatever number of checks look at it. */
function heldBack(seed: string): Promise<Completed> {
  let found = done.get(seed);
  if (!found) done.set(seed, (found = completed(seed, { kind: "parametric" })));
  return found;
}

const seedsOf = ({ full }: CheckContext): readonly string[] => (full ? [...HELD_BACK, ...HELD_BACK_FULL] : HELD_BACK);

async function rmsOf(seeds: readonly string[], part: CompletionPart): Promise<number> {
  const all = await Promise.all(seeds.map(heldBack));
  const samples = poolCompletions(all.flatMap(({ scores }) => scores.map((score) => score.samples)));
  return completionFigures(samples, part, createRng("verify/completion")).rmsMm ?? Infinity;
}

const below = (limitMm: number, measured: number) => ({ measured, pass: measured <= limitMm });

const checks: readonly Check[] = [
  {
    id: "completion.unseen",
    statement:
      "Of knees held back, bone that no beam met is completed to an RMS of 2 mm (true sheets, touched points 3 mm off)",
    source: "issue 7; Mahfouz 2011: 2 mm on two cadavers",
    expected: "≤ 2 mm",
    tolerance: 0,
    run: async (context) => below(UNSEEN_MM, await rmsOf(seedsOf(context), "unseen")),
  },
  {
    id: "completion.seen",
    statement: "The completed bone follows the sheet where one was seen",
    source: "the sheets are the true surface here, so the distance to it is the completion's own",
    expected: "≤ 0.3 mm",
    tolerance: 0,
    run: async (context) => below(SEEN_MM, await rmsOf(seedsOf(context), "seen")),
  },
  {
    id: "completion.closed",
    statement: "Femur, tibia, patella and fibula are closed manifolds that face outward",
    source: "every edge has two triangles, and the volume is positive",
    expected: "4 of 4 bones a knee",
    tolerance: 0,
    async run(context) {
      const all = await Promise.all(seedsOf(context).map(heldBack));
      const bones = all.flatMap(({ result }) => result.bones);
      const closed = bones.filter(({ mesh }) => {
        const { open, nonManifold } = edgeDefects(mesh);
        return open + nonManifold === 0 && signedVolume(mesh) > 0;
      });
      return { measured: `${closed.length} of ${4 * all.length}`, pass: closed.length === 4 * all.length };
    },
  },
  {
    id: "completion.stated",
    statement: "The stated SD of a vertex holds its error (share within 1.96 SD, every bone)",
    source: "normal errors: 0.95; wider is allowed, since sheets without error are what no scan gives",
    expected: "≥ 0.9",
    tolerance: 0,
    async run(context) {
      const all = await Promise.all(seedsOf(context).map(heldBack));
      const shares = all.flatMap(({ scores }) => scores.map(({ withinStated }) => withinStated ?? 0));
      const least = Math.min(...shares);
      return { measured: least, pass: shares.length > 0 && least >= STATED_SHARE };
    },
  },
  {
    id: "completion.real-knee",
    statement: "On a real knee, of another family than the model's, bone that no beam met (all bones together)",
    source: "knee-dess01-right, the public MRI knee; issue 7: report what it is",
    expected: "≤ 2 mm",
    tolerance: 0,
    async run({ full, dataFolder }) {
      if (!dataFolder || !full) return { measured: full ? "no public data here" : "only with --full", pass: "skipped" };
      const at = (bone: string): string => join(dataFolder, "knee-dess01-right", `${bone}.stl`);
      const { scores } = await completed("verify-completion-real", {
        kind: "meshes",
        femur: at("femur"),
        tibia: at("tibia"),
        patella: at("patella"),
        fibula: at("fibula"),
        side: "right",
      });
      const samples = poolCompletions(scores.map((score) => score.samples));
      return below(UNSEEN_MM, completionFigures(samples, "unseen", createRng("verify")).rmsMm ?? Infinity);
    },
  },
];

export const completionSuite: Suite = {
  name: "completion",
  about: "Whole bones from what was seen: unseen bone, seen bone, closedness, stated uncertainty",
  checks,
};
