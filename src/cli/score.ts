import type { Command } from "commander";
import type { Figure } from "../data/report.ts";
import { edgeDefects, signedVolume } from "../geometry/mesh.ts";
import { readMesh } from "../io/mesh/read-mesh.ts";
import { scoreSurface } from "../metrics/score-surface.ts";
import { surfaceHeadline } from "../metrics/headline.ts";
import { terminalFor, UsageError, type CommonOptions } from "./command.ts";
import { isMask, scoreMasks } from "./score-masks.ts";
import { isMatrix, scoreMatrices } from "./score-matrices.ts";
import { isTrajectory, scoreTrajectories, type TrajectoryOptions } from "./score-trajectories.ts";
import { checkThresholds } from "./thresholds.ts";

interface ScoreOptions extends CommonOptions, TrajectoryOptions {
  readonly failIf?: string[];
}

const line = (id: string, value: number, unit: string): string =>
  `  ${id.replace(/^(trajectory|mask|matrix)\./, "").padEnd(20)} ${value.toFixed(4)} ${unit === "1" ? "" : unit}`;

interface Scored {
  readonly headline: Readonly<Record<string, Figure>>;
  readonly score: unknown;
  readonly warnings: readonly string[];
}

/** What is no mesh. The ending of the result says what it is. */
function scoreOther(result: string, truth: string, options: ScoreOptions): Promise<Scored> | undefined {
  if (isTrajectory(result)) return scoreTrajectories(result, truth, options);
  if (isMask(result)) return scoreMasks(result, truth);
  return isMatrix(result) ? scoreMatrices(result, truth, options) : undefined;
}

export function addScore(program: Command): void {
  program
    .command("score <result> <truth>")
    .summary("how far a mesh, mask, trajectory or matrix made elsewhere is from the true one")
    .description(
      "Scores a reconstructed mesh against a true one (STL, PLY or OBJ; one frame, mm). Nothing is aligned, except in " +
        "the block that says so. Definitions: docs/metrics.md. Two trajectories of image poses (poses.csv, TUM or KITTI text, " +
        "mm, the same frames; or scans of TUS-REC, .h5 with --calibration) are scored by TUS-REC, drift, ATE and RPE: " +
        "docs/trackerless.md. Two masks (NRRD, MetaImage) of one grid by overlap and by the distance of their surfaces. Two " +
        "matrices (calibration.json, .tfm, .mat: 12 or 16 numbers) by where they put the pixels of an image.",
    )
    .option("--image <size>", "of trajectories and matrices: the picture, in pixels", "512x512")
    .option("--spacing <mm>", "of trajectories and matrices: the pixel's size, or x,y", "0.09765625")
    .option("--calibration <csv>", "of TUS-REC scans: calib_matrix.csv")
    .option("--landmarks <h5>", "of TUS-REC scans: landmark_NNN.h5, in place of landmarks that are drawn")
    .option("--scan <name>", "name of the scan among the landmarks; default that of the true file")
    .option("--fail-if <condition...>", 'exit with 1 when it holds, e.g. --fail-if "bone.whole.assd > 1.2"')
    .option("--json", "print one object")
    .action(async (resultPath: string, truthPath: string, options: ScoreOptions) => {
      const terminal = terminalFor(options);
      const other = await scoreOther(resultPath, truthPath, options);
      if (other) {
        const { headline, warnings } = other;
        for (const warning of warnings) terminal.log.warn(warning);
        if (options.json) terminal.out(JSON.stringify(other, null, 2));
        else for (const [id, { value, unit }] of Object.entries(headline)) terminal.out(line(id, value, unit));
        checkThresholds(headline, options.failIf ?? []);
        return;
      }
      const [result, truth] = await Promise.all([readMesh(resultPath), readMesh(truthPath)]);
      const warnings = [...result.warnings, ...truth.warnings];
      if (truth.mesh.triangles.length === 0) throw new UsageError(`${truthPath}: the true mesh is empty`);
      const { open } = edgeDefects(truth.mesh);
      if (open > 0) warnings.push(`${truthPath} has ${open} open edges: the sign of the error says which side of it`);
      else if (signedVolume(truth.mesh) < 0)
        warnings.push(`${truthPath} is inside out: the sign of the error is reversed`);
      for (const warning of warnings) terminal.log.warn(warning);

      const { report, spread, alignedScale } = scoreSurface(result.mesh, { mesh: truth.mesh });
      const score = report.scores.whole;
      const headline = surfaceHeadline("bone.whole", score, spread.whole);
      if (options.json) {
        terminal.out(
          JSON.stringify(
            { headline, score, aligned: report.aligned, alignedScale, failure: report.failure, warnings },
            null,
            2,
          ),
        );
      } else {
        for (const [id, { value, unit }] of Object.entries(headline)) {
          terminal.out(`  ${id.replace("bone.whole.", "").padEnd(20)} ${value.toFixed(4)} ${unit === "1" ? "" : unit}`);
        }
        if (report.aligned) {
          const { translationMm, rotationDeg, reachable } = report.aligned;
          terminal.out(
            `  after rigid ICP (moved ${translationMm.toFixed(2)} mm, turned ${rotationDeg.toFixed(2)}°): ` +
              `assd ${reachable.assd?.toFixed(4)} mm`,
          );
        }
        if (report.failure) terminal.out(`  no score: ${report.failure}`);
      }
      checkThresholds(headline, options.failIf ?? []);
    });
}
