import { z } from "zod";
import type { Fault } from "../hardware/faults/script.ts";

const line = z.enum(["poses", "images"]);
const share = z.number().min(0).max(1).describe("probability of each sample");
const time = z.number().min(0);
const tool = z.string().min(1).max(100).describe('as the tracker names it: "Probe", "Femur", "Tibia"');

/** Seconds since the first sample of the line. */
const during = { fromS: time.optional(), toS: time.optional() };

/**
 * What happens to the devices of a simulated scan; docs/faults.md says what each does. A change of the images' size is
 * not among them: a recording holds images of one size.
 */
export const faultSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("lost"), line, share, run: z.int().min(1).max(10_000).optional(), ...during }),
  z.strictObject({ kind: z.enum(["damaged", "repeated", "reordered", "late", "foreign"]), line, share, ...during }),
  z.strictObject({ kind: z.literal("chopped"), line, ...during }),
  z.strictObject({ kind: z.literal("other-version"), share, ...during }),
  z.strictObject({ kind: z.literal("paused"), line, ...during }),
  z.strictObject({
    kind: z.literal("disconnected"),
    line,
    atS: time,
    forS: time,
    how: z.enum(["cut", "silent", "lying-size", "goodbye"]),
  }),
  z.strictObject({ kind: z.literal("clock-step"), line, atS: time, byS: z.number() }),
  z.strictObject({
    kind: z.literal("clock-offset"),
    line,
    byS: z.number().min(-100).max(100),
    ppm: z.number().min(-1000).max(1000),
  }),
  z.strictObject({ kind: z.literal("no-exposure-time") }),
  z.strictObject({ kind: z.literal("repeated-image"), share, ...during }),
  z.strictObject({ kind: z.literal("depth-changed"), atS: time, factor: z.number().min(0.2).max(5) }),
  z.strictObject({ kind: z.literal("redefined"), atS: time }),
  z.strictObject({ kind: z.enum(["occluded", "missing", "frozen"]), tool, ...during }),
  z.strictObject({
    kind: z.literal("invalid"),
    tool,
    as: z.enum(["nan", "scaled", "mirrored", "zero"]),
    ...during,
  }),
  z.strictObject({ kind: z.literal("swapped"), tools: z.tuple([tool, tool]), ...during }),
  z.strictObject({ kind: z.literal("jumped"), tool, byMm: z.number().min(-1000).max(1000), ...during }),
]) satisfies z.ZodType<Fault>;
