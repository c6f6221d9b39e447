import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { scenarioJsonSchema } from "../scenario/schema.ts";
import { packageRoot } from "./version.ts";

export function addSchema(program: Command): void {
  program
    .command("schema")
    .summary("write scenarios/schema.json, by which editors complete and check scenario files")
    .option("--stdout", "print it instead")
    .action(async ({ stdout }: { stdout?: boolean }) => {
      const text = `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`;
      if (stdout) process.stdout.write(text);
      else await writeFile(join(packageRoot(), "scenarios/schema.json"), text);
    });
}
