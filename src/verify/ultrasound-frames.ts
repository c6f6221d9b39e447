import { percentile } from "../core/stats.ts";
import { computeBeam, type Beam } from "../sim/probe/beam.ts";
import { createEchoSimulator, type EchoOptions, type EchoSimulator } from "../sim/probe/echo.ts";
import { onlyEffects, type EchoEffects } from "../sim/probe/effects.ts";
import { MARGIN_LINES } from "../sim/probe/lateral.ts";
import { phantomScene, plainTissue } from "../sim/probe/phantoms.ts";
import { apertureMm, defaultProbe, type ImageSettings } from "../sim/probe/probe.ts";
import type { PointTargets } from "../sim/probe/point-echoes.ts";
import type { IqGrid } from "../sim/probe/splat.kernel.ts";
import type { RoughSurface } from "../sim/probe/rough-surface.ts";
import type { Scene } from "../sim/scene.ts";

/** What the checks of the image formation share: phantoms, simulators, and how an echo is read. */

export const SPEED_MPS = 1540;
export const LINE_MM = apertureMm(defaultProbe) / defaultProbe.lineCount;
/** The scan line that lies on the axis of the image when the probe is moved by −LINE_MM / 2. */
export const MIDDLE = defaultProbe.lineCount / 2;
export const ON_AXIS_MM = -LINE_MM / 2;

const kept = new Map<string, unknown>();

/** Made once per process: tables, phantoms and frames that several checks look at. */
export function once<T>(key: string, make: () => T): T {
  if (!kept.has(key)) kept.set(key, make());
  return kept.get(key) as T;
}

export const beamTo = (depthMm: number): Beam =>
  once(`beam ${depthMm}`, () => computeBeam(defaultProbe, SPEED_MPS, depthMm));

export const COARSE = { spacingMm: 1 } as const;

/** Speckle without loss at the scanner's own speed of sound. */
export const plainBlock = (): Scene =>
  once("plain block", () => phantomScene({ tissue: () => 0, tissues: [plainTissue()] }, COARSE));

/** A medium that sends back nothing, so that what is put into it stands alone. */
export const silent = { ...plainTissue(), texture: "none" } as const;

export function simulatorOf(
  scene: Scene,
  effects: EchoEffects | readonly (keyof EchoEffects)[],
  options: {
    readonly seed?: string;
    readonly points?: PointTargets;
    readonly settings?: Partial<ImageSettings>;
    readonly boneSurface?: RoughSurface;
  } = {},
): EchoSimulator {
  const { seed = "verify", points, settings = {}, boneSurface } = options;
  const depthMm = settings.depthMm ?? 50;
  const simulator: EchoOptions = {
    beam: beamTo(depthMm),
    effects: "speckle" in effects ? effects : onlyEffects(effects),
    ...(points && { points }),
    ...(boneSurface && { boneSurface }),
  };
  return createEchoSimulator(scene, defaultProbe, { ...settings, depthMm }, seed, simulator);
}

/** A copy: the simulator overwrites its own. */
export function copyOf({ lines, samples, re, im }: IqGrid): IqGrid {
  return { lines, samples, re: re.slice(), im: im.slice() };
}

/** |echo|²; `line` counts scan lines from 0, without the margin. */
export function powerAt({ lines, re, im }: IqGrid, line: number, sample: number): number {
  const at = sample * lines + line + MARGIN_LINES;
  return re[at]! ** 2 + im[at]! ** 2;
}

export const lineCountOf = ({ lines }: IqGrid): number => lines - 2 * MARGIN_LINES;

/** Amplitude along one line within ±`reachMm` of a depth, and the sample it starts at. */
export function profile(iq: IqGrid, line: number, depthMm: number, sampleMm: number, reachMm = 1.2) {
  const first = Math.max(0, Math.round((depthMm - reachMm) / sampleMm));
  const count = Math.min(iq.samples - first, Math.round((2 * reachMm) / sampleMm));
  return { first, amplitude: Float64Array.from({ length: count }, (_, i) => Math.sqrt(powerAt(iq, line, first + i))) };
}

