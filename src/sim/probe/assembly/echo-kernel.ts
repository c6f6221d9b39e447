// AssemblyScript, compiled to WebAssembly by build.js; the loops of splat.kernel.ts, filter.kernel.ts and display.ts, which
// stay the readable form and the oracle of the test. Memory belongs to kernel-memory.ts; nothing here allocates.
// Complex numbers are pairs of 32-bit floats. Four points, or four neighbours of a row, go through a step together.

import { boneAt, floorOf } from "./field.ts";
import { MapFrame } from "./map-frame.ts";
import { mix4 } from "./noise.ts";

export { findBone, seeTissue } from "./line-map.ts";
export { addEcho, addInterfaces, addSheets } from "./mirrors.ts";

/** What one simulator needs, by address of its first byte; order and kinds are those of FRAME_FIELDS. */
@unmanaged
class Frame {
  spacingMm: f64;
  linesPerMm: f64;
  samplesPerMm: f64;
  rowsPerMm: f64;
  turnsPerMm: f64;
  elevationsPerMm: f64;
  elevationRowsPerMm: f64;
  cellMm: f64;
  cellsPerMm: f64;
  nearBoneMm: f64;
  sideMm: f64;
  layerMm: f64;
  muscle: f64;
  surface: f64;
  darkest: f64;
  noiseScale: f64;
  grayPerDb: f64;
  radiusMm: f64;

  lines: i32;
  rows: i32;
  samples: i32;
  scanLines: i32;
  marginLines: i32;
  seed: i32;
  speckle: i32;
  boneRough: i32;
  surfacePoints: i32;
  cosines: i32;
  elevationColumns: i32;
  elevationRows: i32;
  ranks: i32;
  tapRows: i32;
  pulseLength: i32;
  pulseCentre: i32;
  smoothLateral: i32;
  smoothAxial: i32;
  width: i32;
  height: i32;
  firstColumn: i32;
  endColumn: i32;
  map: i32;

  pose: usize;
  amplitude: usize;
  shift: usize;
  transmission: usize;
  boneDepth: usize;
  boneNormal: usize;
  boneFace: usize;
  push: usize;
  densities: usize;
  diffuse: usize;
  mirrorDensity: usize;
  elevation: usize;
  halfWidth: usize;
  taps: usize;
  tapRange: usize;
  tapRow: usize;
  even: usize;
  odd: usize;
  pulse: usize;
  lateralKernel: usize;
  axialKernel: usize;
  gain: usize;
  columnLine: usize;
  columnShare: usize;
  rowSample: usize;
  rowShare: usize;
  fine: usize;
  beamed: usize;
  coherentRe: usize;
  coherentIm: usize;
  receivedRe: usize;
  receivedIm: usize;
  power: usize;
  smooth: usize;
  padded: usize;
  level: usize;
  pixels: usize;
  waiting: usize;
  constants: usize;
  weights: usize;
  queue: usize;
}

const SECOND_POINT: i32 = 0x68bc21eb;
const SURFACE_POINT: i32 = 0x02e5be93;
/** Share 1 of the way through a part, in the 16-bit weights of the slice's filters: as in wasm-kernel.ts. */
const SHARE_UNIT: f32 = 16384;
/** Most that a distance between its nodes changes along the way. */
const STEEPEST: f64 = 1.15;
// Coefficients of `cosine` and `sine`, of the lowest power first.
const COS0: f32 = 0.9999992251396179;
const COS1: f32 = -19.738981246948242;
const COS2: f32 = 64.92865753173828;
const COS3: f32 = -85.27162170410156;
const COS4: f32 = 58.79049301147461;
const COS5: f32 = -21.07110595703125;
const SIN0: f32 = 6.283185005187988;
const SIN1: f32 = -41.341590881347656;
const SIN2: f32 = 81.59994506835938;
const SIN3: f32 = -76.61447143554688;
const SIN4: f32 = 41.3428840637207;
const SIN5: f32 = -12.471243858337402;
// Of `halfCosine` and `halfSine`.
const HALF_COS0: f32 = 0.9999932646751404;
const HALF_COS1: f32 = -4.933934688568115;
const HALF_COS2: f32 = 4.041248321533203;
const HALF_COS3: f32 = -1.2220317125320435;
const HALF_SIN0: f32 = 3.1415903568267822;
const HALF_SIN1: f32 = -5.1674065589904785;
const HALF_SIN2: f32 = 2.5440104007720947;
const HALF_SIN3: f32 = -0.5594624280929565;

/**
 * 1.5 · 2²³: a number below 2²² that is added to it is rounded to a whole one, which is then both this sum less MAGIC and
 * the sum's bits less those of MAGIC.
 */
const MAGIC: f32 = 12582912;
const MAGIC_BITS: i32 = 0x4b400000;

// Where the constants of the loops lie in the block `constants`, each in all lanes of a vector: converting them anew, or
// putting them together from immediate numbers, would cost as much as the sums.
const COLUMNS_PER_MM: usize = 0;
const COLUMN_MIDDLE: usize = 16;
const ELEVATIONS_PER_MM: usize = 32;
const ELEVATION_ROWS_PER_MM: usize = 48;
const HALF_SAMPLES_PER_MM: usize = 64;
const HALF_TURNS_PER_MM: usize = 80;
const LAST_LEFT: usize = 96;
const LAST_COLUMN: usize = 112;
const LAST_ROW: usize = 128;
const LAST_SAMPLE: usize = 144;
const TABLE_COLUMNS: usize = 160;
const ROW_BYTES: usize = 176;
const FINE: usize = 192;
const ROUND: usize = 208;
const ROUND_BITS: usize = 224;
const HALF: usize = 240;
const SHARES: usize = 256;
const WHOLE_SHARE: usize = 272;
const COS: usize = 288;
const SIN: usize = 384;
const TABLE: usize = 480;
const HALF_COS: usize = 496;
const HALF_SIN: usize = 560;
/** Where a 1024th of a cell along each axis of the knee leads in a column of the lattice: three vectors each of x, y and z. */
const JITTER_X: usize = 624;
const JITTER_Y: usize = 672;
const JITTER_Z: usize = 720;

/** @inline */
function f32At(base: usize, index: i32): f64 {
  return <f64>load<f32>(base + ((<usize>index) << 2));
}

/** @inline */
function mix(value: i32): i32 {
  let h = value;
  h ^= h >>> 16;
  h *= 0x7feb352d;
  h ^= h >>> 15;
  h *= 0x846ca68b;
  return h ^ (h >>> 16);
}

/** @inline */
function axisPrime(axis: i32): i32 {
  return axis == 0 ? 0x9e3779b1 : axis == 1 ? 0x85ebca77 : 0xc2b2ae3d;
}

/** 1.5 · 2⁵²: as MAGIC, for doubles. */
const WHOLE: f64 = 6755399441055744;

/** The whole number below, or at a whole number either this or the one below: for a function that is continuous there. @inline */
function cellOf(place: f64): i32 {
  return <i32>reinterpret<i64>(place - 0.5 + WHOLE);
}

/** The whole number next to a place; the higher one of two, which lattices that lie along the image meet often. @inline */
function nearestTo(place: f64): i32 {
  return <i32>reinterpret<i64>(place + 1e-9 + WHOLE);
}

/** Between four nodes of a map: the upper left one's address, bytes a row, and how far to the right and down. @inline */
function between(at: usize, pitch: usize, u: f32, v: f32): f32 {
  const a = load<f32>(at),
    c = load<f32>(at + pitch),
    top = a + u * (load<f32>(at, 4) - a);
  return top + v * (c + u * (load<f32>(at + pitch, 4) - c) - top);
}

/** A map of lines × rows between its nodes; constant beyond its edges. */
function bilinear(values: usize, lines: i32, rows: i32, line: f64, row: f64): f64 {
  const l = min(lines - 2, max(0, floorOf(line))),
    r = min(rows - 2, max(0, floorOf(row)));
  const u = min(1.0, max(0.0, line - <f64>l)),
    v = min(1.0, max(0.0, row - <f64>r));
  const at = values + ((<usize>(r * lines + l)) << 2),
    below = at + ((<usize>lines) << 2);
  const a = <f64>load<f32>(at),
    b = <f64>load<f32>(at, 4),
    c = <f64>load<f32>(below),
    d = <f64>load<f32>(below, 4);
  const top = a + u * (b - a);
  return top + v * (c + u * (d - c) - top);
}

/** Along the face: `lineAt` of scan-lines.ts. @inline */
function lineAt(p: Frame, x: f64, y: f64): f64 {
  const s = p.radiusMm > 0 ? p.radiusMm * NativeMath.atan2(x, y + p.radiusMm) : x;
  return s * p.linesPerMm + 0.5 * <f64>(p.lines - 1);
}

/** Along a line: `depthAt` of scan-lines.ts. @inline */
function depthAt(p: Frame, x: f64, y: f64): f64 {
  if (p.radiusMm <= 0) return y;
  const v = y + p.radiusMm;
  return Math.sqrt(x * x + v * v) - p.radiusMm;
}

