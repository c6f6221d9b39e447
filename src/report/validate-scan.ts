import { z } from "zod";
import { FormatError } from "../core/errors.ts";
import type { ScanTrack } from "../data/scan-track.ts";
import { fieldName } from "./field-name.ts";
import { parseJsonText } from "../core/json-text.ts";

const VERSION = 1;
/** Both sides of an image, as in report.json. */
const side = z.int().min(1).max(65_535);
/** Far more than a page shows: what lies beyond was not written by SonoBench. */
const MAX_FRAMES = 20_000;
const MAX_COLUMNS = 1000;

const scanSchema = z
  .strictObject({
    schemaVersion: z.literal(VERSION),
    widthPx: side,
    heightPx: side,
    columns: z.array(z.int().min(0)).max(MAX_COLUMNS),
    everyFrames: z.int().min(1),
    strokes: z.array(z.string()),
    film: z
      .strictObject({
        file: z.string().regex(/^[\w-]+\.png$/, { error: "expected the name of a PNG file" }),
        across: z.int().min(1),
        tilePx: z.tuple([side, side]),
      })
      .nullable(),
    frames: z
      .array(
        z.strictObject({
          index: z.int().min(0),
          timeS: z.number(),
          stroke: z.int().min(-1),
          pose: z.array(z.number()).length(9),
          rows: z.array(z.number().nullable()),
        }),
      )
      .max(MAX_FRAMES),
  })
  .refine(({ widthPx, columns }) => columns.every((column) => column < widthPx), {
    path: ["columns"],
    error: "expected columns of the image",
  })
  .refine(({ columns, frames }) => frames.every(({ rows }) => rows.length === columns.length), {
    path: ["frames"],
    error: "expected one row a column in every frame",
  })
  .refine(({ strokes, frames }) => frames.every(({ stroke }) => stroke < strokes.length), {
    path: ["frames"],
    error: "expected strokes that are listed",
  });

const REMEDY = "Run the scenario again: it writes the file anew";

/** `scan.json` of a result folder. Throws a FormatError that names the first field that is wrong. */
export function parseScanTrack(text: string, file: string): ScanTrack {
  const parsed = scanSchema.safeParse(parseJsonText(text, file, REMEDY));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue && fieldName(issue.path);
  throw new FormatError(file, field ? { field } : { whole: true }, issue?.message ?? "not a scan track", REMEDY);
}
