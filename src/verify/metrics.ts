import { createRng } from "../core/rng.ts";
import type { SurfaceScore } from "../data/report.ts";
import { mergeMeshes, selectTriangles, triangleCentre, type Mesh } from "../geometry/mesh.ts";
import { blockBootstrap } from "../metrics/block-bootstrap.ts";
import { scoreSurface, type ScoreOptions } from "../metrics/score-surface.ts";
import { scoreSegmentation } from "../metrics/segmentation.ts";
import { numericCheck, type Check, type CheckContext, type Suite } from "./check.ts";
import { trajectoryChecks } from "./metrics-trajectory.ts";
import { icosphere, squareSheet } from "./shapes.ts";

const RADIUS = 20;
const SHIFT_MM = 2;
/** Facets with edges up to 0.9 mm lie edge² / (8R) = 0.005 mm inside the sphere. */
const FACET_MM = 0.005;
/** Of a mean over 10,000 even samples; random ones would have sd / √n = 0.006 mm. */
const SAMPLING_MM = 0.004;
/** A ring of 60 samples more or less below a threshold, of 10,000. */
const SHARE = 0.006;

const options: Partial<ScoreOptions> = { replicates: 0, align: false, vertexErrors: false, minimumSamples: 10_000 };

let memo: SurfaceScore | undefined;
const shiftedSpheres = (): SurfaceScore =>
  (memo ??= scoreSurface(icosphere(RADIUS, 5, [SHIFT_MM, 0, 0]), { mesh: icosphere(RADIUS, 5) }, options).report.scores
    .whole);

const source =
  "closed form for equal spheres of radius R, d apart: the distance is d·|cos θ|, cos θ uniform in [−1, 1]";

/** A closed form, and beside it the same figure moved by twice the tolerance, which must be refused. */
function closedForm(
  id: string,
  name: string,
  expected: number,
  tolerance: number,
  of: (score: SurfaceScore) => number | null | undefined,
): Check {
  const statement = `Equal spheres R = 20 mm, 2 mm apart: ${name}.`;
  return numericCheck({ id: `metrics.shifted-spheres.${id}`, statement, source, expected, tolerance }, () => {
    const measured = of(shiftedSpheres()) ?? NaN;
    return Math.abs(measured + 2 * tolerance - expected) > tolerance ? measured : NaN;
  });
}

function halves(): { readonly upper: Mesh; readonly sphere: Mesh; readonly seen: Uint8Array } {
  const sphere = icosphere(RADIUS, 4);
  const up = (t: number): boolean => triangleCentre(sphere, t).z > 0;
  return {
    sphere,
    upper: selectTriangles(sphere, up).mesh,
    seen: Uint8Array.from({ length: sphere.triangles.length / 3 }, (_, t) => (up(t) ? 1 : 0)),
  };
}

