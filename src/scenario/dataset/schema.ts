import { z } from "zod";
import { probes, type ProbeName } from "../../sim/probe/probe.ts";
import { checkSchema } from "../check-schema.ts";

const range = (low: number, high: number, from: number, to: number) =>
  z
    .tuple([z.number().min(low).max(high), z.number().min(low).max(high)])
    .refine(([a, b]) => a <= b, "expected [lowest, highest]")
    .default([from, to]);

const share = (low: number, high: number, usual: number) => z.number().min(low).max(high).default(usual);

const datasetSchema = z.strictObject({
  kind: z.literal("dataset"),
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]*$/i, "use letters, digits, dots, dashes")
    .max(80),
  about: z.string().max(2000).default(""),
  seed: z.string().min(1).max(200).default("dataset"),
  split: z
    .strictObject({
      train: z.int().min(0).max(10000).default(160),
      validation: z.int().min(0).max(1000).default(20),
      test: z.int().min(0).max(1000).default(20),
    })
    .prefault({})
    .describe("knees of each part: parts never share a knee"),
  framesPerSetting: z.int().min(1).max(1000).default(12),
  settingsPerKnee: z.int().min(1).max(20).default(3).describe("probes and scanner settings tried on each knee"),
  widthPx: z.int().min(64).max(1024).default(256),
  heightPx: z.int().min(64).max(1024).default(256),
  probes: z
    .array(z.enum(Object.keys(probes) as [ProbeName, ...ProbeName[]]))
    .min(1)
    .default(["telemed-l12-40", "l14-5-38"]),
  testProbes: z
    .array(z.enum(Object.keys(probes) as [ProbeName, ...ProbeName[]]))
    .min(1)
    .optional()
    .describe("of the test part alone, for probes that the training never meets; default: `probes`"),
  probeSpread: share(0, 0.3, 0).describe("frequency, bandwidth, pitch, lens and radius of a probe each vary by this"),
  gridSpacingMm: z.number().min(0.4).max(2).default(0.75),
  flexionDeg: range(0, 120, 0, 110),
  effusionMm: range(0, 15, 0, 8),
  depthMm: range(20, 120, 28, 70),
  dynamicRangeDb: range(20, 120, 45, 75),
  gainDb: range(-40, 40, -8, 8),
  tgcSlidersDb: z.number().min(0).max(20).default(2.5).describe("SD of each of the eight sliders"),
  smoothingLateralMm: range(0, 2, 0, 0.5),
  smoothingAxialMm: range(0, 1, 0, 0.25),
  assumedSpeedMps: range(1400, 1700, 1500, 1580),
  attenuationShare: range(0.3, 3, 0.75, 1.35).describe("times the tissues' attenuation"),
  echoSpreadDb: z.number().min(0).max(12).default(3).describe("SD of each tissue's scatter level"),
  pressMm: range(-10, 10, -1.5, 5).describe("how deep the face sits in the resting skin; negative leaves gaps of air"),
  tiltSdDeg: z.number().min(0).max(40).default(10).describe("of the beam out of the planned plane and in it"),
  turnedShare: share(0, 1, 0.35).describe("frames turned by any angle about the beam"),
  speedSpread: share(0, 0.05, 0).describe("SD of each tissue's speed of sound, as a share"),
  roughnessShare: range(0.3, 3, 1, 1).describe("times the roughness of bone"),
  noiseDb: range(-120, -30, -70, -70),
  edgeEnhancement: range(0, 2, 0, 0),
  gamma: range(0.4, 2.5, 1, 1),
  sCurve: range(0, 1, 0, 0),
  compoundShare: share(0, 1, 0).describe("settings of linear probes that compound 3 directions, up to 10° aside"),
  bonelessShare: share(0, 1, 0).describe("settings in which the bones are taken out"),
  tankShare: share(0, 1, 0).describe(
    "settings that show the wires of a calibration phantom in water instead of a knee",
  ),
  waterShare: share(0, 1, 0).describe("settings that show the bare bones in water, as a printed part is scanned"),
  waterC: range(0, 60, 18, 48).describe("temperature of that water"),
  gasShare: share(0, 1, 0).describe("frames of linear probes with a pocket of gas, whose tail rings, in the tissue"),
  wireShare: share(0, 1, 0).describe("frames with wires (needles, sutures) in the tissue above bone"),
});

/** What `sonobench dataset` makes: every range is drawn from evenly, for each knee or setting. */
export type DatasetRecipe = z.output<typeof datasetSchema>;

/** Throws a FormatError that names the file and the field. */
export function parseRecipe(json: unknown, file: string): DatasetRecipe {
  return checkSchema(datasetSchema, json, file, "See scenarios/datasets/bone.yaml and docs/segmentation.md");
}
