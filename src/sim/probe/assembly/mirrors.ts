// Echoes of mirrors: sheets inside a tissue, and where two tissues meet. The loops of ../mirrors.ts and ../interfaces.ts.
import { floorOf } from "./field.ts";
import { Crossing, CROSSING_BYTES } from "./line-map.ts";
import { f32Of, f64Of, i32Of, MapFrame } from "./map-frame.ts";
import { noiseAt } from "./noise.ts";
import { Sheet, SHEET_BYTES, sheetResponse, spacingAt } from "./structure.ts";

/** Steps of a sample at which the pulse is tabulated: as in ../mirrors.ts. */
const PULSE_STEPS: i32 = 16;
const TURN: f64 = 6.283185307179586;

/** Adds the echo of a mirror that the scanner shows at a depth: the pulse around it, with exact phase. */
export function addEcho(q: MapFrame, line: i32, depthMm: f64, amplitude: f64): void {
  const steps = floorOf((depthMm / q.sampleMm) * <f64>PULSE_STEPS + 0.5),
    whole = steps >> 4, // of PULSE_STEPS
    first = whole - q.pulseCentre,
    length = q.pulseLength,
    lines = q.lines;
  const shape = q.mirrorPulse + ((<usize>((steps & 15) * length)) << 2);
  const turns = depthMm * q.turnsPerMm,
    phase = TURN * (turns - Math.floor(turns));
  const vr = <f32>(amplitude * NativeMath.cos(phase)),
    vi = <f32>(-amplitude * NativeMath.sin(phase));
  const from = max(0, -first),
    end = min(length, q.samples - first);
  const row = (<usize>lines) << 2;
  let re = q.coherentRe + ((<usize>((first + from) * lines + line)) << 2),
    im = q.coherentIm + ((<usize>((first + from) * lines + line)) << 2);
  for (let k = from; k < end; k++) {
    const value = load<f32>(shape + ((<usize>k) << 2));
    store<f32>(re, load<f32>(re) + vr * value);
    store<f32>(im, load<f32>(im) + vi * value);
    re += row;
    im += row;
  }
}

/** A map at a depth of a line, linear between rows; `rowStep` and `lineStep` are the distances of its numbers. @inline */
function valueAt(q: MapFrame, values: usize, from: i32, rowStep: i32, depthMm: f64): f64 {
  const row = min(<f64>q.rows - 1.001, max(0, depthMm / q.rowMm)),
    low = floorOf(row);
  const a = f32Of(values, from + low * rowStep),
    b = f32Of(values, from + (low + 1) * rowStep);
  return a + (row - <f64>low) * (b - a);
}

/** Adds the echo of a mirror at a true depth, if it is not too faint to be seen. */
function pushEcho(q: MapFrame, line: i32, depthMm: f64, amplitude: f64): void {
  if (Math.abs(amplitude) <= q.faintest) return;
  addEcho(q, line, depthMm + valueAt(q, q.shift, line, q.lines, depthMm), amplitude);
}

/** Share that the aperture sees past the bone, of the nearest cell of the map. */
function litShare(q: MapFrame, line: i32, depthMm: f64): f64 {
  return f32Of(q.lit, min(q.rows - 1, floorOf(depthMm / q.rowMm + 0.5)) * q.lines + line);
}

/** The sheets inside tissues. */
export function addSheets(q: MapFrame): void {
  const count = load<i32>(q.counts, 4);
  for (let i = 0; i < count; i++) {
    const sheet = changetype<Sheet>(q.sheets + <usize>i * SHEET_BYTES),
      line = sheet.line,
      depthMm = sheet.depthMm;
    const seen = valueAt(q, q.transmission, line, q.lines, depthMm) * litShare(q, line, depthMm);
    pushEcho(q, line, depthMm, sheet.amplitude * seen);
  }
}

