import { open } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseDocument } from "yaml";
import { FormatError } from "../core/errors.ts";
import { withPaths } from "./mesh-phantom.ts";
import { parseScenario, type Scenario } from "./schema.ts";

/** No scenario needs more; a larger file is something else. */
const MAX_BYTES = 1 << 20;

/** Reads a scenario from YAML or JSON (which is YAML). File names in it become relative to the scenario's folder. */
export async function loadScenario(path: string): Promise<Scenario> {
  return scenarioFrom(await readYaml(path), path);
}

/** The same of what the file held, or of a variant of it. */
export function scenarioFrom(json: unknown, path: string): Scenario {
  const scenario = parseScenario(json, path);
  const beside = (name: string): string => resolve(dirname(path), name);
  return {
    ...scenario,
    source: placeSource(scenario.source, beside),
    pose: placePose(scenario, beside),
    segmentation: placeModel(scenario, beside),
    completion: placeShapes(scenario, beside),
  };
}

function placeSource(source: Scenario["source"], beside: (name: string) => string): Scenario["source"] {
  if (source.kind === "session") return source;
  if (source.kind === "recording") {
    return {
      ...source,
      file: beside(source.file),
      ...(source.configuration === undefined ? {} : { configuration: beside(source.configuration) }),
      ...(source.printed === undefined ? {} : { printed: beside(source.printed) }),
      ...(source.touched === undefined ? {} : { touched: beside(source.touched) }),
    };
  }
  const { phantom } = source;
  const placed =
    phantom.kind === "meshes"
      ? withPaths(phantom, beside)
      : { ...phantom, bones: phantom.bones.map((name) => beside(name)) };
  return { ...source, phantom: placed };
}

function placeModel({ segmentation }: Scenario, beside: (name: string) => string): Scenario["segmentation"] {
  if (segmentation.kind === "module") return { ...segmentation, file: beside(segmentation.file) };
  if (segmentation.kind === "program") return { ...segmentation, files: segmentation.files.map(beside) };
  if (segmentation.kind !== "neural" || segmentation.model === undefined) return segmentation;
  return { ...segmentation, model: beside(segmentation.model) };
}

function placeShapes({ completion }: Scenario, beside: (name: string) => string): Scenario["completion"] {
  if (completion.kind !== "shape-model" || completion.model === undefined) return completion;
  return { ...completion, model: beside(completion.model) };
}

function placePose({ pose }: Scenario, beside: (name: string) => string): Scenario["pose"] {
  const placed: Record<string, unknown> = { ...pose };
  for (const field of ["curves", "model", "file", "shapes"]) {
    const name = placed[field];
    if (typeof name === "string") placed[field] = beside(name);
  }
  return placed as Scenario["pose"];
}

export async function readYaml(path: string): Promise<unknown> {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    if (size > MAX_BYTES) {
      throw new FormatError(path, { whole: true }, `is ${size} bytes large`, "A scenario is a short YAML or JSON file");
    }
    const document = parseDocument(await handle.readFile("utf8"), { uniqueKeys: true });
    const problem = document.errors[0];
    if (problem) {
      throw new FormatError(path, { byteOffset: problem.pos[0] }, problem.message, "Mend the YAML at this place");
    }
    return document.toJS({ maxAliasCount: 20 });
  } finally {
    await handle.close();
  }
}
