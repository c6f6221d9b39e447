import { z } from "zod";
import { FormatError } from "../core/errors.ts";
import type { Report } from "../data/report.ts";
import { fieldName } from "./field-name.ts";
import { parseJsonText } from "../core/json-text.ts";

const SCHEMA_VERSION = 1;

const count = z.int().min(0);
/** Quotients of sums may miss 1 by their rounding. */
const ROUNDING = 1e-9;
const share = z
  .number()
  .min(0)
  .max(1 + ROUNDING);
const maybe = z.number().nullable();
const length = z.number().min(0);
const maybeLength = length.nullable();
const perThreshold = z.tuple([share, share, share, share]).nullable();

/** A path inside the result folder: a report that someone sends must not name files elsewhere. */
const innerPath = z
  .string()
  .min(1)
  .refine((path) => !/^([/\\]|[a-z]:)/i.test(path) && !path.split(/[/\\]/).includes("..") && !path.includes("\0"), {
    error: "expected a path inside the result folder",
  });

const figure = z
  .strictObject({ value: z.number(), low: z.number(), high: z.number(), unit: z.string() })
  .refine(({ low, high }) => low <= high, { error: "expected low ≤ high" });

const surfaceScore = z.strictObject({
  assd: maybeLength,
  meanAccuracy: maybeLength,
  meanCompleteness: maybeLength,
  rms: maybeLength,
  rmsAccuracy: maybeLength,
  hd95: maybeLength,
  hd100: maybeLength,
  bias: maybe,
  precision: perThreshold,
  coverage: perThreshold,
  fScore: perThreshold,
  surfaceDice: perThreshold,
  resultAreaMm2: length,
  truthAreaMm2: length,
});

const region = z.strictObject({
  region: z.string(),
  truthAreaMm2: length,
  reachableShare: share,
  mean: maybeLength,
  p95: maybeLength,
  bias: maybe,
  coverage1mm: share.nullable(),
});

const histogram = z
  .strictObject({ edgesMm: z.array(z.number()), share: z.array(share) })
  .refine(({ edgesMm, share }) => edgesMm.length === share.length + 1 || edgesMm.length + share.length === 0, {
    error: "expected one more edge than shares",
  })
  .refine(({ edgesMm }) => edgesMm.every((edge, i) => i === 0 || edge > edgesMm[i - 1]!), {
    error: "expected edges that increase",
  });

const bone = z.strictObject({
  bone: z.enum(["femur", "tibia", "patella", "fibula", "all", "bone"]),
  scores: z.strictObject({ reachable: surfaceScore, unreachable: surfaceScore, whole: surfaceScore }),
  aligned: z.strictObject({ reachable: surfaceScore, translationMm: length, rotationDeg: length }).nullable(),
  regions: z.array(region),
  histogram,
  failure: z.string().nullable(),
});

const completedBone = z.strictObject({
  bone: z.enum(["femur", "tibia", "patella", "fibula"]),
  rmsMm: z.strictObject({ seen: maybeLength, unseen: maybeLength, whole: maybeLength }).nullable(),
  unseenP95Mm: maybeLength,
  withinStated: share.nullable(),
  statedSdMm: z.tuple([length, length]),
  print: z.strictObject({
    closed: z.boolean(),
    crossings: z.int().min(0).exactOptional(),
    sizeMm: z.tuple([length, length, length]),
    volumeMm3: z.number(),
    minWallMm: maybeLength,
    wall1PercentMm: maybeLength,
  }),
});

const route = z.strictObject({
  route: z.enum(["points", "volume", "slicer", "plus"]),
  assdMm: maybeLength,
  hd95Mm: maybeLength,
  biasMm: maybe,
  coverage2mm: share.nullable(),
  precision2mm: share.nullable(),
  areaMm2: z.number(),
});

const perImage = z.array(z.number()).max(1000);
const perAxis = z.strictObject({ lateral: perImage, axial: perImage, elevational: perImage });
const motion = z
  .strictObject({
    sweep: z.string(),
    frames: count,
    pathMm: perImage,
    errorMm: perAxis,
    sdMm: perAxis.nullable(),
    withinStated: share.nullable(),
    methods: z
      .array(
        z.strictObject({
          method: z.string(),
          driftMm: perImage,
          score2025: maybe,
          finalByPath: maybeLength,
          gpeMm: maybeLength,
          lpeMm: maybeLength,
        }),
      )
      .min(1),
  })
  .refine(
    ({ pathMm, errorMm, sdMm, methods }) =>
      [errorMm, sdMm ?? errorMm].flatMap((axes) => Object.values(axes)).every((of) => of.length === pathMm.length) &&
      methods.every(({ driftMm }) => driftMm.length === pathMm.length),
    { error: "expected as many numbers as in pathMm everywhere" },
  );