/** min(1, max(0, x)) without the questions that min and max ask about NaN. @inline */
function shareOf(x: f64): f32 {
  return <f32>f64x2.extract_lane(f64x2.pmin(f64x2.pmax(f64x2.splat(x), f64x2.splat(0)), f64x2.splat(1)), 0);
}

/** The push at a row, on the column of nodes at `offset` bytes of a row; it goes on straight above the face. @inline */
function pushAt(p: Frame, offset: usize, pitch: usize, u: f32, row: f64): f32 {
  const cell = min(p.rows - 2, max(0, cellOf(row)));
  const beyond = <f32>f64x2.extract_lane(f64x2.pmin(f64x2.splat(row - <f64>cell), f64x2.splat(1)), 0),
    push = between(p.push + offset + <usize>cell * pitch, pitch, u, beyond);
  return f32x4.extract_lane(f32x4.pmax(f32x4.splat(push), f32x4.splat(0)), 0);
}

/** Arc tangent for |t| <= 1 to 1e-5 (Abramowitz & Stegun 4.4.49): a five-hundredth of a line. @inline */
function arcTangent(t: v128): v128 {
  const q = f32x4.mul(t, t);
  let sum = f32x4.add(f32x4.mul(q, f32x4.splat(0.0208351)), f32x4.splat(-0.085133));
  sum = f32x4.add(f32x4.mul(q, sum), f32x4.splat(0.180141));
  sum = f32x4.add(f32x4.mul(q, sum), f32x4.splat(-0.3302995));
  sum = f32x4.add(f32x4.mul(q, sum), f32x4.splat(0.999866));
  return f32x4.mul(t, sum);
}

/** cos 2πx for |x| ≤ ½, to 1e-6: a polynomial in x² fitted between Chebyshev nodes. `k` is the block of constants. @inline */
function cosine(k: usize, square: v128): v128 {
  let sum = f32x4.add(f32x4.mul(square, v128.load(k, COS + 80)), v128.load(k, COS + 64));
  sum = f32x4.add(f32x4.mul(square, sum), v128.load(k, COS + 48));
  sum = f32x4.add(f32x4.mul(square, sum), v128.load(k, COS + 32));
  sum = f32x4.add(f32x4.mul(square, sum), v128.load(k, COS + 16));
  return f32x4.add(f32x4.mul(square, sum), v128.load(k, COS));
}

/** sin 2πx for |x| ≤ ½, to 1e-6. @inline */
function sine(k: usize, x: v128, square: v128): v128 {
  let sum = f32x4.add(f32x4.mul(square, v128.load(k, SIN + 80)), v128.load(k, SIN + 64));
  sum = f32x4.add(f32x4.mul(square, sum), v128.load(k, SIN + 48));
  sum = f32x4.add(f32x4.mul(square, sum), v128.load(k, SIN + 32));
  sum = f32x4.add(f32x4.mul(square, sum), v128.load(k, SIN + 16));
  return f32x4.mul(x, f32x4.add(f32x4.mul(square, sum), v128.load(k, SIN)));
}

/** cos πx for |x| ≤ ½, to 1e-5. @inline */
function halfCosine(k: usize, square: v128): v128 {
  let sum = f32x4.add(f32x4.mul(square, v128.load(k, HALF_COS + 48)), v128.load(k, HALF_COS + 32));
  sum = f32x4.add(f32x4.mul(square, sum), v128.load(k, HALF_COS + 16));
  return f32x4.add(f32x4.mul(square, sum), v128.load(k, HALF_COS));
}

/** sin πx for |x| ≤ ½, to 1e-6. @inline */
function halfSine(k: usize, x: v128, square: v128): v128 {
  let sum = f32x4.add(f32x4.mul(square, v128.load(k, HALF_SIN + 48)), v128.load(k, HALF_SIN + 32));
  sum = f32x4.add(f32x4.mul(square, sum), v128.load(k, HALF_SIN + 16));
  return f32x4.mul(x, f32x4.add(f32x4.mul(square, sum), v128.load(k, HALF_SIN)));
}

/**
 * A complex number of each of four points, and the same times the share `u` of the column to the right, added to the
 * slots at four addresses. A column has a slot of its own for the points whose left column it is: neighbours never write to
 * overlapping bytes, which the processor would have to sort out in its write queue, at 20 cycles a time. @inline
 */
function put4(to0: usize, to1: usize, to2: usize, to3: usize, vr: v128, vi: v128, u: v128): void {
  const br = f32x4.mul(u, vr),
    bi = f32x4.mul(u, vi);
  const a01 = v128.shuffle<f32>(vr, vi, 0, 4, 1, 5),
    a23 = v128.shuffle<f32>(vr, vi, 2, 6, 3, 7),
    b01 = v128.shuffle<f32>(br, bi, 0, 4, 1, 5),
    b23 = v128.shuffle<f32>(br, bi, 2, 6, 3, 7);
  v128.store(to0, f32x4.add(v128.load(to0), v128.shuffle<f32>(a01, b01, 0, 1, 4, 5)));
  v128.store(to1, f32x4.add(v128.load(to1), v128.shuffle<f32>(a01, b01, 2, 3, 6, 7)));
  v128.store(to2, f32x4.add(v128.load(to2), v128.shuffle<f32>(a23, b23, 0, 1, 4, 5)));
  v128.store(to3, f32x4.add(v128.load(to3), v128.shuffle<f32>(a23, b23, 2, 3, 6, 7)));
}

// A group of four points in the block `queue`: addresses of their filters, shares of their parts in pairs of 16-bit numbers,
// sample above, first column's address in a row, share of the right column, strength, and the turn of the carrier.
const GROUP_WEIGHTS: usize = 16;
const GROUP_SAMPLE: usize = 32;
const GROUP_COLUMN: usize = 48;
const GROUP_SHARE: usize = 64;
const GROUP_STRENGTH: usize = 80;
const GROUP_COSINE: usize = 96;
const GROUP_SINE: usize = 112;
const GROUP_BYTES: usize = 128;
/** Groups that wait in the queue before they are added; its first 16 bytes hold their number. As in wasm-kernel.ts. */
const QUEUED_GROUPS: i32 = 32;

/**
 * Four points at image (x, y, z), see `add` of splat.kernel.ts: all but what their filters are needed for, into the queue.
 * In two loops the processor fetches the filters and the rows of many groups at a time. What lies beside the columns is
 * added as nothing to the rim. @inline */
function enqueue(p: Frame, x: v128, y: v128, z: v128, shift: v128, strength: v128): void {
  const k = p.constants,
    queued = load<i32>(p.queue),
    to = p.queue + 16 + <usize>queued * GROUP_BYTES;
  const round = v128.load(k, ROUND),
    bits = v128.load(k, ROUND_BITS),
    half = v128.load(k, HALF),
    none = i32x4.splat(0);
  // Column to the left, and how far beyond it less a half.
  const at = f32x4.add(f32x4.mul(x, v128.load(k, COLUMNS_PER_MM)), v128.load(k, COLUMN_MIDDLE)),
    rounded = f32x4.add(at, round),
    beyond = f32x4.sub(at, f32x4.sub(rounded, round)),
    column = i32x4.sub(rounded, bits),
    left = i32x4.min_s(i32x4.max_s(column, none), v128.load(k, LAST_LEFT));
  v128.store(to, i32x4.add(i32x4.shl(left, 4), v128.load(k, FINE)), GROUP_COLUMN);
  v128.store(to, f32x4.add(half, beyond), GROUP_SHARE);
  // Two parts a sample, and how far beyond the upper end of its part the point lies.
  const range = f32x4.add(y, shift),
    place = f32x4.mul(range, v128.load(k, HALF_SAMPLES_PER_MM)),
    floored = f32x4.add(f32x4.sub(place, half), round),
    between = f32x4.sub(place, f32x4.sub(floored, round)),
    part = i32x4.sub(floored, bits),
    above = i32x4.shr_s(part, 1);
  v128.store(to, above, GROUP_SAMPLE);
  // Value and slope times the share, in pairs: of the first two taps, and of the third.
  const weights = v128.or(
    i32x4.shl(i32x4.sub(f32x4.add(f32x4.mul(between, v128.load(k, SHARES)), round), bits), 16),
    v128.load(k, WHOLE_SHARE),
  );
  v128.store(to, weights, GROUP_WEIGHTS);
  // The filter of an elevation.
  const elevation = i32x4.sub(f32x4.add(f32x4.mul(f32x4.abs(z), v128.load(k, ELEVATIONS_PER_MM)), round), bits),
    depth = i32x4.sub(f32x4.add(f32x4.mul(y, v128.load(k, ELEVATION_ROWS_PER_MM)), round), bits),
    row = i32x4.min_s(i32x4.max_s(depth, none), v128.load(k, LAST_ROW)),
    filter = i32x4.add(i32x4.shl(row, 1), i32x4.sub(part, i32x4.shl(above, 1)));
  const entry = i32x4.add(
    i32x4.mul(filter, v128.load(k, TABLE_COLUMNS)),
    i32x4.min_s(elevation, v128.load(k, LAST_COLUMN)),
  );
  v128.store(to, i32x4.add(i32x4.shl(entry, 5), v128.load(k, TABLE)));
  // Half turns, an odd number of which changes the sign.
  const turns = f32x4.mul(range, v128.load(k, HALF_TURNS_PER_MM)),
    turned = f32x4.add(turns, round),
    turn = f32x4.sub(turns, f32x4.sub(turned, round)),
    square = f32x4.mul(turn, turn);
  v128.store(to, v128.xor(v128.and(strength, i32x4.eq(column, left)), i32x4.shl(turned, 31)), GROUP_STRENGTH);
  v128.store(to, halfCosine(k, square), GROUP_COSINE);
  v128.store(to, halfSine(k, turn, square), GROUP_SINE);
  store<i32>(p.queue, queued + 1);
  if (queued + 1 == QUEUED_GROUPS) addQueued(p);
}

