import { readFile, stat } from "node:fs/promises";
import { z } from "zod";
import { FormatError, UnsuitableInputError } from "../core/errors.ts";
import type { Rng } from "../core/rng.ts";
import { parametricPhantom, type Phantom } from "../sim/anatomy/phantom.ts";
import { buildKnee } from "../sim/knee/knee.ts";
import { type KneeParameters, typicalKnee } from "../sim/knee/parameters.ts";
import type { PhantomConfig } from "./schema.ts";
import { checkSchema } from "./check-schema.ts";

/** No file of parameters needs more; a larger one is something else. */
const MAX_BYTES = 1 << 20;

const fittedBone = z.object({
  kind: z.literal("fitted-bone"),
  bone: z.enum(["femur", "tibia", "patella"]),
  side: z.enum(["right", "left"]),
  parameters: z.record(z.string(), z.number()),
});

/** What `sonobench fit --out` writes, as far as a phantom needs it. Lengths in mm, angles in rad, as names end. */
export type FittedBoneFile = z.output<typeof fittedBone>;

/** The length of each bone that stands for its size. */
const SIZE = { femur: "epicondylarWidthMm", tibia: "plateauWidthMm", patella: "widthMm" } as const;

/** A knee drawn by the seed, with the fitted bones that the scenario names. */
export async function fittedPhantom(
  { sex, flexionDeg, bones }: Extract<PhantomConfig, { readonly kind: "parametric" }>,
  rng: Rng,
): Promise<Phantom> {
  const drawn = typicalKnee(rng, sex === "any" ? undefined : sex);
  const files = await Promise.all(bones.map(async (path) => ({ path, file: await readFittedBone(path) })));
  const parameters = files.length === 0 ? drawn : withFittedBones(drawn, files);
  const phantom = parametricPhantom(await buildKnee(parameters, { flexionRad: (flexionDeg * Math.PI) / 180 }));
  const left = files.filter(({ file }) => file.side === "left").map(({ file }) => file.bone);
  if (left.length === 0) return phantom;
  const words = `the fitted ${left.join(", ")} of a left knee ${left.length > 1 ? "are" : "is"} used mirrored, as a right one`;
  return { ...phantom, notes: [...phantom.notes, words] };
}

/** Reads one file of `sonobench fit --out`. Throws a FormatError that names the file and the field. */
export async function readFittedBone(path: string): Promise<FittedBoneFile> {
  const { size } = await stat(path);
  if (size > MAX_BYTES) {
    throw new FormatError(path, { whole: true }, `is ${size} bytes large`, "Give what `sonobench fit --out` wrote");
  }
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new FormatError(path, { whole: true }, (error as Error).message, "Give what `sonobench fit --out` wrote");
  }
  return checkSchema(fittedBone, json, path, "Give what `sonobench fit --out` wrote");
}

/**
 * A drawn knee with the fitted bones in the place of its own; bones that were not fitted, and the soft tissue that
 * grows with the bones, keep their drawn shape at the fitted size. Throws a FormatError when a file names another set
 * of parameters than this version has, an UnsuitableInputError when two files are of one bone.
 */
export function withFittedBones(
  drawn: KneeParameters,
  files: readonly { readonly path: string; readonly file: FittedBoneFile }[],
): KneeParameters {
  const given = new Map<FittedBoneFile["bone"], FittedBoneFile["parameters"]>();
  for (const { path, file } of files) {
    if (given.has(file.bone))
      throw new UnsuitableInputError(`two files are of the ${file.bone}`, "Give each bone once");
    given.set(file.bone, checked(path, file, drawn));
  }
  const sizes = [...given].map(([bone, values]) => values[SIZE[bone]]! / (drawn[bone] as never)[SIZE[bone]]);
  const scale = sizes.reduce((sum, s) => sum + s, 0) / sizes.length;
  const part = <B extends FittedBoneFile["bone"]>(bone: B): KneeParameters[B] =>
    (given.get(bone) as KneeParameters[B] | undefined) ?? scaled(drawn[bone], scale);
  return { ...drawn, femur: part("femur"), tibia: part("tibia"), patella: part("patella") };
}

function checked(path: string, { bone, parameters }: FittedBoneFile, drawn: KneeParameters) {
  for (const name of Object.keys(drawn[bone])) {
    const value = parameters[name];
    if (value === undefined || !Number.isFinite(value)) {
      throw new FormatError(
        path,
        { field: `parameters.${name}` },
        "is missing",
        "Fit the bone again with this version",
      );
    }
  }
  const size = parameters[SIZE[bone]]!,
    usual = (drawn[bone] as never)[SIZE[bone]] as number;
  if (!(size > usual / 2 && size < usual * 2)) {
    throw new FormatError(
      path,
      { field: `parameters.${SIZE[bone]}` },
      `is ${size.toPrecision(3)} mm where a ${bone} has about ${usual.toPrecision(3)}`,
      "Fit a bone of an adult, in millimetres",
    );
  }
  return Object.fromEntries(Object.keys(drawn[bone]).map((name) => [name, parameters[name]!]));
}

/** Lengths, but not deviations from an average shape, times `scale`. */
function scaled<T extends object>(values: T, scale: number): T {
  return Object.fromEntries(
    Object.entries(values as Record<string, number>).map(([name, value]) => [
      name,
      name.endsWith("Mm") && !name.endsWith("OffsetMm") ? value * scale : value,
    ]),
  ) as T;
}
