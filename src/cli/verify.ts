import type { Command } from "commander";
import type { VerifyRow } from "../data/verification.ts";
import { findDataFolder } from "./data-folder.ts";
import { MissedThreshold, terminalFor, UsageError, type CommonOptions } from "./command.ts";
import { allSuites } from "../verify/all.ts";
import { runSuite } from "../verify/run-suite.ts";

export function addVerify(program: Command): void {
  program
    .command("verify [suites...]")
    .summary("the self-test: each check with its source, expected and measured value, and verdict")
    .description(
      `Runs the checks that a user can trust this bench for. Suites: ${allSuites.map((s) => s.name).join(", ")}. ` +
        "Checks that need the public recordings (SONOBENCH_DATA or ../shared/data) are skipped, and say so, without them.",
    )
    .option("--full", "the long statistics too")
    .option("--json", "print an array of {id, statement, source, expected, tolerance, measured, pass, details?}")
    .option("-q, --quiet", "no progress")
    .action(async (names: string[], options: CommonOptions & { full?: boolean }) => {
      const terminal = terminalFor(options);
      for (const name of names) {
        if (!allSuites.some((suite) => suite.name === name)) {
          throw new UsageError(
            `there is no suite "${name}"; the suites are ${allSuites.map((s) => s.name).join(", ")}`,
          );
        }
      }
      const suites = allSuites.filter((suite) => names.length === 0 || names.includes(suite.name));
      const total = suites.reduce((n, suite) => n + suite.checks.length, 0);
      const context = { log: terminal.log, full: options.full === true, dataFolder: findDataFolder() };
      const rows: VerifyRow[] = [];
      for (const suite of suites) {
        if (!options.json) terminal.out(`\n${suite.name}: ${suite.about}`);
        for await (const row of runSuite(suite, context)) {
          rows.push(row);
          if (!options.json) {
            const { id, statement, expected, tolerance, measured, pass, details } = row;
            const mark = pass === "skipped" ? "skip" : pass ? " ok " : "FAIL";
            terminal.out(
              `  ${mark}  ${statement}\n        ${id}: measured ${show(measured)}, expected ${show(expected)} ± ${show(tolerance)}`,
            );
            for (const line of details ?? []) terminal.out(`          ${line}`);
          }
          terminal.log.progress("verify", rows.length, total);
        }
      }
      if (options.json) terminal.out(JSON.stringify(rows, null, 2));
      const failed = rows.filter((row) => row.pass === false);
      const skipped = rows.filter((row) => row.pass === "skipped");
      terminal.err(
        `${rows.length - failed.length - skipped.length} of ${rows.length} checks hold` +
          (skipped.length ? `, ${skipped.length} skipped` : "") +
          (failed.length ? `, ${failed.length} FAILED: ${failed.map((row) => row.id).join(", ")}` : ""),
      );
      if (failed.length) throw new MissedThreshold("Not every check holds.");
    });
}

const show = (value: number | string): string => (typeof value === "number" ? String(+value.toPrecision(6)) : value);
