import { join } from "node:path";
import type { Command } from "commander";
import { writeFileAtomic } from "../io/atomic.ts";
import { reportJsonSchema } from "../report/validate.ts";
import { scenarioJsonSchema } from "../scenario/schema.ts";
import { packageRoot } from "./version.ts";

/** Beside the scenarios, where editors look for the one and programs for the other. */
const schemas: Readonly<Record<string, () => unknown>> = {
  "schema.json": scenarioJsonSchema,
  "report.schema.json": reportJsonSchema,
};

export function addSchema(program: Command): void {
  program
    .command("schema")
    .summary("write scenarios/schema.json (for editors) and scenarios/report.schema.json (for readers of report.json)")
    .action(async () => {
      for (const [name, make] of Object.entries(schemas)) {
        await writeFileAtomic(join(packageRoot(), "scenarios", name), `${JSON.stringify(make(), null, 2)}\n`);
      }
    });
}