/** `enqueue` where it is not worth its own copy. */
function enqueueOne(p: Frame, x: v128, y: v128, z: v128, shift: v128, strength: v128): void {
  enqueue(p, x, y, z, shift, strength);
}

/** Four points at image (u, v, z) of a curved face. */
function enqueueCurved(p: Frame, u: v128, v: v128, z: v128, shift: v128, strength: v128): void {
  const radius = f32x4.splat(<f32>p.radiusMm);
  const w = f32x4.add(v, radius);
  const y = f32x4.sub(f32x4.sqrt(f32x4.add(f32x4.mul(u, u), f32x4.mul(w, w))), radius);
  enqueue(p, f32x4.mul(radius, arcTangent(f32x4.div(u, w))), y, z, shift, strength);
}

/** Adds the groups of the queue, in the order in which they came. What lies above or below is added as nothing to the rim. */
function addQueued(p: Frame): void {
  const k = p.constants,
    end = p.queue + 16 + <usize>load<i32>(p.queue) * GROUP_BYTES,
    pitch = (<usize>p.lines) << 5,
    third = pitch << 1;
  for (let group = p.queue + 16; group < end; group += GROUP_BYTES) {
    // Two vectors a filter: pairs of a value and its slope; the delay and the unit at their end.
    const f0 = <usize>load<u32>(group),
      f1 = <usize>load<u32>(group, 4),
      f2 = <usize>load<u32>(group, 8),
      f3 = <usize>load<u32>(group, 12);
    const q0 = v128.load(f0, 16),
      q1 = v128.load(f1, 16),
      q2 = v128.load(f2, 16),
      q3 = v128.load(f3, 16);
    const d01 = v128.shuffle<i32>(q0, q1, 2, 3, 6, 7),
      d23 = v128.shuffle<i32>(q2, q3, 2, 3, 6, 7),
      delay = v128.shuffle<i32>(d01, d23, 0, 2, 4, 6),
      unit = v128.shuffle<i32>(d01, d23, 1, 3, 5, 7);
    const whole = i32x4.add(v128.load(group, GROUP_SAMPLE), delay),
      sample = i32x4.min_s(i32x4.max_s(whole, i32x4.splat(0)), v128.load(k, LAST_SAMPLE)),
      to = i32x4.add(i32x4.mul(sample, v128.load(k, ROW_BYTES)), v128.load(group, GROUP_COLUMN)),
      weight = f32x4.mul(unit, v128.and(v128.load(group, GROUP_STRENGTH), i32x4.eq(whole, sample)));
    const c = f32x4.mul(weight, v128.load(group, GROUP_COSINE)),
      s = f32x4.mul(weight, v128.load(group, GROUP_SINE)); // of e^{-iφ} = c − is
    const to0 = <usize>i32x4.extract_lane(to, 0),
      to1 = <usize>i32x4.extract_lane(to, 1),
      to2 = <usize>i32x4.extract_lane(to, 2),
      to3 = <usize>i32x4.extract_lane(to, 3);
    const w0 = v128.load_splat<u32>(group, GROUP_WEIGHTS),
      w1 = v128.load_splat<u32>(group, GROUP_WEIGHTS + 4),
      w2 = v128.load_splat<u32>(group, GROUP_WEIGHTS + 8),
      w3 = v128.load_splat<u32>(group, GROUP_WEIGHTS + 12),
      u = v128.load(group, GROUP_SHARE);
    const e0 = i32x4.dot_i16x8_s(v128.load(f0), w0),
      e1 = i32x4.dot_i16x8_s(v128.load(f1), w1),
      e2 = i32x4.dot_i16x8_s(v128.load(f2), w2),
      e3 = i32x4.dot_i16x8_s(v128.load(f3), w3);
    const e01 = v128.shuffle<i32>(e0, e1, 0, 4, 1, 5),
      e23 = v128.shuffle<i32>(e2, e3, 0, 4, 1, 5);
    const er = f32x4.convert_i32x4_s(v128.shuffle<i32>(e01, e23, 0, 1, 4, 5)),
      ei = f32x4.convert_i32x4_s(v128.shuffle<i32>(e01, e23, 2, 3, 6, 7));
    put4(
      to0, to1, to2, to3,
      f32x4.add(f32x4.mul(er, c), f32x4.mul(ei, s)),
      f32x4.sub(f32x4.mul(ei, c), f32x4.mul(er, s)),
      u,
    ); // prettier-ignore
    const n01 = v128.shuffle<i32>(e0, e1, 2, 6, 3, 7),
      n23 = v128.shuffle<i32>(e2, e3, 2, 6, 3, 7);
    const nr = f32x4.convert_i32x4_s(v128.shuffle<i32>(n01, n23, 0, 1, 4, 5)),
      ni = f32x4.convert_i32x4_s(v128.shuffle<i32>(n01, n23, 2, 3, 6, 7));
    put4(
      to0 + pitch, to1 + pitch, to2 + pitch, to3 + pitch,
      f32x4.add(f32x4.mul(nr, c), f32x4.mul(ni, s)),
      f32x4.sub(f32x4.mul(ni, c), f32x4.mul(nr, s)),
      u,
    ); // prettier-ignore
    const l01 = v128.shuffle<i32>(i32x4.dot_i16x8_s(q0, w0), i32x4.dot_i16x8_s(q1, w1), 0, 4, 1, 5),
      l23 = v128.shuffle<i32>(i32x4.dot_i16x8_s(q2, w2), i32x4.dot_i16x8_s(q3, w3), 0, 4, 1, 5);
    const lr = f32x4.convert_i32x4_s(v128.shuffle<i32>(l01, l23, 0, 1, 4, 5)),
      li = f32x4.convert_i32x4_s(v128.shuffle<i32>(l01, l23, 2, 3, 6, 7));
    put4(
      to0 + third, to1 + third, to2 + third, to3 + third,
      f32x4.add(f32x4.mul(lr, c), f32x4.mul(li, s)),
      f32x4.sub(f32x4.mul(li, c), f32x4.mul(lr, s)),
      u,
    ); // prettier-ignore
  }
  store<i32>(p.queue, 0);
}

/** One point, for targets that are given and not hashed. */
export function addPoint(p: Frame, x: f64, y: f64, z: f64, amplitude: f64): void {
  const line = lineAt(p, x, y),
    depth = depthAt(p, x, y),
    row = depth * p.rowsPerMm;
  const strength = <f32>(amplitude * bilinear(p.transmission, p.lines, p.rows, line, row));
  enqueueOne(
    p,
    f32x4.splat(<f32>((line - 0.5 * <f64>(p.lines - 1)) * p.spacingMm)),
    f32x4.splat(<f32>depth),
    f32x4.splat(<f32>z),
    f32x4.splat(<f32>bilinear(p.shift, p.lines, p.rows, line, row)),
    f32x4(strength, 0, 0, 0),
  );
  addQueued(p);
}

/** Index of the bone hit that stands for image (x, y, z), or -1. */
function hitNear(p: Frame, x: f64, y: f64, z: f64): i32 {
  const line = floorOf(lineAt(p, x, y) + 0.5);
  if (line < 0 || line >= p.lines) return -1;
  const e = z < -0.5 * p.sideMm ? 0 : z > 0.5 * p.sideMm ? 2 : 1;
  const at = e * p.lines + line;
  return isNaN(f32At(p.boneDepth, at)) ? -1 : at;
}

function planeDistance(p: Frame, at: i32, x: f64, y: f64, z: f64): f64 {
  const e = at < p.lines ? 0 : at < 2 * p.lines ? 1 : 2;
  return (
    f32At(p.boneNormal, 3 * at) * (x - f32At(p.boneFace, 3 * at)) +
    f32At(p.boneNormal, 3 * at + 1) * (y - f32At(p.boneFace, 3 * at + 1)) +
    f32At(p.boneNormal, 3 * at + 2) * (z - <f64>(e - 1) * p.sideMm)
  );
}

/** `outside` where the scene ends. */
function signedDistance(p: Frame, x: f64, y: f64, z: f64, outside: f64): f64 {
  const m = p.pose;
  return boneAt(
    changetype<MapFrame>(<usize>p.map),
    load<f64>(m) * x + load<f64>(m, 8) * y + load<f64>(m, 16) * z + load<f64>(m, 24),
    load<f64>(m, 32) * x + load<f64>(m, 40) * y + load<f64>(m, 48) * z + load<f64>(m, 56),
    load<f64>(m, 64) * x + load<f64>(m, 72) * y + load<f64>(m, 80) * z + load<f64>(m, 88),
    outside,
  );
}

