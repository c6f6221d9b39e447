import type { Command } from "commander";
import { edgeDefects, signedVolume } from "../geometry/mesh.ts";
import { readMesh } from "../io/mesh/read-mesh.ts";
import { scoreSurface } from "../metrics/score-surface.ts";
import { surfaceHeadline } from "../metrics/headline.ts";
import { terminalFor, UsageError, type CommonOptions } from "./command.ts";
import { isTrajectory, scoreTrajectories, type TrajectoryOptions } from "./score-trajectories.ts";
import { checkThresholds } from "./thresholds.ts";

interface ScoreOptions extends CommonOptions, TrajectoryOptions {
  readonly failIf?: string[];
}

const line = (id: string, value: number, unit: string): string =>
  `  ${id.replace("trajectory.", "").padEnd(20)} ${value.toFixed(4)} ${unit === "1" ? "" : unit}`;

export function addScore(program: Command): void {
  program
    .command("score <result> <truth>")
    .summary("how far a mesh or a trajectory made elsewhere is from the true one")
    .description(
      "Scores a reconstructed mesh against a true one (STL, PLY or OBJ; one frame, mm). Nothing is aligned, except in " +
        "the block that says so. Definitions: docs/metrics.md. Two trajectories of image poses (poses.csv, TUM or KITTI text, " +
        "mm, the same frames) are scored by TUS-REC, drift, ATE and RPE: docs/trackerless.md.",
    )
    .option("--image <size>", "of trajectories: the picture, in pixels", "512x512")
    .option("--spacing <mm>", "of trajectories: the pixel's size, or x,y", "0.09765625")
    .option("--fail-if <condition...>", 'exit with 1 when it holds, e.g. --fail-if "bone.whole.assd > 1.2"')
    .option("--json", "print one object")
    .action(async (resultPath: string, truthPath: string, options: ScoreOptions) => {
      const terminal = terminalFor(options);
      if (isTrajectory(resultPath)) {
        const { headline, score, warnings } = await scoreTrajectories(resultPath, truthPath, options);
        for (const warning of warnings) terminal.log.warn(warning);
        if (options.json) terminal.out(JSON.stringify({ headline, score, warnings }, null, 2));
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
