import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { DecorrelationCurves } from "../pipeline/pose/decorrelation/curves.ts";
import { checkSchema } from "./check-schema.ts";
import { readYaml } from "./load.ts";

const row = z.array(z.number().min(0).max(500)).min(3).max(100);
const three = z.tuple([z.number().min(-100).max(100), z.number().min(-100).max(100), z.number().min(-100).max(100)]);
const rises = (values: readonly number[]): boolean => values.every((x, i) => i === 0 || x > values[i - 1]!);

const schema = z
  .strictObject({
    kind: z.literal("decorrelation-curves"),
    about: z.string().max(2000),
    probe: z.string().max(80),
    depthsMm: row.refine(rises, "expected rising depths"),
    distancesMm: row.refine((values) => values[0] === 0 && rises(values), "expected rising distances from 0"),
    lags: z
      .array(
        z.strictObject({
          lag: z.int().min(1).max(64),
          fall: z.array(row.refine(rises, "expected values that rise with the distance")).min(3).max(100),
          fallSd: z
            .array(z.array(z.number().positive().max(20)))
            .min(3)
            .max(100),
        }),
      )
      .min(1)
      .max(8)
      .describe("one table a lag, in frames"),
    coherency: three,
    typical: three,
    scaleSd: z.number().positive().max(2),
  })
  .refine(
    ({ depthsMm, distancesMm, lags }) =>
      lags.every(({ fall, fallSd }) =>
        [fall, fallSd].every(
          (table) => table.length === depthsMm.length && table.every((r) => r.length === distancesMm.length),
        ),
      ),
    "fall and fallSd need one row a depth and one column a distance",
  );

/** Of the default probe, by `sonobench calibrate decorrelation scenarios/calibrate-decorrelation.yaml`. */
export const defaultCurves = fileURLToPath(new URL("../../models/trackerless/telemed-l12-40.json", import.meta.url));

/** Throws a FormatError that names the file and the field. */
export async function loadCurves(path: string): Promise<DecorrelationCurves> {
  return checkSchema(schema, await readYaml(path), path, "Make it with: sonobench calibrate decorrelation");
}