function insideBone(p: Frame, x: f64, y: f64, z: f64): bool {
  const at = hitNear(p, x, y, z);
  if (at < 0) return false;
  const d = planeDistance(p, at, x, y, z);
  if (d > 0.5) return false;
  if (d < -0.5) return d > -p.nearBoneMm && depthAt(p, x, y) < f32At(p.boneDepth, at) + p.nearBoneMm;
  return signedDistance(p, x, y, z, 2) < 0;
}

/** All bits set in the lanes whose point is not inside bone. */
function outsideBone(p: Frame, x: v128, y: v128, z: v128): v128 {
  let mask = i32x4.splat(-1);
  if (insideBone(p, f32x4.extract_lane(x, 0), f32x4.extract_lane(y, 0), f32x4.extract_lane(z, 0)))
    mask = i32x4.replace_lane(mask, 0, 0);
  if (insideBone(p, f32x4.extract_lane(x, 1), f32x4.extract_lane(y, 1), f32x4.extract_lane(z, 1)))
    mask = i32x4.replace_lane(mask, 1, 0);
  if (insideBone(p, f32x4.extract_lane(x, 2), f32x4.extract_lane(y, 2), f32x4.extract_lane(z, 2)))
    mask = i32x4.replace_lane(mask, 2, 0);
  if (insideBone(p, f32x4.extract_lane(x, 3), f32x4.extract_lane(y, 3), f32x4.extract_lane(z, 3)))
    mask = i32x4.replace_lane(mask, 3, 0);
  return mask;
}

/** Queues the points of the surface that wait in the block `waiting`: how many, then x, y, z, shift and strength of four. */
function addWaiting(p: Frame): void {
  const at = p.waiting;
  for (let i = load<i32>(at); i < 4; i++) store<f32>(at + ((<usize>i) << 2), 0, 80);
  enqueueOne(p, v128.load(at, 16), v128.load(at, 32), v128.load(at, 48), v128.load(at, 64), v128.load(at, 80));
  store<i32>(at, 0);
}

/**
 * How much further from bone than any cell with points of its rough surface, mm, the middle of the cells `from` … `to` of a
 * column lies: \`surfacePoints\` leaves out a cell that is less than this over STEEPEST away from there, since a distance
 * changes by no more than the way, interpolated by a little more; where the scene ends nothing is told. \`x\`, \`y\`, \`z\`:
 * where the column's middle line would be at 0 along its axis.
 */
function beyondBone(
  p: Frame,
  x: f64, y: f64, z: f64,
  xc: f64, yc: f64, zc: f64, tc: f64,
  from: i32, to: i32,
): f64 {
  const middle = 0.5 * <f64>(from + to + 1) * p.cellMm - tc;
  const distance = signedDistance(p, x + xc * middle, y + yc * middle, z + zc * middle, 0);
  return Math.abs(distance) - (p.layerMm + p.cellMm);
} // prettier-ignore

/** The rough surface within one cell of the lattice; `cx`… is its centre, `hash` its bits. */
function surfacePoints(
  p: Frame,
  cx: f64, cy: f64, cz: f64,
  xA: f64, xB: f64, xC: f64,
  yA: f64, yB: f64, yC: f64,
  zA: f64, zB: f64, zC: f64,
  jitterA: i32, jitterB: i32, jitterC: i32,
  hash: i32,
  at: i32,
): void {
  // A distance changes by no more than the way: beyond the layer and half a cell's diagonal no point of it counts.
  const distance = Math.abs(signedDistance(p, cx, cy, cz, 2));
  if (distance > p.layerMm + p.cellMm) return;
  const nx = f32At(p.boneNormal, 3 * at),
    ny = f32At(p.boneNormal, 3 * at + 1),
    nz = f32At(p.boneNormal, 3 * at + 2);
  const facing = f32At(p.boneFace, 3 * at + 2);
  if (facing > -0.1) return;
  const cosine = -facing * <f64>(p.cosines - 1),
    entry = min(p.cosines - 2, <i32>cosine);
  const diffuse = f32At(p.diffuse, entry);
  const rough = p.surface * (diffuse + (cosine - <f64>entry) * (f32At(p.diffuse, entry + 1) - diffuse));
  // Points less than this from the centre, in cells and squared, lie beyond the layer as well.
  const beyond = max(0, distance - p.layerMm) / (STEEPEST * p.cellMm),
    tooNear = beyond * beyond;
  for (let point = 0; point < p.surfacePoints; point++) {
    const bits = mix(hash ^ (SURFACE_POINT * (point + 1)));
    const a = <f64>((bits >>> jitterA) & 1023) * (1.0 / 1024) - (511.5 / 1024),
      b = <f64>((bits >>> jitterB) & 1023) * (1.0 / 1024) - (511.5 / 1024),
      c = <f64>((bits >>> jitterC) & 1023) * (1.0 / 1024) - (511.5 / 1024);
    if (a * a + b * b + c * c < tooNear) continue;
    const x = cx + xA * a + xB * b + xC * c,
      y = cy + yA * a + yB * b + yC * c,
      z = cz + zA * a + zB * b + zC * c;
    const d = signedDistance(p, x, y, z, 2);
    if (Math.abs(d) > p.layerMm) continue;
    const sx = x - d * nx,
      sy = y - d * ny,
      sz = z - d * nz;
    const line = lineAt(p, sx, sy),
      depth = depthAt(p, sx, sy),
      row = depth * p.rowsPerMm;
    const density = f32At(p.mirrorDensity, min(p.rows - 1, max(0, floorOf(row + 0.5))));
    const strength = <f32>(rough * density * bilinear(p.transmission, p.lines, p.rows, line, row));
    const waiting = load<i32>(p.waiting),
      at = p.waiting + 16 + ((<usize>waiting) << 2);
    store<f32>(at, <f32>((line - 0.5 * <f64>(p.lines - 1)) * p.spacingMm));
    store<f32>(at, <f32>depth, 16);
    store<f32>(at, <f32>sz, 32);
    store<f32>(at, <f32>bilinear(p.shift, p.lines, p.rows, line, row), 48);
    store<f32>(at, bits & 0x40000000 ? strength : -strength, 64);
    store<i32>(p.waiting, waiting + 1);
    if (waiting == 3) addWaiting(p);
  }
} // prettier-ignore

/** Place of the points within four cells of a column of the lattice, 0 … 1023, from their random bits. @inline */
function jittered(bits: v128, shift: i32): v128 {
  return f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(bits, shift), i32x4.splat(1023)));
}

/** Strength with the sign that bit 30 says: set is positive. @inline */
function signed(strength: v128, bits: v128): v128 {
  return v128.xor(strength, v128.andnot(i32x4.splat(0x80000000), i32x4.shl(bits, 1)));
}

/** Empties the fine columns, and lays out the constants of `enqueue`. */
export function clear(p: Frame): void {
  store<i32>(p.queue, 0);
  const to = p.constants;
  v128.store(to, f32x4.splat(<f32>(2.0 * p.linesPerMm)), COLUMNS_PER_MM);
  v128.store(to, f32x4.splat(<f32>p.lines - 1.5), COLUMN_MIDDLE);
  v128.store(to, f32x4.splat(<f32>p.elevationsPerMm), ELEVATIONS_PER_MM);
  v128.store(to, f32x4.splat(<f32>p.elevationRowsPerMm), ELEVATION_ROWS_PER_MM);
  v128.store(to, f32x4.splat(<f32>(2 * p.samplesPerMm)), HALF_SAMPLES_PER_MM); // PARTS of tap-fit.ts
  v128.store(to, f32x4.splat(<f32>(2 * p.turnsPerMm)), HALF_TURNS_PER_MM);
  v128.store(to, i32x4.splat(2 * p.lines - 3), LAST_LEFT);
  v128.store(to, i32x4.splat(p.elevationColumns - 1), LAST_COLUMN);
  v128.store(to, i32x4.splat(p.elevationRows - 1), LAST_ROW);
  v128.store(to, i32x4.splat(p.samples - 3), LAST_SAMPLE); // TAPS of tap-fit.ts
  v128.store(to, i32x4.splat(p.elevationColumns), TABLE_COLUMNS);
  v128.store(to, i32x4.splat(p.lines << 5), ROW_BYTES);
  v128.store(to, i32x4.splat(<i32>p.fine), FINE);
  v128.store(to, f32x4.splat(MAGIC), ROUND);
  v128.store(to, i32x4.splat(MAGIC_BITS), ROUND_BITS);
  v128.store(to, f32x4.splat(0.5), HALF);
  v128.store(to, f32x4.splat(SHARE_UNIT), SHARES);
  v128.store(to, i32x4.splat(<i32>SHARE_UNIT), WHOLE_SHARE);
  v128.store(to, i32x4.splat(<i32>p.elevation), TABLE);
  v128.store(to, f32x4.splat(COS0), COS);
  v128.store(to, f32x4.splat(COS1), COS + 16);
  v128.store(to, f32x4.splat(COS2), COS + 32);
  v128.store(to, f32x4.splat(COS3), COS + 48);
  v128.store(to, f32x4.splat(COS4), COS + 64);
  v128.store(to, f32x4.splat(COS5), COS + 80);
  v128.store(to, f32x4.splat(SIN0), SIN);
  v128.store(to, f32x4.splat(SIN1), SIN + 16);
  v128.store(to, f32x4.splat(SIN2), SIN + 32);
  v128.store(to, f32x4.splat(SIN3), SIN + 48);
  v128.store(to, f32x4.splat(SIN4), SIN + 64);
  v128.store(to, f32x4.splat(SIN5), SIN + 80);
  v128.store(to, f32x4.splat(HALF_COS0), HALF_COS);
  v128.store(to, f32x4.splat(HALF_COS1), HALF_COS + 16);
  v128.store(to, f32x4.splat(HALF_COS2), HALF_COS + 32);
  v128.store(to, f32x4.splat(HALF_COS3), HALF_COS + 48);
  v128.store(to, f32x4.splat(HALF_SIN0), HALF_SIN);
  v128.store(to, f32x4.splat(HALF_SIN1), HALF_SIN + 16);
  v128.store(to, f32x4.splat(HALF_SIN2), HALF_SIN + 32);
  v128.store(to, f32x4.splat(HALF_SIN3), HALF_SIN + 48);
  memory.fill(p.fine, 0, <usize>(p.samples * p.lines) * 32);
}