const rows = z.array(maybe);
const frame = z
  .strictObject({
    index: count,
    file: innerPath,
    label: z.string(),
    width: z.int().min(1).max(65_535),
    height: z.int().min(1).max(65_535),
    pixelMm: z.tuple([z.number().positive(), z.number().positive()]),
    foundRow: rows,
    trueRow: rows.nullable(),
  })
  .refine(({ width, foundRow }) => foundRow.length === width, {
    path: ["foundRow"],
    error: "expected one row a column",
  })
  .refine(({ width, trueRow }) => trueRow === null || trueRow.length === width, {
    path: ["trueRow"],
    error: "expected one row a column, or null",
  });

const hash = (length: number) => z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`));

const software = z.strictObject({
  name: z.literal("sonobench"),
  version: z.string(),
  code: z
    .strictObject({ commit: z.union([hash(40), hash(64)]), dirty: z.boolean() })
    .describe("of the program's own repository; dirty: program, models or packages differ from that commit")
    .exactOptional(),
  packages: z.record(z.string(), z.string()).describe("packages that figures follow from").exactOptional(),
});

const reportSchema = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  kind: z.enum(["run", "reconstruct"]),
  title: z.string(),
  software,
  seed: z.string().nullable(),
  headline: z.record(z.string(), figure),
  // Anything, as deep as it likes: a schema that looked inside could be made to overflow the stack.
  configuration: z.unknown().refine((value) => value !== undefined, { error: "expected the options of the run" }),
  bones: z.array(bone),
  completed: z.array(completedBone).exactOptional(),
  routes: z.array(route).exactOptional(),
  motion: z.array(motion).exactOptional(),
  segmentation: z
    .strictObject({
      meanAbsMm: maybeLength,
      p95Mm: maybeLength,
      biasMm: maybe,
      missedColumnsShare: share.nullable(),
      falseColumnsShare: share.nullable(),
      columns: count,
      oracle: z
        .strictObject({ assd: maybeLength, hd95: maybeLength, coverage2mm: share.nullable() })
        .optional()
        .describe(
          "reachable bone with the true bone line in place of the found one; the rest is what segmentation costs",
        ),
    })
    .nullable(),
  frames: z
    .strictObject({ total: count, used: count, dropped: z.record(z.string(), count), samples: z.array(frame) })
    .refine(({ total, used }) => used <= total, { path: ["used"], error: "expected no more than the total" }),
  models: z.array(z.strictObject({ use: z.string(), name: z.string(), sha256: hash(64) })).exactOptional(),
  meshes: z.array(
    z.strictObject({ bone: z.string(), role: z.enum(["result", "truth"]), file: innerPath, triangles: count }),
  ),
  probePathMm: z
    .array(z.number())
    .refine(({ length }) => length % 3 === 0, { error: "expected three numbers a position" }),
  notModelled: z.array(z.string()),
  warnings: z.array(z.string()),
});

const REMEDY = "Make the report again from its scenario, or restore the file that the run wrote";

/** The value of a parsed report.json. Throws a FormatError that names the first field that is wrong. */
export function parseReport(json: unknown, file: string): Report {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new FormatError(file, { whole: true }, "this is no report: expected a JSON object", REMEDY);
  }
  // Another version differs in more fields than this one; only this one explains them.
  const version = "schemaVersion" in json ? json.schemaVersion : undefined;
  if (version !== SCHEMA_VERSION) {
    const found = version === undefined ? "nothing" : JSON.stringify(version);
    throw new FormatError(
      file,
      { field: "schemaVersion" },
      `expected ${SCHEMA_VERSION}, got ${found}`,
      "Open it with the version of SonoBench that wrote it, or run the scenario again with this one",
    );
  }
  const parsed = reportSchema.safeParse(json);
  if (parsed.success) return parsed.data satisfies Report;
  const [issue] = parsed.error.issues;
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
  const field = issue && fieldName([...issue.path, ...unknown]);
  throw new FormatError(file, field ? { field } : { whole: true }, issue?.message ?? "not a report", REMEDY);
}

/** As `parseReport`, from the text of the file: a file that was cut off is told apart from one that was edited. */
export function parseReportText(text: string, file: string): Report {
  return parseReport(parseJsonText(text, file, REMEDY, "}"), file);
}

/** JSON Schema (draft 2020-12) of report.json. */
export function reportJsonSchema(): object {
  return z.toJSONSchema(reportSchema, { unrepresentable: "any" });
}