/** As in ../interfaces.ts. */
const HALF_WINDOW_MM: f64 = 2.2;
const STEEPEST: f64 = 1;

/** A fascia is not evenly bright: ±6 dB over some 5 mm, fixed to the tissue. */
function unevenness(q: MapFrame, line: i32, depthMm: f64): f64 {
  const m = q.pose,
    rest = depthMm - valueAt(q, q.pushed, line * q.rows, 1, depthMm),
    f = 1.0 / 5;
  const x = f64Of(q.originX, line) + rest * f64Of(q.directionX, line),
    y = f64Of(q.originY, line) + rest * f64Of(q.directionY, line);
  const noise = noiseAt(
    (load<f64>(m) * x + load<f64>(m, 8) * y + load<f64>(m, 24)) * f,
    (load<f64>(m, 32) * x + load<f64>(m, 40) * y + load<f64>(m, 56)) * f,
    (load<f64>(m, 64) * x + load<f64>(m, 72) * y + load<f64>(m, 88)) * f,
    q.seed ^ 0x3c6ef372,
  );
  return NativeMath.exp((-4 + 8 * noise) * 0.11512925464970229);
}

/** The crossing of the same two tissues on another line that lies nearest in depth; `own` when there is none within reach. @inline */
function nearest(q: MapFrame, own: Crossing, line: i32, allowed: f64): Crossing | null {
  const end = i32Of(q.lineCrossings, line + 1);
  let best: Crossing | null = null,
    least = Infinity;
  for (let i = i32Of(q.lineCrossings, line); i < end; i++) {
    const other = changetype<Crossing>(q.crossings + <usize>i * CROSSING_BYTES);
    if (other.above != own.above || other.below != own.below) continue;
    const gap = Math.abs(other.depthMm - own.depthMm);
    if (gap <= allowed && gap < least) {
      least = gap;
      best = other;
    }
  }
  return best;
}

/** `smoothInterfaces` of ../interfaces.ts, and the echo of each. `slopeToSkin`: tilt of the skin out of the image plane. */
export function addInterfaces(q: MapFrame, slopeToSkin: f64): void {
  const count = load<i32>(q.counts),
    lines = q.lines;
  for (let i = 0; i < count; i++) {
    const crossing = changetype<Crossing>(q.crossings + <usize>i * CROSSING_BYTES),
      line = crossing.line;
    const spacingMm = spacingAt(q, crossing.depthMm),
      reach = floorOf(HALF_WINDOW_MM / spacingMm + 0.5);
    let n = 0;
    let sw: f64 = 0, sx: f64 = 0, sy: f64 = 0, sxx: f64 = 0, sxy: f64 = 0; // prettier-ignore
    for (let offset = -reach; offset <= reach; offset++) {
      if (line + offset < 0 || line + offset >= lines) continue;
      const x = <f64>offset * spacingMm,
        best = nearest(q, crossing, line + offset, 0.9 + STEEPEST * Math.abs(x));
      if (best == null) continue;
      const w = 1 - <f64>abs(offset) / <f64>(reach + 1);
      n++;
      sw += w;
      sx += w * x;
      sy += w * best.depthMm;
      sxx += w * x * x;
      sxy += w * x * best.depthMm;
    }
    const spread = sw * sxx - sx * sx,
      slope = n > 4 && spread > 1e-9 ? (sw * sxy - sx * sy) / spread : 0,
      depthMm = (sy - slope * sx) / sw,
      weight = min(1.0, max(0.0, <f64>(n - reach) / (0.9 * <f64>reach)));
    if (weight == 0) continue;
    const strength =
      q.fascia *
      crossing.reflection *
      weight *
      unevenness(q, line, depthMm) *
      sheetResponse(q, depthMm, slope, slopeToSkin);
    const seen = valueAt(q, q.transmission, line, lines, depthMm) * litShare(q, line, depthMm + q.rowMm);
    pushEcho(q, line, depthMm, strength * seen);
  }
}
