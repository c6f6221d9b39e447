import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const packageJson = "../../package.json"; // from src/cli and from dist/cli alike

export function packageVersion(): string {
  const { version } = createRequire(import.meta.url)(packageJson) as { version: string };
  return version;
}

/** Folder that holds package.json. */
export function packageRoot(): string {
  return dirname(fileURLToPath(new URL(packageJson, import.meta.url)));
}
