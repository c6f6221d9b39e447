import { z } from "zod";
import { probes, type ImageSettings, type Probe, type ProbeName } from "../sim/probe/probe.ts";
import { presetTgcDbPerCm, scanners, type ScannerName } from "../sim/probe/scanners.ts";

/** Keys of a table as the literals that a scenario may name. */
const names = <Name extends string>(table: Readonly<Record<Name, unknown>>) =>
  z.enum(Object.keys(table) as [Name, ...Name[]]);

const ofScanner = "; the scanner's when left out";
const ofProbe = "; the probe's own when left out";

export const scannerSchema = names<ScannerName>(scanners)
  .default("telemed-micrus")
  .describe("a preset of probe, picture, filters, frame rate and lag; whatever is given besides goes before it");

/** Figures of a probe that its maker does not publish can be set: they are what a fit to a real one would find. */
export const probeSchema = z.strictObject({
  kind: names<ProbeName>(probes)
    .exactOptional()
    .describe("the probe" + ofScanner),
  frequencyHz: z
    .number()
    .min(1e6)
    .max(3e7)
    .exactOptional()
    .describe("centre of the pulse's spectrum" + ofProbe),
  bandwidth: z
    .number()
    .min(0.2)
    .max(1.2)
    .exactOptional()
    .describe("−6 dB width over centre frequency" + ofProbe),
  elevationApertureMm: z
    .number()
    .min(1)
    .max(30)
    .exactOptional()
    .describe("height of the elements" + ofProbe),
  elevationFocusMm: z
    .number()
    .min(5)
    .max(200)
    .exactOptional()
    .describe("focus of the lens" + ofProbe),
  transmitFocusMm: z
    .number()
    .min(5)
    .max(200)
    .exactOptional()
    .describe("focus of the transmitted beam" + ofProbe),
  lineCount: z
    .int()
    .min(32)
    .max(512)
    .exactOptional()
    .describe("scan lines of a frame" + ofProbe),
});

export const imagingSchema = z.strictObject({
  widthPx: z
    .int()
    .min(64)
    .max(2048)
    .exactOptional()
    .describe("columns of the picture" + ofScanner),
  heightPx: z
    .int()
    .min(64)
    .max(2048)
    .exactOptional()
    .describe("rows of the picture" + ofScanner),
  depthMm: z
    .number()
    .min(20)
    .max(200)
    .exactOptional()
    .describe("depth that is shown" + ofScanner),
  assumedSpeedMps: z.number().min(1300).max(1700).exactOptional().describe("speed of sound that depths are shown by" + ofScanner), // prettier-ignore
  dynamicRangeDb: z
    .number()
    .min(20)
    .max(120)
    .exactOptional()
    .describe("from black to white" + ofScanner),
  gainDb: z
    .number()
    .min(-60)
    .max(60)
    .exactOptional()
    .describe("overall gain" + ofScanner),
  tgcDbPerCm: z.number().min(0).max(40).exactOptional().describe("gain over depth; 1.73 dB/cm per MHz when left out"),
  tgcSlidersDb: z.array(z.number().min(-30).max(30)).length(8).exactOptional().describe("eight sliders from face to full depth" + ofScanner), // prettier-ignore
  smoothingMm: z.array(z.number().min(0).max(3)).length(2).exactOptional().describe("lateral and axial standard deviation of the speckle filter" + ofScanner), // prettier-ignore
  compoundLooks: z.int().min(1).max(15).exactOptional().describe("frames of steered beams that are averaged, odd, each at the cost of a frame; linear probes only" + ofScanner), // prettier-ignore
  compoundAngleDeg: z
    .number()
    .min(1)
    .max(20)
    .exactOptional()
    .describe("outermost steering angle" + ofScanner),
  edgeEnhancement: z.number().min(0).max(3).exactOptional().describe("share of fine detail that is added once more" + ofScanner), // prettier-ignore
  gamma: z
    .number()
    .min(0.2)
    .max(5)
    .exactOptional()
    .describe("exponent of the gray map" + ofScanner),
  sCurve: z
    .number()
    .min(0)
    .max(1)
    .exactOptional()
    .describe("share of an S-shaped gray map" + ofScanner),
  noiseDb: z
    .number()
    .min(-200)
    .max(0)
    .exactOptional()
    .describe("receiver noise re muscle speckle at the face" + ofScanner),
  persistence: z
    .number()
    .min(0)
    .max(0.95)
    .exactOptional()
    .describe("share of a shown picture that is left after 1/30 s" + ofScanner),
  rateHz: z
    .number()
    .min(1)
    .max(120)
    .exactOptional()
    .describe("how often images are polled" + ofScanner),
  lagS: z.number().min(0).max(1).exactOptional().describe("from the echo to the time that the host gives the image, on average" + ofScanner), // prettier-ignore
  scannerRateHz: z
    .number()
    .min(1)
    .max(1000)
    .default(28)
    .describe("pictures that the scanner makes: a faster poll gets some twice, a slower one misses some"),
  pollDelayS: z.number().min(0).max(0.1).default(0.002).describe("mean by which the host polls late"),
  skipShare: z.number().min(0).max(0.9).default(0.005).describe("share of polls that the busy host leaves out"),
});

export interface ProbeConfig extends Omit<z.output<typeof probeSchema>, "kind"> {
  readonly kind: ProbeName;
}
export type ImagingConfig = Required<z.output<typeof imagingSchema>>;

interface Chosen {
  readonly scanner: ScannerName;
  readonly probe: z.output<typeof probeSchema>;
  readonly imaging: z.output<typeof imagingSchema>;
}

/** Fills in what the scanner's preset says. */
export function withScanner<Source extends Chosen>(
  source: Source,
): Omit<Source, "probe" | "imaging"> & { readonly probe: ProbeConfig; readonly imaging: ImagingConfig } {
  const { settings, rateHz, lagS, persistence, ...scanner } = scanners[source.scanner];
  const probe = { ...source.probe, kind: source.probe.kind ?? scanner.probe };
  const { tgcSlidersDb, smoothingMm, compoundAngleRad, ...rest } = settings;
  return {
    ...source,
    probe,
    imaging: {
      ...rest,
      tgcDbPerCm: round(presetTgcDbPerCm(probeOf(probe))),
      tgcSlidersDb: [...tgcSlidersDb],
      smoothingMm: [...smoothingMm],
      compoundAngleDeg: round((compoundAngleRad * 180) / Math.PI),
      // A curved face does not steer its beams here: its presets do without.
      ...(probeOf(probe).radiusMm ? { compoundLooks: 1 } : {}),
      rateHz,
      lagS,
      persistence,
      ...source.imaging,
    },
  };
}

const round = (value: number): number => Math.round(value * 100) / 100;

export function probeOf({ kind, ...changes }: ProbeConfig): Probe {
  return { ...probes[kind], ...changes };
}

export function imageSettingsOf({
  rateHz: _rate,
  lagS: _lag,
  persistence: _persistence,
  scannerRateHz: _scannerRate,
  pollDelayS: _pollDelay,
  skipShare: _skipShare,
  compoundAngleDeg,
  tgcSlidersDb,
  smoothingMm,
  ...settings
}: ImagingConfig): ImageSettings {
  return {
    ...settings,
    compoundAngleRad: (compoundAngleDeg * Math.PI) / 180,
    tgcSlidersDb: tgcSlidersDb as unknown as ImageSettings["tgcSlidersDb"], // the schema counted eight
    smoothingMm: smoothingMm as unknown as ImageSettings["smoothingMm"],
  };
}
