import { existsSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "./command.ts";
import { packageRoot } from "./version.ts";

/** A study by its path, or by the name of one that ships. */
export function studyFile(name: string): string {
  if (/\.(ya?ml|json)$/i.test(name)) return name;
  const shipped = join(packageRoot(), "scenarios", "studies", `${name}.yaml`);
  if (/^[a-z0-9-]+$/.test(name) && existsSync(shipped)) return shipped;
  throw new UsageError(
    `there is no study "${name}": give the path of a .yaml file, or the name of one in scenarios/studies`,
  );
}
