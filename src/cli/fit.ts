import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { type Command, Option } from "commander";
import { writeFileAtomic } from "../io/atomic.ts";
import { readMesh } from "../io/mesh/read-mesh.ts";
import { writeMesh } from "../io/mesh/write-mesh.ts";
import type { FittedBone } from "../sim/knee/fit/family.ts";
import { fitBone, type FitResult, type Side, type Spread } from "../sim/knee/fit/fit-bone.ts";
import { type CommonOptions, terminalFor } from "./command.ts";
import { checkThresholds } from "./thresholds.ts";

interface FitCommandOptions extends CommonOptions {
  readonly bone: FittedBone;
  readonly side: Side | "either";
  readonly out?: string;
  readonly mesh?: string;
  readonly failIf?: string[];
}

const DEG = Math.PI / 180;

/** Names end in their unit; angles are printed in degrees. */
function withUnit(name: string, value: number): { name: string; value: number; unit: string } {
  if (name.endsWith("Rad")) return { name: name.slice(0, -3), value: value / DEG, unit: "deg" };
  if (name.endsWith("Mm")) return { name: name.slice(0, -2), value, unit: "mm" };
  return { name, value, unit: "1" };
}

function headlineOf({ bone, toModel, toMesh }: FitResult) {
  const entries = (direction: string, s: Spread) =>
    (["mean", "rms", "p95"] as const).map((what) => {
      const value = s[`${what}Mm`];
      return [`fit.${bone}.${direction}.${what}`, { value, low: value, high: value, unit: "mm" }] as const;
    });
  return Object.fromEntries([...entries("toModel", toModel), ...entries("toMesh", toMesh)]);
}

/** What `--out` writes: enough to build this bone again, and to place it on the mesh it came from. */
function personalised({ bone, side, parameters, modelFromMesh, toModel, toMesh }: FitResult, mesh: string) {
  return {
    kind: "fitted-bone",
    bone,
    side,
    about:
      "Parameters of the parametric bone (mm, rad or 1, as their names end), for a right knee; modelFromMesh is a " +
      "row-major 3x4 from the mesh (LPS, mm) to the frame of the right bone, and mirrors when side is left.",
    mesh,
    parameters,
    modelFromMesh: [...modelFromMesh],
    distances: { toModel, toMesh },
  };
}

export function addFit(program: Command): void {
  program
    .command("fit <mesh>")
    .summary("fits the parametric bone to a mesh of a real one")
    .description(
      "Finds pose, side and shape of the simulator's bone in a mesh (STL, PLY or OBJ, mm), however it is turned. A " +
        "femur is compared over the distal 60 mm, a tibia over the proximal 60 mm, or what the mesh has of it.",
    )
    .addOption(
      new Option("--bone <name>", "which bone it is").choices(["femur", "tibia", "patella"]).makeOptionMandatory(),
    )
    .addOption(
      new Option("--side <side>", "of the body, if known").choices(["right", "left", "either"]).default("either"),
    )
    .option("-o, --out <file>", "writes the parameters that were found, as JSON: a bone for source.phantom.bones")
    .option("--mesh <file>", "writes the fitted bone as a mesh, in the frame of the input")
    .option("--fail-if <condition...>", 'exit with 1 when it holds, e.g. --fail-if "fit.femur.toModel.mean > 2"')
    .option("--json", "print one object")
    .option("-q, --quiet", "no progress")
    .option("-v, --verbose", "more about what is done")
    .action(async (path: string, options: FitCommandOptions) => {
      const terminal = terminalFor(options);
      const { mesh, warnings } = await readMesh(path);
      for (const warning of warnings) terminal.log.warn(warning);
      const result = await fitBone(mesh, options.bone, { log: terminal.log, side: options.side });
      if (result.sideIsUnsure) {
        terminal.log.warn(`the other side fits nearly as well; taken for a ${result.side} bone (--side says which)`);
      }
      if (options.out) {
        await mkdir(dirname(options.out), { recursive: true });
        await writeFileAtomic(
          options.out,
          new TextEncoder().encode(`${JSON.stringify(personalised(result, path), null, 2)}\n`),
        );
      }
      if (options.mesh) await writeMesh(options.mesh, result.fitted);
      const headline = headlineOf(result);
      const parameters = Object.entries(result.parameters).map(([name, value]) => withUnit(name, value));
      if (options.json) {
        const { bone, side, sideIsUnsure, toModel, toMesh } = result;
        terminal.out(
          JSON.stringify(
            {
              headline, bone, side, sideIsUnsure, toModel, toMesh,
              parameters: Object.fromEntries(parameters.map(({ name, value, unit }) => [name, { value, unit }])),
              modelFromMesh: [...result.modelFromMesh],
              warnings,
            },
            null,
            2,
          ),
        ); // prettier-ignore
      } else {
        terminal.out(`${result.side} ${result.bone}`);
        for (const [words, s] of [["mesh to model", result.toModel], ["model to mesh", result.toMesh]] as const) {
          terminal.out(
            `  ${words}   mean ${s.meanMm.toFixed(2)}   rms ${s.rmsMm.toFixed(2)}   95 % ${s.p95Mm.toFixed(2)}   ` +
              `largest ${s.maxMm.toFixed(2)} mm`,
          );
        } // prettier-ignore
        for (const { name, value, unit } of parameters) {
          terminal.out(`  ${name.padEnd(26)} ${value.toFixed(2).padStart(8)} ${unit === "1" ? "" : unit}`);
        }
      }
      checkThresholds(headline, options.failIf ?? []);
    });
}
