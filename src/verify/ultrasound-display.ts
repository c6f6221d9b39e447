import { mean, standardDeviation } from "../core/stats.ts";
import { gainAt } from "../sim/probe/display.ts";
import { allEffects } from "../sim/probe/effects.ts";
import { muscleTissue, phantomPose, phantomScene, plainTissue } from "../sim/probe/phantoms.ts";
import { defaultProbe, defaultSettings, imageGeometry } from "../sim/probe/probe.ts";
import { createPersistence } from "../sim/probe/persistence.ts";
import type { EchoSimulator } from "../sim/probe/echo.ts";
import type { IqGrid } from "../sim/probe/splat.kernel.ts";
import type { Scene } from "../sim/scene.ts";
import type { Check, CheckContext } from "./check.ts";
import {
  beamTo,
  COARSE,
  copyOf,
  dB,
  fixed,
  LINE_MM,
  meanPower,
  once,
  plainBlock,
  powerAt,
  silent,
  simulatorOf,
} from "./ultrasound-frames.ts";

const sampleMm = (): number => beamTo(50).sampleMm;
const { spacingMm, faceCentrePx, width } = imageGeometry(defaultProbe, {});

/** Raw: no smoothing, no gain over depth. */
const raw = { smoothingMm: [0, 0] as const, tgcDbPerCm: 0 };

/** Rods of 5 mm across, along the elevation: without scatter at 20 mm, −20 dB at 32 mm, on both sides of the middle. */
const RODS = { radiusMm: 2.5, anechoicMm: 20, darkMm: 32, besideMm: [-8, 8] } as const;

const cystPhantom = (): Scene =>
  once("cyst phantom", () =>
    phantomScene(
      {
        tissue: (x, y) => {
          for (const at of RODS.besideMm) {
            if (Math.hypot(x - at, y - RODS.anechoicMm) < RODS.radiusMm) return 1;
            if (Math.hypot(x - at, y - RODS.darkMm) < RODS.radiusMm) return 2;
          }
          return 0;
        },
        tissues: [plainTissue(), silent, { ...plainTissue(), echoDb: -20 }],
      },
      { spacingMm: 0.25 },
    ),
  );

/** Power of samples inside rods at a depth (to `shareOfRadius` of the radius) and beside them, over many frames. */
function rodSamples({ full }: CheckContext, depthMm: number, shareOfRadius = 0.7) {
  const frames = once(`cyst ${full}`, () =>
    Array.from({ length: full ? 20 : 4 }, (_, i) => simulatorOf(cystPhantom(), ["speckle"], { seed: `verify ${i}` }))
      .map((simulator) => [-2.5, 2.5].map((z) => copyOf(simulator.echo(phantomPose(0, 0, z), 0))))
      .flat(),
  );
  const inRod: number[] = [],
    beside: number[] = [];
  for (const iq of frames) {
    for (let sample = Math.ceil((depthMm - 2.5) / sampleMm()); sample * sampleMm() < depthMm + 2.5; sample++) {
      for (let line = 0; line < defaultProbe.lineCount; line++) {
        const x = (line - (defaultProbe.lineCount - 1) / 2) * LINE_MM,
          y = sample * sampleMm() - depthMm;
        const away = Math.min(...RODS.besideMm.map((at) => Math.hypot(x - at, y)));
        if (away < shareOfRadius * RODS.radiusMm) inRod.push(powerAt(iq, line, sample));
        else if (away > RODS.radiusMm + 1.5 && Math.abs(x) < 16) beside.push(powerAt(iq, line, sample));
      }
    }
  }
  return { inRod, beside };
}

/** Contrast over spread of the displayed (logarithmic) values. */
function contrastToNoise({ inRod, beside }: { readonly inRod: readonly number[]; readonly beside: readonly number[] }) {
  const [a, b] = [inRod, beside].map((powers) => powers.map((p) => dB(p + 1e-12))) as [number[], number[]];
  return Math.abs(mean(a) - mean(b)) / Math.hypot(standardDeviation(a), standardDeviation(b));
}

const pictureAt = (gainDb: number): Uint8Array =>
  once(
    `picture ${gainDb}`,
    () => simulatorOf(plainBlock(), ["speckle"], { settings: { ...raw, gainDb } }).frame(phantomPose(), 0).pixels,
  );