/** Adds the points with these bits of four cells with these corners, where `present`; `guarded`: but those inside bone. @inline */
function scatter4(
  p: Frame,
  bits: v128, strength: v128,
  ox: v128, oy: v128, oz: v128,
  present: v128, guarded: bool,
  shift: v128,
): void {
  const k = p.constants,
    j0 = jittered(bits, 0),
    j1 = jittered(bits, 10),
    j2 = jittered(bits, 20);
  const x = f32x4.add(ox, jitter(k + JITTER_X, j0, j1, j2)),
    y = f32x4.add(oy, jitter(k + JITTER_Y, j0, j1, j2)),
    z = f32x4.add(oz, jitter(k + JITTER_Z, j0, j1, j2));
  const mask = guarded ? v128.and(present, outsideBone(p, x, y, z)) : present;
  const strengths = v128.and(signed(strength, bits), mask);
  if (p.radiusMm > 0) enqueueCurved(p, x, y, z, shift, strengths);
  else enqueue(p, x, y, z, shift, strengths);
} // prettier-ignore

/** @inline */
function jitter(along: usize, j0: v128, j1: v128, j2: v128): v128 {
  return f32x4.add(
    f32x4.mul(v128.load(along), j0),
    f32x4.add(f32x4.mul(v128.load(along, 16), j1), f32x4.mul(v128.load(along, 32), j2)),
  );
}

