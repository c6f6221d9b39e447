import { join } from "node:path";
import type { Command } from "commander";
import { createRng } from "../core/rng.ts";
import { buildPhantom } from "../scenario/build.ts";
import { loadScenario } from "../scenario/load.ts";
import { writePrintedPart } from "../scenario/printed-files.ts";
import { printedPart } from "../sim/printed/part.ts";
import { terminalFor, UsageError, type CommonOptions } from "./command.ts";

interface PhantomOptions extends CommonOptions {
  readonly print?: boolean;
  readonly out?: string;
  readonly reach: number;
}

function parseReach(text: string): number {
  const value = Number(text);
  if (value >= 30 && value <= 120) return value;
  throw new UsageError(`--reach: expected 30 to 120 mm, got "${text}"`);
}

export function addPhantom(program: Command): void {
  program
    .command("phantom <scenario>")
    .summary("the scenario's knee as a part to print, with its truth and its PLUS definition")
    .description(
      "Writes the knee of a scenario (drawn or imported) as one printable part: bones on a base, pillars with divots " +
        "for registration, and a frame for the wires of an N-wire phantom, all in one frame. Print part.stl in mm, " +
        "string the wires, scan it under water, and score the recording against truth.json: docs/print.md.",
    )
    .requiredOption("--print", "write the printable part")
    .option("--reach <mm>", "how much of the bones above and below the joint line", (text) => parseReach(text), 70)
    .option("--out <folder>", "default reports/<scenario>/print")
    .option("--json", "print one object")
    .action(async (file: string, options: PhantomOptions) => {
      const terminal = terminalFor(options);
      const scenario = await loadScenario(file);
      if (scenario.source.kind !== "simulated") {
        throw new UsageError(
          `${file}: source.kind is "${scenario.source.kind}": only a simulated source has a phantom`,
        );
      }
      const { printed: _, ...phantom } = scenario.source.phantom;
      const seed = phantom.seed ?? scenario.seed;
      const knee = await buildPhantom(phantom, createRng(seed).fork("phantom"));
      for (const warning of knee.warnings) terminal.log.warn(warning);
      const folder = options.out ?? join("reports", scenario.name, "print");
      const part = await printedPart(knee, { reachMm: options.reach }, scenario.name);
      const check = await writePrintedPart(folder, part);
      if (options.json) {
        terminal.out(JSON.stringify({ folder, triangles: part.mesh.triangles.length / 3, ...check }, null, 2));
        return;
      }
      const [x, y, z] = check.sizeMm;
      terminal.out(
        `part.stl: ${check.closed ? "closed" : "NOT closed"}, ` +
          `${check.crossings === 0 ? "does not cross itself" : `CROSSES ITSELF at ${check.crossings} places`}, ` +
          `${x.toFixed(0)} × ${y.toFixed(0)} × ${z.toFixed(0)} mm, ` +
          `${(check.volumeMm3 / 1000).toFixed(0)} cm³, thinnest wall ${check.minWallMm?.toFixed(2)} mm ` +
          `(1 % below ${check.wall1PercentMm?.toFixed(2)} mm)\nIn ${folder}: part.stl, truth.json and its bones, ` +
          "divots.mrk.json, plus-phantom.xml",
      );
    });
}
