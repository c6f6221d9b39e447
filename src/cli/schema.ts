import { join } from "node:path";
import type { Command } from "commander";
import { writeFileAtomic } from "../io/atomic.ts";
import { reportJsonSchema } from "../report/validate.ts";
import { scenarioJsonSchema } from "../scenario/schema.ts";
import { studyJsonSchema } from "../study/study-schema.ts";
import { packageRoot } from "./version.ts";

/** Beside the scenarios, where editors look for the one and programs for the other. */
const schemas: Readonly<Record<string, () => unknown>> = {
  "schema.json": scenarioJsonSchema,
  "report.schema.json": reportJsonSchema,
  "studies/schema.json": studyJsonSchema,
};

export function addSchema(program: Command): void {
  program
    .command("schema")
    .summary(
      "write the schemas of scenarios and studies (for editors) and of report.json (for its readers) into scenarios/",
    )
    .action(async () => {
      for (const [name, make] of Object.entries(schemas)) {
        await writeFileAtomic(join(packageRoot(), "scenarios", name), `${JSON.stringify(make(), null, 2)}\n`);
      }
    });
}