/** Place, in steps, and height of the highest peak, by the parabola through the logarithms of three samples. */
export function peakOf(amplitude: ArrayLike<number>): { readonly at: number; readonly height: number } {
  let top = 0;
  for (let i = 1; i < amplitude.length; i++) if (amplitude[i]! > amplitude[top]!) top = i;
  if (top === 0 || top === amplitude.length - 1) return { at: top, height: amplitude[top] ?? NaN };
  const [a, b, c] = [top - 1, top, top + 1].map((i) => Math.log(amplitude[i]! + 1e-30)) as [number, number, number];
  const bend = a - 2 * b + c,
    shift = bend < 0 ? (a - c) / (2 * bend) : 0;
  return { at: top + shift, height: Math.exp(b - ((a - c) * shift) / 4) };
}

/** Depth at which a line is brightest near `depthMm`, mm. */
export function peakDepth(iq: IqGrid, line: number, depthMm: number, sampleMm: number, reachMm = 0.6): number {
  const { first, amplitude } = profile(iq, line, depthMm, sampleMm, reachMm);
  return (first + peakOf(amplitude).at) * sampleMm;
}

/** Full width at a share of the peak of a sampled curve, in steps: the outermost crossings, interpolated linearly. */
export function fullWidth(amplitude: ArrayLike<number>, share = 0.5): number {
  const level = peakOf(amplitude).height * share;
  let left = 0,
    right = amplitude.length - 1;
  while (left < amplitude.length && amplitude[left]! < level) left++;
  while (right > 0 && amplitude[right]! < level) right--;
  const outer = (inside: number, outside: number): number =>
    outside < 0 || outside >= amplitude.length
      ? 0
      : (amplitude[inside]! - level) / (amplitude[inside]! - amplitude[outside]!);
  return right - left + outer(left, left - 1) + outer(right, right + 1);
}

export type Band = readonly [fromMm: number, toMm: number];

/** Calls `use` with the array index of every sample of the scan lines `from … to` in a band of depths. */
export function inBand(
  { lines }: Pick<IqGrid, "lines">,
  sampleMm: number,
  [fromMm, toMm]: Band,
  use: (at: number, sample: number, line: number) => void,
  [fromLine, toLine]: readonly [number, number] = [4, lines - 2 * MARGIN_LINES - 4],
): void {
  for (let sample = Math.ceil(fromMm / sampleMm); sample * sampleMm < toMm; sample++) {
    for (let line = fromLine; line < toLine; line++) use(sample * lines + line + MARGIN_LINES, sample, line);
  }
}

export function meanPower(iq: IqGrid, sampleMm: number, band: Band, lines?: readonly [number, number]): number {
  let sum = 0,
    count = 0;
  inBand(
    iq,
    sampleMm,
    band,
    (at) => {
      sum += iq.re[at]! ** 2 + iq.im[at]! ** 2;
      count++;
    },
    lines,
  );
  return sum / count;
}

/** |⟨a, b*⟩|² / (⟨a, a*⟩⟨b, b*⟩), pooled over pairs of frames: the correlation of intensity of circular speckle. */
export function coherence(
  pairs: readonly (readonly [IqGrid, IqGrid])[],
  sampleMm: number,
  band: Band,
  { lineShift = 0, sampleShift = 0 } = {},
): number {
  let re = 0, im = 0, aa = 0, bb = 0; // prettier-ignore
  for (const [a, b] of pairs) {
    const back = lineShift + sampleShift * b.lines;
    inBand(a, sampleMm, band, (at) => {
      const ar = a.re[at]!, ai = a.im[at]!, br = b.re[at + back]!, bi = b.im[at + back]!; // prettier-ignore
      re += ar * br + ai * bi;
      im += ai * br - ar * bi;
      aa += ar * ar + ai * ai;
      bb += br * br + bi * bi;
    });
  }
  return (re * re + im * im) / (aa * bb);
}

/** First shift at which a falling curve that starts at 1 passes `level`, in steps, interpolated; NaN if it does not. */
export function shiftAt(curve: readonly number[], level = 0.5): number {
  for (let i = 1; i < curve.length; i++) {
    const before = curve[i - 1]!,
      now = curve[i]!;
    if (now < level) return i - (level - now) / (before - now);
  }
  return NaN;
}

export const dB = (powerRatio: number): number => 10 * Math.log10(powerRatio);
export const median = (values: readonly number[]): number => percentile(values, 0.5);
/** Digits for a sentence; an echo of no power at all has −Infinity dB. */
export const fixed = (value: number, digits = 2): string => (value === -Infinity ? "none" : value.toFixed(digits));
export const listed = (values: readonly number[], digits = 2): string => values.map((v) => fixed(v, digits)).join(", ");
