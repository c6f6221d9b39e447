import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, resolve } from "node:path";
import { FormatError, UnsuitableInputError } from "../core/errors.ts";
import { createRng } from "../core/rng.ts";
import type { CaseId } from "../data/study.ts";
import { digest } from "../scenario/cached-pictures.ts";
import { readYaml, scenarioFrom } from "../scenario/load.ts";
import type { Scenario, SimulatedSource } from "../scenario/schema.ts";
import { inWords, predictCases } from "./predict-time.ts";
import { placeFiles, withFields } from "./set-field.ts";
import { parseStudy, type Study } from "./study-schema.ts";
import { checkNames, variantCount, variantsOf, type Variant } from "./variants.ts";

/** A study whose every variant has been read as a scenario: nothing is misspelt when the first case starts. */
export interface StudyPlan {
  readonly study: Study;
  readonly variants: readonly Variant[];
  /** Index into `variants`. */
  readonly reference: number;
  /** Digest of the study and of its base: what a result folder belongs to. */
  readonly key: string;
  /** Whether a figure asks what the true bone line would have given. */
  readonly needsOracle: boolean;
  scenarioOf(id: CaseId): Scenario & { readonly source: SimulatedSource };
}

/** Even with --yes: a plan of more does not fit in memory. */
const MOST_CASES = 1_000_000;
/** Without it: every variant is read as a scenario before the first case, which takes a millisecond each. */
const MANY_CASES = 20_000;

/**
 * Reads a study and its base. Throws FormatErrors that name the file, the variant and the field, and an
 * UnsuitableInputError for more cases than were meant (`large`: tens of thousands are).
 */
export async function planStudy(file: string, { large = false } = {}): Promise<StudyPlan> {
  const study = parseStudy(await readYaml(file), file);
  refuseTooMany(variantCount(study.sweep) * study.knees * study.seedsPerKnee, file, large);
  const basePath = resolve(dirname(file), study.base);
  const base = await readYaml(basePath);
  const variants = variantsOf(study.sweep, createRng(study.seed).fork("sweep"));
  checkNames(variants, file);
  const scenarios = variants.map((variant) => read(base, basePath, study, variant, file));
  return {
    study,
    variants,
    reference: referenceOf(study, variants, file),
    key: digest([study, await readFile(basePath, "utf8"), await ownPrograms(scenarios)]),
    needsOracle: study.figures.some(({ id }) => /^segmentation\.(oracle|cost)\./.test(id)),
    scenarioOf: ({ variant, knee, seed }) => ofCase(scenarios[variant]!, study.seed, knee, seed),
  };
}

function refuseTooMany(cases: number, file: string, large: boolean): void {
  if (cases <= (large ? MOST_CASES : MANY_CASES)) return;
  const cores = availableParallelism();
  const { seconds, resultsMb } = predictCases(cases, cores);
  const rest = "take fewer values, or draw points (sweep.kind: latin-hypercube)";
  throw new UnsuitableInputError(
    `${file} asks for ${cases} cases: about ${inWords(seconds)} on ${cores} cores and ` +
      `${(resultsMb / 1024).toFixed(1)} GB of results`,
    cases <= MOST_CASES ? `Add --yes to begin, or ${rest}` : `More than ${MOST_CASES} are never begun: ${rest}`,
  );
}

/** What users bring to their variants: a program or network that is changed makes other cases. */
async function ownPrograms(scenarios: readonly Simulated[]): Promise<string[]> {
  const files = scenarios.flatMap(({ segmentation, pose }) => [...filesOf(segmentation), ...filesOf(pose)]);
  return Promise.all([...new Set(files)].sort().map((file) => readFile(file, "utf8")));
}

const filesOf = (stage: Scenario["segmentation"] | Scenario["pose"]): readonly string[] => {
  if (stage.kind === "module") return [stage.file];
  if (stage.kind === "program") return stage.files;
  return (stage.kind === "neural" || stage.kind === "learned") && stage.model !== undefined ? [stage.model] : [];
};

type Simulated = Scenario & { readonly source: SimulatedSource };

function read(base: unknown, basePath: string, study: Study, { name, set }: Variant, file: string): Simulated {
  try {
    const fields = placeFiles({ ...study.set, ...set }, dirname(file)) as Readonly<Record<string, unknown>>;
    const scenario = scenarioFrom(withFields(base, fields), basePath);
    if (scenario.source.kind === "simulated") return { ...scenario, source: scenario.source };
    throw new FormatError(
      basePath,
      { field: "source.kind" },
      "only a simulated source has a truth",
      "Vary another one",
    );
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new FormatError(file, { field: `variant "${name}"` }, error.message, "Mend sweep or set in the study");
  }
}

function referenceOf({ reference }: Study, variants: readonly Variant[], file: string): number {
  if (reference === undefined) return 0;
  const found = variants.findIndex(({ name }) => name === reference);
  if (found >= 0) return found;
  throw new FormatError(
    file,
    { field: "reference" },
    `no variant is called "${reference}"`,
    `There are ${variants
      .slice(0, 8)
      .map(({ name }) => `"${name}"`)
      .join(", ")}`,
  );
}

/** Same knee and same draws in every variant, as far as a variant draws the same things. */
function ofCase(scenario: Simulated, studySeed: string, knee: number, seed: number): Simulated {
  const { source } = scenario,
    kneeSeed = `${studySeed}/knee ${knee}`;
  return {
    ...scenario,
    seed: `${kneeSeed}/seed ${seed}`,
    source: { ...source, phantom: { ...source.phantom, seed: kneeSeed } },
    report: { sampleFrames: 0 },
  };
}

/** In the order in which they run: a knee is whole before the next starts, and variants share its pictures. */
export function casesOf({ study, variants }: StudyPlan): CaseId[] {
  const cases: CaseId[] = [];
  for (let knee = 0; knee < study.knees; knee++)
    for (let seed = 0; seed < study.seedsPerKnee; seed++)
      for (let variant = 0; variant < variants.length; variant++) cases.push({ variant, knee, seed });
  return cases;
}