export const metricsSuite: Suite = {
  name: "metrics",
  about:
    "The scores themselves: closed forms, what each must notice, intervals that hold the truth, other tools' definitions.",
  checks: [
    closedForm("assd", "ASSD is d/2, mm", SHIFT_MM / 2, SAMPLING_MM, (s) => s.assd),
    closedForm("rms", "RMS is d/√3, mm", SHIFT_MM / Math.sqrt(3), SAMPLING_MM, (s) => s.rms),
    closedForm("hd100", "the largest distance is d, mm", SHIFT_MM, FACET_MM + SAMPLING_MM, (s) => s.hd100),
    closedForm("hd95", "HD95 is 0.95 d, mm", 0.95 * SHIFT_MM, FACET_MM + SHARE * SHIFT_MM, (s) => s.hd95),
    closedForm("bias", "the signed mean is d²/(3R), mm", SHIFT_MM ** 2 / (3 * RADIUS), SAMPLING_MM, (s) => s.bias),
    closedForm("f-0.5mm", "the F-score at 0.5 mm is 0.5/d", 0.25, SHARE, (s) => s.fScore?.[0]),
    closedForm("f-1mm", "the F-score at 1 mm is 1/d", 0.5, SHARE, (s) => s.fScore?.[1]),
    closedForm("surface-dice-1mm", "the surface Dice at 1 mm is 1/d", 0.5, SHARE, (s) => s.surfaceDice?.[1]),
    numericCheck(
      {
        id: "metrics.concentric-spheres.assd",
        statement: "Spheres of 21.5 and 20 mm about one centre: ASSD is 1.5 mm.",
        source: "closed form",
        expected: 1.5,
        tolerance: 2 * FACET_MM,
      },
      () => scoreSurface(icosphere(21.5, 5), { mesh: icosphere(RADIUS, 5) }, options).report.scores.whole.assd ?? NaN,
    ),
    numericCheck(
      {
        id: "metrics.plates.bias",
        statement: "A plate 0.75 mm behind a parallel one: the signed mean is −0.75 mm.",
        source: "closed form",
        expected: -0.75,
        tolerance: 1e-9,
      },
      () =>
        scoreSurface(squareSheet(60, 7, [0, 0], -0.75), { mesh: squareSheet(60, 20, [0, 0], 0) }, options).report.scores
          .whole.bias ?? NaN,
    ),
    numericCheck(
      {
        id: "metrics.hallucination.precision",
        statement:
          "A ball of 10 mm that is not there, beside a perfect half: precision falls by its share of the area.",
        source: "closed form: 2πR² / (2πR² + 4πr²), R = 20 mm, r = 10 mm",
        expected: 2 / 3,
        tolerance: SHARE,
      },
      () => {
        const { sphere, upper, seen } = halves();
        const result = mergeMeshes([upper, icosphere(10, 4, [0, 0, 80])]);
        const { reachable } = scoreSurface(result, { mesh: sphere, insonified: seen }, options).report.scores;
        return reachable.precision?.[3] ?? NaN;
      },
    ),
    numericCheck(
      {
        id: "metrics.missing-half.coverage",
        statement:
          "The unseen half is missing: reachable bone is covered, unreachable bone is not (difference of shares).",
        source: "closed form: of the lower half only the rim of 1 mm height lies within 1 mm: 1 − 1/20",
        expected: 0.95,
        tolerance: SHARE,
      },
      () => {
        const { sphere, upper, seen } = halves();
        const { scores } = scoreSurface(upper, { mesh: sphere, insonified: seen }, options).report;
        return (scores.reachable.coverage?.[1] ?? NaN) - (scores.unreachable.coverage?.[1] ?? NaN);
      },
    ),
    numericCheck(
      {
        id: "metrics.alignment.shift",
        statement: "A bone shifted by 3 mm: the aligned score is free of it and the transform says 3 mm.",
        source: "definition; nothing is fitted to the truth unless it is said",
        expected: 3,
        tolerance: 0.01,
      },
      () => {
        const body = icosphere(RADIUS, 4);
        const stretched: Mesh = { ...body, positions: body.positions.map((x, i) => x * [1, 1.4, 0.7][i % 3]!) };
        const moved: Mesh = { ...body, positions: stretched.positions.map((x, i) => x + [2, -1, 2][i % 3]!) };
        const { aligned } = scoreSurface(moved, { mesh: stretched }, { ...options, align: true }).report;
        return aligned && aligned.reachable.assd! < FACET_MM ? aligned.translationMm : NaN;
      },
    ),
    numericCheck(
      {
        id: "metrics.empty-result.coverage",
        statement: "Without a surface the case stays: coverage is 0 and the reason is given.",
        source: "rule: a failed case stays in the denominator",
        expected: 0,
        tolerance: 0,
      },
      () => {
        const none: Mesh = { positions: new Float32Array(0), triangles: new Uint32Array(0) };
        const { report } = scoreSurface(none, { mesh: icosphere(RADIUS, 3) }, options);
        return report.failure === null ? NaN : (report.scores.whole.coverage?.[3] ?? NaN);
      },
    ),
    numericCheck(
      {
        id: "metrics.segmentation.bias",
        statement: "A ridge found 5 pixels of 0.1 mm too deep has a bias of 0.5 mm.",
        source: "definition",
        expected: 0.5,
        tolerance: 1e-5,
      },
      () => {
        const trueRowPx = Float32Array.from({ length: 100 }, (_, u) => 100 + u / 3);
        const frames = [{ trueRowPx, foundRowPx: trueRowPx.map((row) => row + 5) }];
        return scoreSegmentation(frames, { pixelMm: 0.1, rng: createRng("verify") }).report.biasMm ?? NaN;
      },
    ),
    {
      id: "metrics.interval.coverage",
      statement: "95 % intervals hold the true mean in 94.4 to 95 % of worlds whose blocks err together.",
      source: "definition; 0.944 is what ±1.96 s/√n holds at 60 blocks (Student's t), which the bootstrap shares",
      expected: "0.944 … 0.95",
      tolerance: "3 standard errors: 0.038, with --full 0.017",
      async run({ full }: CheckContext) {
        const worlds = full ? 1500 : 300;
        const held = intervalCoverage(worlds);
        const spread = 3 * Math.sqrt((0.95 * 0.05) / worlds);
        return { measured: held, pass: held > 0.944 - spread && held < 0.95 + spread };
      },
    },
    ...trajectoryChecks,
  ],
};

/** Share of worlds whose interval holds the truth, 0: 60 blocks of 20 samples, all samples of a block alike. */
function intervalCoverage(worlds: number): number {
  const blocks = 60;
  let held = 0;
  for (let world = 0; world < worlds; world++) {
    const rng = createRng("verify").fork("metrics/interval").fork(String(world));
    const error = Array.from({ length: blocks }, () => rng.normal());
    const [interval] = blockBootstrap(blocks, 400, rng.fork("bootstrap"), (drawn) => {
      let sum = 0;
      error.forEach((e, i) => (sum += e * drawn[i]!));
      return [sum / blocks];
    });
    if (interval && interval[0] <= 0 && 0 <= interval[1]) held++;
  }
  return held / worlds;
}