/** `createSplatter` of splat.kernel.ts, without the given points. */
export function splat(p: Frame): void {
  const m = p.pose,
    lines = p.lines,
    rows = p.rows,
    cell = p.cellMm,
    spacing = p.spacingMm;
  const middle = 0.5 * <f64>(lines - 1);
  const ax = Math.abs(load<f64>(m, 16)),
    ay = Math.abs(load<f64>(m, 48)),
    az = Math.abs(load<f64>(m, 80));
  const c = ax >= ay && ax >= az ? 0 : ay >= az ? 1 : 2,
    after = (c + 1) % 3,
    before = (c + 2) % 3;
  // The inner loop goes along the face, so that the rows of the fine columns and of the table stay in the cache.
  const swapped =
    Math.abs(load<f64>(m + ((<usize>after) << 5), 8)) > Math.abs(load<f64>(m + ((<usize>before) << 5), 8));
  const a = swapped ? before : after,
    b = swapped ? after : before;
  const rowA = m + ((<usize>a) << 5),
    rowB = m + ((<usize>b) << 5),
    rowC = m + ((<usize>c) << 5);
  const xa = load<f64>(rowA),
    ya = load<f64>(rowA, 8),
    za = load<f64>(rowA, 16),
    ta = load<f64>(rowA, 24);
  const xb = load<f64>(rowB),
    yb = load<f64>(rowB, 8),
    zb = load<f64>(rowB, 16),
    tb = load<f64>(rowB, 24);
  const xc = load<f64>(rowC), yc = load<f64>(rowC, 8), zc = load<f64>(rowC, 16), tc = load<f64>(rowC, 24); // prettier-ignore
  const perC = 1 / zc,
    halfPerC = Math.abs(perC);
  const xPerA = xa - (xc * za) / zc,
    xPerB = xb - (xc * zb) / zc,
    yPerA = ya - (yc * za) / zc,
    yPerB = yb - (yc * zb) / zc;
  const radius = p.radiusMm,
    indent = load<f64>(m, 96);
  // `bounds` of scan-lines.ts, and what the probe has pushed down from above the face.
  const halfFace = (middle + 0.5) * spacing,
    halfAngle = radius > 0 ? min(NativeMath.PI, halfFace / radius) : 0,
    yHigh = <f64>(rows - 1) / p.rowsPerMm;
  const xLimit =
      radius > 0 ? (radius + yHigh) * (halfAngle < NativeMath.PI / 2 ? NativeMath.sin(halfAngle) : 1) : halfFace,
    yLow = radius * (NativeMath.cos(halfAngle) - 1) - indent;
  // The image's corners along a and b.
  const aHalf = Math.abs(xa) * xLimit,
    bHalf = Math.abs(xb) * xLimit;
  const aLow = ta - aHalf + min(ya * yLow, ya * yHigh),
    aHigh = ta + aHalf + max(ya * yLow, ya * yHigh),
    bLow = tb - bHalf + min(yb * yLow, yb * yHigh),
    bHigh = tb + bHalf + max(yb * yLow, yb * yHigh);
  const primeA = axisPrime(a),
    primeB = axisPrime(b),
    primeC = axisPrime(c);
  const jitterA = 10 * a,
    jitterB = 10 * b,
    jitterC = 10 * c;
  // A 1024th of a cell along each axis of the knee.
  const unit = cell / 1024;
  const x0 = load<f64>(m) * unit, y0 = load<f64>(m, 8) * unit, z0 = load<f64>(m, 16) * unit; // prettier-ignore
  const x1 = load<f64>(m, 32) * unit, y1 = load<f64>(m, 40) * unit, z1 = load<f64>(m, 48) * unit; // prettier-ignore
  const x2 = load<f64>(m, 64) * unit, y2 = load<f64>(m, 72) * unit, z2 = load<f64>(m, 80) * unit; // prettier-ignore
  // In memory, where the compiler does not compute them anew for every four points.
  const k = p.constants;
  v128.store(k, f32x4.splat(<f32>z0), JITTER_Z);
  v128.store(k, f32x4.splat(<f32>z1), JITTER_Z + 16);
  v128.store(k, f32x4.splat(<f32>z2), JITTER_Z + 32);
  v128.store(k, f32x4.splat(<f32>x0), JITTER_X);
  v128.store(k, f32x4.splat(<f32>x1), JITTER_X + 16);
  v128.store(k, f32x4.splat(<f32>x2), JITTER_X + 32);
  // Half a unit: places are the middles of 1024 parts of a cell.
  const xHalf = 0.5 * (x0 + x1 + x2),
    yHalf = 0.5 * (y0 + y1 + y2),
    zHalf = 0.5 * (z0 + z1 + z2);
  const pitch = (<usize>lines) << 2;

  store<i32>(p.waiting, 0);
  const ibEnd = floorOf(bHigh * p.cellsPerMm);
  for (let ib = floorOf(bLow * p.cellsPerMm); ib <= ibEnd; ib++) {
    const db = (<f64>ib + 0.5) * cell - tb;
    let low = aLow - ta,
      high = aHigh - ta;
    if (Math.abs(xPerA) > 1e-9) {
      const r = (-xLimit - xPerB * db) / xPerA,
        s = (xLimit - xPerB * db) / xPerA;
      low = max(low, min(r, s));
      high = min(high, max(r, s));
    } else if (Math.abs(xPerB * db) > xLimit) continue;
    if (Math.abs(yPerA) > 1e-9) {
      const r = (yLow - yPerB * db) / yPerA,
        s = (yHigh - yPerB * db) / yPerA;
      low = max(low, min(r, s));
      high = min(high, max(r, s));
    } else if (yPerB * db < yLow || yPerB * db > yHigh) continue;
    const iaEnd = floorOf((high + ta) * p.cellsPerMm - 0.5);
    for (let ia = -floorOf(0.5 - (low + ta) * p.cellsPerMm); ia <= iaEnd; ia++) {
      const da = (<f64>ia + 0.5) * cell - ta;
      const px = xPerA * da + xPerB * db,
        py = yPerA * da + yPerB * db;
      const line = lineAt(p, px, py),
        rest = depthAt(p, px, py);
      if (line < -1 || line > <f64>lines || rest < -indent) continue;
      const lineCell = min(lines - 2, max(0, cellOf(line))),
        offset = (<usize>lineCell) << 2,
        u = shareOf(line - <f64>lineCell);
      // Within a cell of the lattice the push changes along the line by `strain` a mm.
      const restRow = rest * p.rowsPerMm;
      let push = 0.0, strain = 0.0; // prettier-ignore
      if (indent > 0) {
        push = pushAt(p, offset, pitch, u, restRow);
        strain =
          p.rowsPerMm * <f64>(pushAt(p, offset, pitch, u, restRow + 0.5) - pushAt(p, offset, pitch, u, restRow - 0.5));
      }
      const depth = rest + push,
        row = depth * p.rowsPerMm,
        rowCell = min(rows - 2, max(0, cellOf(row))),
        node = offset + <usize>rowCell * pitch,
        v = shareOf(row - <f64>rowCell);
      const strength = p.speckle ? <f64>between(p.amplitude + node, pitch, u, v) : 0;
      const nearest = min(lines - 1, max(0, nearestTo(line)));
      const bone0 = f32At(p.boneDepth, nearest),
        bone1 = f32At(p.boneDepth, lines + nearest),
        bone2 = f32At(p.boneDepth, 2 * lines + nearest);
      const near = p.nearBoneMm;
      const nearBone = Math.abs(rest - bone0) < near || Math.abs(rest - bone1) < near || Math.abs(rest - bone2) < near;
      const inTail = depth > bone1;
      if (strength < p.darkest && !nearBone) continue;
      const shift = f32x4.splat(between(p.shift + node, pitch, u, v));
      const density = p.densities + <usize>min(rows - 1, max(0, nearestTo(row))) * 12;
      const odd = load<f32>(density),
        second = load<f32>(density, 4);
      const scale = <f32>(strength * p.muscle * <f64>load<f32>(density, 8));
      const half =
        f32At(p.halfWidth, min(p.elevationRows - 1, max(0, nearestTo(depth * p.elevationRowsPerMm)))) * halfPerC;
      const centre = tc - (za * da + zb * db) * perC;
      const icEnd = floorOf((centre + half) * p.cellsPerMm);
      const icFirst = floorOf((centre - half) * p.cellsPerMm);
      let ic = icFirst;
      const stride = odd > 0 ? 1 : 2;
      if (stride == 2 && (ia + ib + ic) & 1) ic++;
      const base = ia * primeA + ib * primeB + p.seed;
      const oddFirst = (ia + ib + ic) & 1;
      const evenShare: f32 = scale,
        oddShare: f32 = stride == 2 ? scale : odd * scale;
      const weights = oddFirst
        ? f32x4(oddShare, evenShare, oddShare, evenShare)
        : f32x4(evenShare, oddShare, evenShare, oddShare);
      const seconds = f32x4.splat(second * scale);
      const pa = <f64>ia * cell - ta,
        pb = <f64>ib * cell - tb,
        pc = <f64>ic * cell - tc;
      const xCorner = xa * pa + xb * pb + xc * pc + xHalf,
        yCorner = ya * pa + yb * pb + yc * pc + yHalf,
        zCorner = za * pa + zb * pb + zc * pc + zHalf;
      // A place p of this column goes to p + (push0 + pushX·x + pushY·y)·(alongX, alongY): a straight map, which the steps
      // of the loop below go through once and for all.
      const apart = <f64>stride * cell;
      let xStart = xCorner,
        yStart: f64 = 0,
        xStep = apart * xc,
        yStep: f64 = 0;
      if (radius > 0) {
        const alongX = px / (rest + radius),
          alongY = (py + radius) / (rest + radius);
        const pushX = strain * alongX,
          pushY = strain * alongY,
          push0 = push - pushX * px - pushY * py;
        const p0 = pushX * x0 + pushY * y0, p1 = pushX * x1 + pushY * y1, p2 = pushX * x2 + pushY * y2; // prettier-ignore
        v128.store(k, f32x4.splat(<f32>(x0 + p0 * alongX)), JITTER_X);
        v128.store(k, f32x4.splat(<f32>(x1 + p1 * alongX)), JITTER_X + 16);
        v128.store(k, f32x4.splat(<f32>(x2 + p2 * alongX)), JITTER_X + 32);
        v128.store(k, f32x4.splat(<f32>(y0 + p0 * alongY)), JITTER_Y);
        v128.store(k, f32x4.splat(<f32>(y1 + p1 * alongY)), JITTER_Y + 16);
        v128.store(k, f32x4.splat(<f32>(y2 + p2 * alongY)), JITTER_Y + 32);
        const pushed = push0 + pushX * xCorner + pushY * yCorner,
          pushedC = pushX * xc + pushY * yc;
        xStart = xCorner + pushed * alongX;
        yStart = yCorner + pushed * alongY;
        xStep = apart * (xc + pushedC * alongX);
        yStep = apart * (yc + pushedC * alongY);
      } else {
        v128.store(k, f32x4.splat(<f32>(y0 + strain * y0)), JITTER_Y);
        v128.store(k, f32x4.splat(<f32>(y1 + strain * y1)), JITTER_Y + 16);
        v128.store(k, f32x4.splat(<f32>(y2 + strain * y2)), JITTER_Y + 32);
        yStart = yCorner + (push - strain * py + strain * yCorner);
        yStep = apart * (yc + strain * yc);
      }
      // Lanes: the cells ic, ic + stride, …, of which the first four cells' corners and the way to the next four.
      const lane = f32x4.convert_i32x4_s(i32x4(0, 1, 2, 3)),
        stepX = f32x4.splat(<f32>xStep),
        stepY = f32x4.splat(<f32>yStep),
        stepZ = f32x4.splat(<f32>(apart * zc));
      let ox = f32x4.add(f32x4.splat(<f32>xStart), f32x4.mul(lane, stepX)),
        oy = f32x4.add(f32x4.splat(<f32>yStart), f32x4.mul(lane, stepY)),
        oz = f32x4.add(f32x4.splat(<f32>zCorner), f32x4.mul(lane, stepZ));
      const four = f32x4.splat(4),
        nextX = f32x4.mul(four, stepX),
        nextY = f32x4.mul(four, stepY),
        nextZ = f32x4.mul(four, stepZ);
      let cells = i32x4.add(i32x4.splat(ic), i32x4(0, stride, 2 * stride, 3 * stride));
      const last = i32x4.splat(icEnd),
        nextCells = i32x4.splat(4 * stride),
        bases = i32x4.splat(base),
        primes = i32x4.splat(primeC);
      const guarded = nearBone && !inTail;
      if (scale == 0) ic = icEnd + 1;
      for (; ic <= icEnd; ic += 4 * stride) {
        const hash = mix4(i32x4.add(bases, i32x4.mul(cells, primes)));
        const present = i32x4.le_s(cells, last);
        scatter4(p, hash, weights, ox, oy, oz, present, guarded, shift);
        if (second != 0) {
          const bits = mix4(v128.xor(hash, i32x4.splat(SECOND_POINT)));
          scatter4(p, bits, seconds, ox, oy, oz, present, guarded, shift);
        }
        ox = f32x4.add(ox, nextX);
        oy = f32x4.add(oy, nextY);
        oz = f32x4.add(oz, nextZ);
        cells = i32x4.add(cells, nextCells);
      }
      if (!nearBone || !p.boneRough) continue;
      // The rough surface: first the whole column, then four cells at a time are told from where there is none.
      const qa = pa + 0.5 * cell,
        qb = pb + 0.5 * cell,
        xMiddle = xa * qa + xb * qb,
        yMiddle = ya * qa + yb * qb,
        zMiddle = za * qa + zb * qb;
      const wayOut = 0.5 * STEEPEST * cell,
        beyondColumn = beyondBone(p, xMiddle, yMiddle, zMiddle, xc, yc, zc, tc, icFirst, icEnd);
      if (beyondColumn > wayOut * <f64>(icEnd - icFirst)) continue;
      for (let from = icFirst; from <= icEnd; from += 4) {
        const to = min(icEnd, from + 3),
          beyond = beyondBone(p, xMiddle, yMiddle, zMiddle, xc, yc, zc, tc, from, to);
        if (beyond > wayOut * <f64>(to - from)) continue;
        for (let k = from; k <= to; k++) {
          if (beyond > wayOut * <f64>abs(2 * k - from - to)) continue;
          const qc = (<f64>k + 0.5) * cell - tc,
            cx = xMiddle + xc * qc,
            cy = yMiddle + yc * qc,
            cz = zMiddle + zc * qc;
          const hit = hitNear(p, cx, cy, cz);
          if (hit < 0 || Math.abs(planeDistance(p, hit, cx, cy, cz)) > 0.8) continue;
          surfacePoints(
            p,
            cx, cy, cz,
            xa * cell, xb * cell, xc * cell,
            ya * cell, yb * cell, yc * cell,
            za * cell, zb * cell, zc * cell,
            jitterA, jitterB, jitterC,
            mix(base + k * primeC),
            hit,
          ); // prettier-ignore
        }
      }
    }
  }
  if (load<i32>(p.waiting) > 0) addWaiting(p);
  addQueued(p);
}