/** Pixels of the picture between two depths and within the middle 36 mm. */
function pixelsBetween(pixels: Uint8Array, fromMm: number, toMm: number): readonly number[] {
  const values: number[] = [];
  const half = Math.floor(18 / spacingMm[0]);
  for (let v = Math.ceil(fromMm / spacingMm[1]); v * spacingMm[1] < toMm; v++) {
    for (let u = Math.ceil(faceCentrePx[0] - half); u <= faceCentrePx[0] + half; u++)
      values.push(pixels[v * width + u]!);
  }
  return values;
}

const noiseOf = (gainDb: number, tgcDbPerCm: number): EchoSimulator =>
  simulatorOf(
    once("empty", () => phantomScene({ tissue: () => 0, tissues: [{ ...silent, name: "gel" }] }, COARSE)),
    ["noise"],
    { settings: { ...raw, gainDb, tgcDbPerCm } },
  );

/** Skin lies 12 mm below the face for x > 2 mm: two fifths of the face ring in air. */
const lifted = (): Scene =>
  once("lifted", () =>
    phantomScene(
      {
        skin: (x, y) => (x > 2 ? 12 - y : -y),
        tissue: (x, y) => (y < (x > 2 ? 12 : 0) ? 1 : 0),
        tissues: [muscleTissue, { ...silent, name: "gel" }],
      },
      { spacingMm: 0.5 },
    ),
  );

const IN_AIR: readonly [number, number] = [140, 188];
const IN_CONTACT: readonly [number, number] = [10, 80];

/** Envelope of the ring over depth, its decay taken out, and the highest peak of its autocorrelation beyond 0.3 mm. */
function ringPeriod(iq: IqGrid): { readonly periodMm: number; readonly correlation: number } {
  const from = Math.ceil(0.5 / sampleMm()),
    count = Math.floor(9 / sampleMm());
  const level = Array.from({ length: count }, (_, i) => dB(powerAt(iq, 160, from + i) + 1e-12));
  const centre = (count - 1) / 2,
    average = mean(level);
  let xy = 0, xx = 0; // prettier-ignore
  level.forEach((v, i) => {
    xy += (i - centre) * (v - average);
    xx += (i - centre) ** 2;
  });
  const flat = level.map((v, i) => v - average - (xy / xx) * (i - centre));
  const at = (lag: number): number => {
    let product = 0, a = 0, b = 0; // prettier-ignore
    for (let i = 0; i + lag < count; i++) {
      product += flat[i]! * flat[i + lag]!;
      a += flat[i]! ** 2;
      b += flat[i + lag]! ** 2;
    }
    return product / Math.sqrt(a * b);
  };
  let best = { periodMm: 0, correlation: -1 };
  for (let lag = Math.ceil(0.3 / sampleMm()); lag * sampleMm() < 4; lag++) {
    if (at(lag) > best.correlation) best = { periodMm: lag * sampleMm(), correlation: at(lag) };
  }
  return best;
}

export const displayChecks: readonly Check[] = [
  {
    id: "ultrasound.c21.contrast",
    statement: "A rod of 5 mm whose scatter is 20 dB lower reads 20 dB lower than its surroundings",
    source: "ratio of mean powers; the level of the phantom",
    expected: -20,
    tolerance: 1.5,
    async run(context) {
      const { inRod, beside } = rodSamples(context, RODS.darkMm);
      const found = dB(mean(inRod) / mean(beside));
      return { measured: found, pass: Math.abs(found + 20) <= 1.5 };
    },
  },
  {
    id: "ultrasound.c21.contrast-to-noise",
    statement: "Its contrast over spread |μ₁ − μ₂|/√(σ₁² + σ₂²) in the logarithm is that of developed speckle",
    source: "closed form 20/(√2·5.57) = 2.54; tolerance from 1.5 dB of contrast and 0.3 dB of spread",
    expected: 20 / (Math.SQRT2 * 5.57),
    tolerance: 0.3,
    async run(context) {
      const found = contrastToNoise(rodSamples(context, RODS.darkMm));
      return { measured: found, pass: Math.abs(found - 20 / (Math.SQRT2 * 5.57)) <= 0.3 };
    },
  },
  {
    id: "ultrasound.c21.anechoic",
    statement:
      "A rod of 5 mm without scatter is darker in its middle than the −20 dB one: side lobes and edges stay out",
    source: "two-way lobes of the apertures (−26 dB and lower)",
    expected: "below −26 dB",
    tolerance: "one-sided",
    async run(context) {
      const samples = rodSamples(context, RODS.anechoicMm, 0.5);
      const found = dB(mean(samples.inRod) / mean(samples.beside));
      return { measured: `${fixed(found, 1)} dB, CNR ${fixed(contrastToNoise(samples))}`, pass: found < -26 };
    },
  },
  {
    id: "ultrasound.c22.gain",
    statement: "6 dB of gain are 6·255/DR gray levels (DR 60 dB), on average of what is not clipped",
    source: "closed form",
    expected: 25.5,
    tolerance: 1,
    async run() {
      const dark = pictureAt(20),
        bright = pictureAt(26);
      const rises: number[] = [];
      dark.forEach((gray, i) => {
        if (gray >= 40 && gray <= 200) rises.push(bright[i]! - gray);
      });
      const found = mean(rises);
      return { measured: found, pass: rises.length > 10_000 && Math.abs(found - 25.5) <= 1 };
    },
  },
  {
    id: "ultrasound.c22.clipping",
    statement: "The share of white pixels grows with gain and that of black ones falls (0 … 60 dB)",
    source: "monotone map",
    expected: "monotone",
    tolerance: "exact",
    async run() {
      const shares = [0, 20, 40, 60].map((gainDb) => {
        const values = pixelsBetween(pictureAt(gainDb), 2, 48);
        return [255, 0].map((gray) => values.filter((v) => v === gray).length / values.length) as [number, number];
      });
      const pass = shares.every(([white, black], i) => {
        const before = shares[i - 1];
        return !before || (white >= before[0] && black <= before[1]);
      });
      return {
        measured: shares.map(([white, black]) => `white ${fixed(white, 3)} black ${fixed(black, 3)}`).join(", "),
        pass: pass && shares[3]![0] > shares[0]![0] && shares[0]![1] > shares[3]![1],
      };
    },
  },
  {
    id: "ultrasound.c23.noise-distribution",
    statement:
      "Without tissue there is receiver noise alone, whose logged envelope spreads like Rayleigh's, gray levels",
    source: "closed form 5.57 dB · 255/DR",
    expected: (5.57 * 255) / 60,
    tolerance: 1,
    async run() {
      const iq = noiseOf(60, 0).echo(phantomPose(), 0);
      const envelope: number[] = [];
      for (let sample = 60; sample < 780; sample++) {
        for (let line = 0; line < defaultProbe.lineCount; line++) envelope.push(Math.sqrt(powerAt(iq, line, sample)));
      }
      const found = (standardDeviation(envelope.map((v) => 20 * Math.log10(v))) * 255) / 60;
      const snr = mean(envelope) / standardDeviation(envelope);
      return {
        measured: `${fixed(found)} (mean over spread of the envelope ${fixed(snr, 3)}; Rayleigh 1.913)`,
        pass: Math.abs(found - (5.57 * 255) / 60) <= 1,
      };
    },
  },
  {
    id: "ultrasound.c23.noise-gain",
    statement: "Its gray rises with depth as the gain over depth does (10 dB/cm, from 10 to 40 mm)",
    source: "closed form: gain · 255/DR",
    expected: (gainAt({ ...defaultSettings, tgcDbPerCm: 10 }, 40) - gainAt({ ...defaultSettings, tgcDbPerCm: 10 }, 10)) * (255 / 60), // prettier-ignore
    tolerance: 1,
    async run() {
      // 70 dB of gain keep the noise (−70 dB) between the ends of the map at both depths.
      const pictures = [0, 1, 2, 3].map((frame) => noiseOf(72, 10).frame(phantomPose(), frame).pixels);
      const grayAt = (depth: number): number =>
        mean(pictures.flatMap((pixels) => pixelsBetween(pixels, depth - 2, depth + 2)));
      const found = grayAt(40) - grayAt(10);
      return { measured: found, pass: Math.abs(found - 30 * (255 / 60)) <= 1 };
    },
  },
  {
    id: "ultrasound.compounding.speckle",
    statement:
      "Compounding five looks of up to 17° calms speckle: mean over spread of the power, from that of one look",
    source:
      "closed form: one look 1, five √(N²/ΣΣρ) = 1.62 by the overlap of the apertures' spectra at the focus (steered looks " +
      "are read between lines, which calms them a little more), and never more than √5",
    expected: "0.9 … 1.1 for one look; 1.54 (5 % less) … √5 times that for five",
    tolerance: "as stated",
    async run() {
      const [one, five] = [1, 5].map((compoundLooks) => {
        const settings = { ...raw, dynamicRangeDb: 100, gainDb: 40, compoundLooks, compoundAngleRad: 0.3 };
        const { pixels } = simulatorOf(plainBlock(), ["speckle"], { settings }).frame(phantomPose(), 0);
        const powers: number[] = [];
        for (let v = Math.ceil(18 / spacingMm[1]); v * spacingMm[1] < 22; v++) {
          for (let u = Math.ceil(faceCentrePx[0] - 10 / spacingMm[0]); u < faceCentrePx[0] + 10 / spacingMm[0]; u++) {
            powers.push(10 ** ((pixels[v * width + u]! * 100) / 2550));
          }
        }
        return mean(powers) / standardDeviation(powers);
      }) as [number, number];
      const pass = one > 0.9 && one < 1.1 && five / one > 1.54 && five / one < Math.sqrt(5);
      return { measured: `${fixed(one)}, times ${fixed(five / one)}`, pass };
    },
  },
  {
    id: "ultrasound.persistence.step",
    statement: "With persistence p a step of gray is answered by 1 − pⁿ after n pictures; with p = 0 nothing is kept",
    source: "closed form of the recursive filter",
    expected: "0 gray levels off",
    tolerance: "rounding",
    async run() {
      let worst = 0;
      for (const share of [0, 0.3, 0.8]) {
        const persist = createPersistence(share);
        persist(new Uint8Array(1), 0);
        for (let n = 1; n <= 10; n++) {
          const [shown] = persist(Uint8Array.of(200), n / 30);
          worst = Math.max(worst, Math.abs(shown! - Math.round(200 * (1 - share ** n))));
        }
      }
      return { measured: worst, pass: worst === 0 };
    },
  },
  {
    id: "ultrasound.c24.air",
    statement: "Lines whose part of the face is in air lose the tissue's echo below 3 mm, dB re lines in contact",
    source: "reference 2.5: tissue to air lets −60 dB through there and back",
    expected: "at least 40 dB lost",
    tolerance: "one-sided",
    async run() {
      const iq = simulatorOf(lifted(), { ...allEffects, noise: false, ringDown: false }).echo(phantomPose(), 0);
      const found = dB(
        (meanPower(iq, sampleMm(), [3, 45], IN_AIR) + 1e-30) / meanPower(iq, sampleMm(), [3, 45], IN_CONTACT),
      );
      return { measured: found, pass: found <= -40 };
    },
  },
  {
    id: "ultrasound.c24.ring-bands",
    statement: "The face in air rings for longer than in contact, in bands that are equal on all of its lines",
    source: "UltrasonixLinearRfData of the PLUS recordings (probe in air), reference 3.2",
    expected: "correlation of two lines above 0.95, level above contact at 1-8 mm",
    tolerance: "one-sided",
    async run() {
      const only = simulatorOf(lifted(), ["ringDown"]).echo(phantomPose(), 0);
      let ab = 0, aa = 0, bb = 0; // prettier-ignore
      for (let sample = Math.ceil(0.5 / sampleMm()); sample * sampleMm() < 9; sample++) {
        const a = Math.sqrt(powerAt(only, 150, sample)),
          b = Math.sqrt(powerAt(only, 180, sample));
        ab += a * b;
        aa += a * a;
        bb += b * b;
      }
      const found = ab / Math.sqrt(aa * bb),
        over = dB(
          meanPower(only, sampleMm(), [1, 8], IN_AIR) / (meanPower(only, sampleMm(), [1, 8], IN_CONTACT) + 1e-30),
        );
      return { measured: `${fixed(found, 3)}; ${fixed(over, 0)} dB over contact`, pass: found > 0.95 && over > 0 };
    },
  },
  {
    id: "ultrasound.c24.ring-period",
    statement: "The ring comes at multiples of one spacing, that of the lens",
    source: "echoes to and fro inside the lens: autocorrelation of the ring's level over depth",
    expected: "a peak of the autocorrelation above 0.5",
    tolerance: "one-sided",
    async run() {
      const { periodMm, correlation } = ringPeriod(simulatorOf(lifted(), ["ringDown"]).echo(phantomPose(), 0));
      const pass = correlation > 0.5;
      return {
        measured:
          `${fixed(correlation)} at ${fixed(periodMm)} mm` +
          (pass ? "" : ": the ring is a random band, without period"),
        pass,
      };
    },
  },
];