/**
 * `filterLateral` of filter.kernel.ts for the three ranks together. Even and odd columns of a row apart, the profile is
 * symmetric in each: what lies as far to either side is added before it is weighted. Two lines at a time: the sums of four
 * and their weights would not fit into the processor's registers.
 */
export function lateral(p: Frame): void {
  const lines = p.lines,
    sign = f32x4(-1, 1, -1, 1),
    plane = (<usize>(p.samples * lines)) << 3;
  for (let sample = 0; sample < p.samples; sample++) {
    const range = p.tapRange + <usize>load<i32>(p.tapRow + ((<usize>sample) << 2)) * 16,
      before = load<i32>(range),
      taps = p.taps + <usize>load<i32>(range, 4),
      oddTaps = p.taps + <usize>load<i32>(range, 8),
      lastTap = p.taps + <usize>load<i32>(range, 12);
    separate(p, p.fine + ((<usize>(sample * lines)) << 5));
    const to = p.beamed + ((<usize>(sample * lines)) << 3);
    for (let rank: usize = 0; rank < 3; rank++) {
      memory.fill(to + rank * plane, 0, (<usize>before) << 3);
      memory.fill(to + rank * plane + ((<usize>(lines - before)) << 3), 0, (<usize>before) << 3);
    }
    const last = lines - before - 2;
    let line = before;
    while (true) {
      const offset = (<usize>line) << 3;
      let right = p.even + offset,
        left = right,
        tap = taps;
      let s = v128.load(right);
      let a = f32x4.mul(v128.load_splat<f32>(tap, 0), s);
      let b = f32x4.mul(v128.load_splat<f32>(tap, 4), s);
      let c = f32x4.mul(v128.load_splat<f32>(tap, 8), s);
      let d = f32x4.mul(v128.load_splat<f32>(tap, 12), s);
      let e = f32x4.mul(v128.load_splat<f32>(tap, 16), s);
      let f = f32x4.mul(v128.load_splat<f32>(tap, 20), s);
      for (tap += 24; tap < oddTaps; tap += 24) {
        right += 8;
        left -= 8;
        s = f32x4.add(v128.load(left), v128.load(right));
        a = f32x4.add(a, f32x4.mul(v128.load_splat<f32>(tap, 0), s));
        b = f32x4.add(b, f32x4.mul(v128.load_splat<f32>(tap, 4), s));
        c = f32x4.add(c, f32x4.mul(v128.load_splat<f32>(tap, 8), s));
        d = f32x4.add(d, f32x4.mul(v128.load_splat<f32>(tap, 12), s));
        e = f32x4.add(e, f32x4.mul(v128.load_splat<f32>(tap, 16), s));
        f = f32x4.add(f, f32x4.mul(v128.load_splat<f32>(tap, 20), s));
      }
      right = p.odd + offset;
      left = right - 8;
      for (; tap < lastTap; tap += 24) {
        s = f32x4.add(v128.load(left), v128.load(right));
        a = f32x4.add(a, f32x4.mul(v128.load_splat<f32>(tap, 0), s));
        b = f32x4.add(b, f32x4.mul(v128.load_splat<f32>(tap, 4), s));
        c = f32x4.add(c, f32x4.mul(v128.load_splat<f32>(tap, 8), s));
        d = f32x4.add(d, f32x4.mul(v128.load_splat<f32>(tap, 12), s));
        e = f32x4.add(e, f32x4.mul(v128.load_splat<f32>(tap, 16), s));
        f = f32x4.add(f, f32x4.mul(v128.load_splat<f32>(tap, 20), s));
        right += 8;
        left -= 8;
      }
      const first = to + offset,
        second = first + plane,
        third = second + plane;
      v128.store(first, turned(a, b, sign));
      v128.store(second, turned(c, d, sign));
      v128.store(third, turned(e, f, sign));
      if (line == last) break;
      line = min(last, line + 2);
    }
  }
}

/**
 * Even and odd columns of a fine row into the blocks `even` and `odd`, from their slots: what a column's own points leave
 * to it, and what those of the column to its left give. Writes up to a line more. @inline
 */
function separate(p: Frame, from: usize): void {
  let given = f32x4.splat(0);
  for (let line = 0; line < p.lines; line += 2) {
    const slot = from + ((<usize>line) << 5),
      a = v128.load(slot),
      b = v128.load(slot, 16),
      c = v128.load(slot, 32),
      d = v128.load(slot, 48),
      to = (<usize>line) << 3;
    const ownEven = v128.shuffle<f32>(a, c, 0, 1, 4, 5),
      ownOdd = v128.shuffle<f32>(b, d, 0, 1, 4, 5),
      givenByEven = v128.shuffle<f32>(a, c, 2, 3, 6, 7),
      givenByOdd = v128.shuffle<f32>(b, d, 2, 3, 6, 7);
    v128.store(
      p.even + to,
      f32x4.add(f32x4.sub(ownEven, givenByEven), v128.shuffle<f32>(given, givenByOdd, 2, 3, 4, 5)),
    );
    v128.store(p.odd + to, f32x4.add(f32x4.sub(ownOdd, givenByOdd), givenByEven));
    given = givenByOdd;
  }
}

/**
 * `addNoise` of filter.kernel.ts, from the mixed seed and frame, on the lines `first` … `end` − 1: all of them, or so that
 * three follow. May write up to three samples more.
 */
export function noise(p: Frame, start: i32, first: i32, end: i32): void {
  const whole = end - first == p.lines,
    runs = whole ? 1 : p.samples,
    count = whole ? p.lines * p.samples : end - first;
  const scale = f32x4.splat(<f32>p.noiseScale);
  for (let run = 0; run < runs; run++) {
    const from = run * p.lines + first;
    let to = p.beamed + ((<usize>from) << 3),
      at = i32x4.add(i32x4.splat(start + from), i32x4(0, 1, 2, 3));
    for (let i = 0; i < count; i += 4) {
      const a = mix4(at),
        b = mix4(v128.xor(a, i32x4.splat(0x5bd1e995)));
      // −ln of a number in (0, 1), and a turn in [−½, ½).
      const radius = f32x4.mul(scale, f32x4.sqrt(f32x4.mul(log2(share(a)), f32x4.splat(-0.6931471805599453)))),
        turn = f32x4.sub(share(b), f32x4.splat(0.5)),
        square = f32x4.mul(turn, turn);
      // Half a turn on: both signs change.
      const re = f32x4.neg(f32x4.mul(radius, cosine(p.constants, square))),
        im = f32x4.neg(f32x4.mul(radius, sine(p.constants, turn, square)));
      v128.store(to, f32x4.add(v128.load(to), v128.shuffle<f32>(re, im, 0, 4, 1, 5)));
      v128.store(to, f32x4.add(v128.load(to, 16), v128.shuffle<f32>(re, im, 2, 6, 3, 7)), 16);
      to += 32;
      at = i32x4.add(at, i32x4.splat(4));
    }
  }
}

/** The upper 24 bits of each word as a number in (0, 1). @inline */
function share(word: v128): v128 {
  const whole = f32x4.convert_i32x4_s(i32x4.shr_u(word, 8));
  return f32x4.mul(f32x4.add(whole, f32x4.splat(0.5)), f32x4.splat(1.0 / 16777216));
}

/** `filterAxial` of filter.kernel.ts, and the power of every sample, on the lines `firstLine` … `endLine` − 1: eight or more. */
export function axial(p: Frame, firstLine: i32, endLine: i32): void {
  const lines = p.lines,
    rowBytes = <usize>lines * 8,
    planeBytes = <usize>p.samples * rowBytes,
    last = endLine - 8;
  const sign = f32x4(-1, 1, -1, 1);
  for (let sample = 0; sample < p.samples; sample++) {
    const first = max(0, sample + p.pulseCentre - (p.samples - 1)),
      end = min(p.pulseLength, sample + p.pulseCentre + 1);
    const weights = p.weights,
      weightBytes = (<usize>(end - first)) << 3,
      source = p.beamed + <usize>(sample + p.pulseCentre - first) * rowBytes;
    gatherPulses(p, sample, first, end);
    let line = firstLine;
    while (true) {
      let a0 = f32x4.splat(0), a1 = f32x4.splat(0), a2 = f32x4.splat(0), a3 = f32x4.splat(0); // prettier-ignore
      let b0 = f32x4.splat(0), b1 = f32x4.splat(0), b2 = f32x4.splat(0), b3 = f32x4.splat(0); // prettier-ignore
      let weight = weights,
        plane = source + ((<usize>line) << 3);
      for (let rank = 0; rank < p.ranks; rank++) {
        const lastWeight = weight + weightBytes;
        let from = plane;
        for (; weight < lastWeight; weight += 8) {
          const wr = v128.load_splat<f32>(weight),
            wi = v128.load_splat<f32>(weight, 4);
          const v0 = v128.load(from),
            v1 = v128.load(from, 16),
            v2 = v128.load(from, 32),
            v3 = v128.load(from, 48);
          a0 = f32x4.add(a0, f32x4.mul(wr, v0));
          b0 = f32x4.add(b0, f32x4.mul(wi, v0));
          a1 = f32x4.add(a1, f32x4.mul(wr, v1));
          b1 = f32x4.add(b1, f32x4.mul(wi, v1));
          a2 = f32x4.add(a2, f32x4.mul(wr, v2));
          b2 = f32x4.add(b2, f32x4.mul(wi, v2));
          a3 = f32x4.add(a3, f32x4.mul(wr, v3));
          b3 = f32x4.add(b3, f32x4.mul(wi, v3));
          from -= rowBytes;
        }
        plane += planeBytes;
      }
      const to = (<usize>(sample * lines + line)) << 2;
      storeSamples(p, to, turned(a0, b0, sign), turned(a1, b1, sign));
      storeSamples(p, to + 16, turned(a2, b2, sign), turned(a3, b3, sign));
      if (line == last) break;
      line = min(last, line + 8);
    }
  }
}

/** The taps `first` … `end` − 1 of the pulses that end in a sample, each of the depth it comes from, rank by rank. */
function gatherPulses(p: Frame, sample: i32, first: i32, end: i32): void {
  let to = p.weights;
  for (let rank = 0; rank < p.ranks; rank++) {
    for (let tap = first; tap < end; tap++, to += 8) {
      const row = load<i32>(p.tapRow + ((<usize>(sample + p.pulseCentre - tap)) << 2));
      store<i64>(to, load<i64>(p.pulse + ((<usize>((rank * p.tapRows + row) * p.pulseLength + tap)) << 3)));
    }
  }
}

/** a + ib of pairs of complex numbers. @inline */
function turned(a: v128, b: v128, sign: v128): v128 {
  return f32x4.add(a, f32x4.mul(v128.shuffle<f32>(b, b, 1, 0, 3, 2), sign));
}

/** Adds the coherent echoes. @inline */
function storeSamples(p: Frame, at: usize, a: v128, b: v128): void {
  const re = f32x4.add(v128.load(p.coherentRe + at), v128.shuffle<f32>(a, b, 0, 2, 4, 6)),
    im = f32x4.add(v128.load(p.coherentIm + at), v128.shuffle<f32>(a, b, 1, 3, 5, 7));
  v128.store(p.receivedRe + at, re);
  v128.store(p.receivedIm + at, im);
  v128.store(p.power + at, f32x4.add(f32x4.mul(re, re), f32x4.mul(im, im)));
}

/** log2 of positive normal numbers: exponent, and 2/ln 2 · artanh((m − 1)/(m + 1)), m in [√½, √2); to 1e-6. @inline */
function log2(value: v128): v128 {
  const raised = i32x4.sub(value, i32x4.splat(0x3f3504f3)); // bits of √½
  const exponent = f32x4.convert_i32x4_s(i32x4.shr_s(raised, 23));
  const m = i32x4.add(v128.and(raised, i32x4.splat(0x7fffff)), i32x4.splat(0x3f3504f3));
  const one = f32x4.splat(1);
  const s = f32x4.div(f32x4.sub(m, one), f32x4.add(m, one)),
    q = f32x4.mul(s, s);
  let sum = f32x4.add(f32x4.mul(q, f32x4.splat(0.41219858)), f32x4.splat(0.57707802));
  sum = f32x4.add(f32x4.mul(q, sum), f32x4.splat(0.96179669));
  sum = f32x4.add(f32x4.mul(q, sum), f32x4.splat(2.88539008));
  return f32x4.add(exponent, f32x4.mul(s, sum));
}

/** `createDisplay` of display.ts from the power on. */
export function display(p: Frame): void {
  const lines = p.lines,
    scan = p.scanLines,
    samples = p.samples;
  const lastChunk = scan - 4;
  // Across the lines, the end's value going on beyond it.
  const reach = p.smoothLateral;
  for (let sample = 0; sample < samples; sample++) {
    const source = p.power + ((<usize>(sample * lines + p.marginLines)) << 2),
      middle = p.padded + ((<usize>reach) << 2);
    memory.copy(middle, source, (<usize>scan) << 2);
    const lowEnd = load<f32>(source),
      highEnd = load<f32>(source + ((<usize>(scan - 1)) << 2));
    for (let k = 0; k < reach; k++) {
      store<f32>(p.padded + ((<usize>k) << 2), lowEnd);
      store<f32>(middle + ((<usize>(scan + k)) << 2), highEnd);
    }
    const to = p.smooth + ((<usize>(sample * scan)) << 2);
    let line = 0;
    while (true) {
      const centre = middle + ((<usize>line) << 2);
      let sum = f32x4.mul(v128.load_splat<f32>(p.lateralKernel), v128.load(centre));
      for (let k = 1; k <= reach; k++) {
        const off = (<usize>k) << 2;
        const w = v128.load_splat<f32>(p.lateralKernel + off);
        sum = f32x4.add(sum, f32x4.mul(w, f32x4.add(v128.load(centre - off), v128.load(centre + off))));
      }
      v128.store(to + ((<usize>line) << 2), sum);
      if (line == lastChunk) break;
      line = min(lastChunk, line + 4);
    }
  }
  // Along depth, then gain and logarithm.
  const tiny = f32x4.splat(1e-30),
    perOctave = f32x4.splat(<f32>(3.010299956639812 * p.grayPerDb));
  for (let sample = 0; sample < samples; sample++) {
    const gain = f32x4.splat(load<f32>(p.gain + ((<usize>sample) << 2)) * <f32>p.grayPerDb);
    const row = p.smooth + ((<usize>(sample * scan)) << 2),
      to = p.level + ((<usize>(sample * scan)) << 2);
    let line = 0;
    while (true) {
      const at = (<usize>line) << 2;
      let sum = f32x4.mul(v128.load_splat<f32>(p.axialKernel), v128.load(row + at));
      for (let k = 1; k <= p.smoothAxial; k++) {
        const above = p.smooth + at + ((<usize>(max(0, sample - k) * scan)) << 2),
          below = p.smooth + at + ((<usize>(min(samples - 1, sample + k) * scan)) << 2);
        const w = v128.load_splat<f32>(p.axialKernel + ((<usize>k) << 2));
        sum = f32x4.add(sum, f32x4.mul(w, f32x4.add(v128.load(above), v128.load(below))));
      }
      v128.store(to + at, f32x4.add(f32x4.mul(log2(f32x4.add(sum, tiny)), perOctave), gain));
      if (line == lastChunk) break;
      line = min(lastChunk, line + 4);
    }
  }
  scanConvert(p);
}

/** Pixels between firstColumn and endColumn of the rows that have samples; the others stay as they are. */
function scanConvert(p: Frame): void {
  const scan = p.scanLines;
  for (let v = 0; v < p.height; v++) {
    const sample = load<i32>(p.rowSample + ((<usize>v) << 2));
    if (sample < 0) continue;
    const above = p.level + ((<usize>(sample * scan)) << 2),
      below = above + ((<usize>scan) << 2);
    const w = v128.load_splat<f32>(p.rowShare + ((<usize>v) << 2));
    const row = p.padded;
    let line = 0;
    while (true) {
      const at = (<usize>line) << 2;
      const top = v128.load(above + at);
      v128.store(row + at, f32x4.add(top, f32x4.mul(w, f32x4.sub(v128.load(below + at), top))));
      if (line == scan - 4) break;
      line = min(scan - 4, line + 4);
    }
    const to = p.pixels + <usize>(v * p.width);
    const end = p.endColumn;
    let u = p.firstColumn;
    // The tables are padded, and what is written beyond the last column is overwritten by zero below.
    for (; u < end; u += 4) {
      const tables = (<usize>u) << 2;
      const i0 = <usize>load<i32>(p.columnLine + tables),
        i1 = <usize>load<i32>(p.columnLine + tables, 4),
        i2 = <usize>load<i32>(p.columnLine + tables, 8),
        i3 = <usize>load<i32>(p.columnLine + tables, 12);
      const p01 = v128.load_lane<u64>(row + (i1 << 2), v128.load_zero<u64>(row + (i0 << 2)), 1),
        p23 = v128.load_lane<u64>(row + (i3 << 2), v128.load_zero<u64>(row + (i2 << 2)), 1);
      const left = v128.shuffle<f32>(p01, p23, 0, 2, 4, 6),
        right = v128.shuffle<f32>(p01, p23, 1, 3, 5, 7);
      const t = v128.load(p.columnShare + tables);
      const gray = f32x4.add(left, f32x4.mul(t, f32x4.sub(right, left)));
      const clamped = f32x4.min(f32x4.max(gray, f32x4.splat(0)), f32x4.splat(255));
      const whole = i32x4.trunc_sat_f32x4_s(f32x4.add(clamped, f32x4.splat(0.5)));
      const words = i16x8.narrow_i32x4_u(whole, whole);
      store<i32>(to + <usize>u, i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0));
    }
    for (let beyond = end; beyond < u; beyond++) store<u8>(to + <usize>beyond, 0);
  }
}
