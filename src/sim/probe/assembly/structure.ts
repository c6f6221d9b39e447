// Septa, fascicles and fibrils: the loops of ../structure.ts and ../texture.ts, which are the readable form and the oracle.
// Index line · rows + row.
import { floorOf, skinAt } from "./field.ts";
import { exp4 } from "./map-filter.ts";
import {
  familyOf,
  f32Of,
  f64Of,
  i32Of,
  MapFrame,
  putF32,
  SheetFamily,
  Texture,
  textureOf,
  tissueOf,
  Tissue,
} from "./map-frame.ts";
import { noiseAt, noiseIn, openCell } from "./noise.ts";

/** Where a line crosses a sheet, an entry of the block `sheets`. */
@unmanaged
export class Sheet {
  depthMm: f64;
  amplitude: f64;
  line: i32;
  padding: i32;
}
export const SHEET_BYTES: usize = 24;

// As in ../structure.ts.
const NODE_ROWS: i32 = 4;
const SHEET_DIFFUSE: f64 = 0.45;
const SHEET_SLOPE: f64 = 0.5;
const ASIDE_MM: f64 = 0.3;
const LOSS_VARIES: f64 = 0.25;
const PERIOSTEUM: f64 = 5;
const PERIOSTEUM_MM: f64 = 1;
const PERIOSTEUM_REACH_MM: f64 = 4;
const BRIGHTEST_SCATTER: f64 = 3;
const NEPER_PER_DECIBEL: f64 = 0.11512925464970229;

// As in ../texture.ts.
const STRENGTH_SEED: i32 = 0x2545f491;
const MOTTLE_SEED: i32 = 0x38495ab5;
const SHEET_PRIME: i32 = 0x9e3779b1;
const FINE_SHARE: f64 = 0.45;
const FINE_PER_LENGTH: f64 = 4;

/** @inline */
function levelSeed(family: i32): i32 {
  return family == 0 ? 0x51ed270b : 0x1b873593;
}

/** A point in the coordinates in which the noise of a tissue is read: `turn` of ../texture.ts. */
class Turned {
  static x: f64 = 0;
  static y: f64 = 0;
  static z: f64 = 0;
}

function turn(tissue: Tissue, texture: Texture, x: f64, y: f64, z: f64): void {
  const along = (x * tissue.fibreX + y * tissue.fibreY + z * tissue.fibreZ) * (1 - 1 / texture.stretch);
  const a = x - along * tissue.fibreX,
    b = y - along * tissue.fibreY,
    c = z - along * tissue.fibreZ;
  Turned.x = 0.5612 * a - 0.7289 * b - 0.392 * c;
  Turned.y = 0.2542 * a + 0.6026 * b - 0.7565 * c;
  Turned.z = 0.7877 * a + 0.3249 * b + 0.5234 * c;
}

/** Noise at the turned point, coordinates times `per`. @inline */
function turnedNoise(per: f64, seed: i32): f64 {
  return noiseAt(Turned.x * per, Turned.y * per, Turned.z * per, seed);
}

/** Cells of noise that are kept (`noiseIn`): sheets' fields on the lines, mottle, and sheets' fields aside of the lines. */
const LEVEL_CELL: i32 = 0;
const MOTTLE_CELL: i32 = 2;
const ASIDE_CELL: i32 = 3;
const NOISE_CELLS: i32 = 5;
const NOISE_CELL_BYTES: usize = 48;

/** `turnedNoise` of points that follow one another. @inline */
function turnedNoiseIn(q: MapFrame, cell: i32, per: f64, seed: i32): f64 {
  const at = q.noiseCells + <usize>cell * NOISE_CELL_BYTES;
  return noiseIn(at, Turned.x * per, Turned.y * per, Turned.z * per, seed);
}

/** Sheet coordinate of the turned point; `cell` as for `turnedNoiseIn`. @inline */
function levelOf(q: MapFrame, cell: i32, family: SheetFamily, which: i32, depthMm: f64, seed: i32): f64 {
  const noise = turnedNoiseIn(q, cell, 1 / family.wanderLengthMm, seed ^ levelSeed(which));
  return (depthMm + family.wanderMm * noise) / family.spacingMm;
}

/** A number of each of two neighbouring rows. @inline */
function putPair(base: usize, index: i32, values: v128): void {
  v128.store_lane<u64>(base + ((<usize>index) << 2), f32x4.demote_f64x2_zero(values), 0);
}

/** One stretch of a line within one tissue: rows first … end − 1. Returns the loss it adds. */
function fillRun(q: MapFrame, line: i32, first: i32, end: i32, lossBefore: f64): f64 {
  const m = q.pose,
    from0 = line * q.rows,
    label = i32Of(q.label, from0 + first),
    tissue = tissueOf(q, label),
    texture = textureOf(q, label),
    own = q.seed + label,
    rowMm = q.rowMm;
  const coarse = familyOf(q, label, 0),
    fine = familyOf(q, label, 1);
  const dx = f64Of(q.directionX, line), dy = f64Of(q.directionY, line), x0 = f64Of(q.originX, line), y0 = f64Of(q.originY, line); // prettier-ignore
  const bx = load<f64>(m) * dx + load<f64>(m, 8) * dy,
    by = load<f64>(m, 32) * dx + load<f64>(m, 40) * dy,
    bz = load<f64>(m, 64) * dx + load<f64>(m, 72) * dy;
  const px = load<f64>(m) * x0 + load<f64>(m, 8) * y0 + load<f64>(m, 24),
    py = load<f64>(m, 32) * x0 + load<f64>(m, 40) * y0 + load<f64>(m, 56),
    pz = load<f64>(m, 64) * x0 + load<f64>(m, 72) * y0 + load<f64>(m, 88);
  const sine = (tissue.fibreX * bx + tissue.fibreY * by + tissue.fibreZ * bz) / texture.anisotropySine,
    anisotropyDb = texture.anisotropyDb == 0 ? 0 : texture.anisotropyDb * (1 - NativeMath.exp(-sine * sine));
  const lossPerRow = LOSS_VARIES * tissue.lossPerMm * rowMm,
    bone = f32Of(q.boneDepth, q.lines + line);
  let added = lossBefore,
    from = first,
    to = first;
  let coarse0: f64 = 0, fine0: f64 = 0, mottle0: f64 = 0; // prettier-ignore
  while (true) {
    // The node at `to`.
    const rest = <f64>to * rowMm - f32Of(q.pushed, from0 + to);
    const x = px + rest * bx, y = py + rest * by, z = pz + rest * bz; // prettier-ignore
    const depth = -skinAt(q, x, y, z);
    turn(tissue, texture, x, y, z);
    const coarse1 = levelOf(q, LEVEL_CELL, coarse, 0, depth, own),
      fine1 = levelOf(q, LEVEL_CELL + 1, fine, 1, depth, own),
      mottle1 = turnedNoiseIn(q, MOTTLE_CELL, 1 / texture.mottleLengthMm, own ^ MOTTLE_SEED);
    if (to == first && end - 1 > first) {
      coarse0 = coarse1;
      fine0 = fine1;
      mottle0 = mottle1;
      to = min(end - 1, from + NODE_ROWS - (from % NODE_ROWS));
      continue;
    }
    if (to == first) {
      coarse0 = coarse1;
      fine0 = fine1;
      mottle0 = mottle1;
    }
    const perStep = 1 / <f64>max(1, to - from),
      until = to == end - 1 ? end : to;
    const coarseStep = coarse1 - coarse0,
      fineStep = fine1 - fine0,
      mottleStep = mottle1 - mottle0;
    let row = from,
      at = from0 + from;
    for (; row + 2 <= until; row += 2, at += 2) {
      const share = f64x2.mul(f64x2.add(f64x2.splat(<f64>(row - from)), f64x2(0, 1)), f64x2.splat(perStep));
      putPair(q.level0, at, f64x2.add(f64x2.splat(coarse0), f64x2.mul(share, f64x2.splat(coarseStep))));
      putPair(q.level1, at, f64x2.add(f64x2.splat(fine0), f64x2.mul(share, f64x2.splat(fineStep))));
      const mottle = f64x2.add(f64x2.splat(mottle0), f64x2.mul(share, f64x2.splat(mottleStep))),
        db = f64x2.sub(f64x2.mul(f64x2.splat(texture.mottleDb), mottle), f64x2.splat(anisotropyDb));
      putPair(q.bright, at, f64x2.mul(f64x2.splat(NEPER_PER_DECIBEL), db));
      putF32(q.loss, at, f32Of(q.loss, at) + added);
      added += lossPerRow * f64x2.extract_lane(mottle, 0);
      putF32(q.loss, at + 1, f32Of(q.loss, at + 1) + added);
      added += lossPerRow * f64x2.extract_lane(mottle, 1);
    }
    if (row < until) {
      const share = <f64>(row - from) * perStep;
      putF32(q.level0, at, coarse0 + share * coarseStep);
      putF32(q.level1, at, fine0 + share * fineStep);
      const mottle = mottle0 + share * mottleStep;
      putF32(q.bright, at, NEPER_PER_DECIBEL * (texture.mottleDb * mottle - anisotropyDb));
      putF32(q.loss, at, f32Of(q.loss, at) + added);
      added += lossPerRow * mottle;
    }
    if (bone - <f64>(until - 1) * rowMm < PERIOSTEUM_REACH_MM) {
      for (row = from, at = from0 + from; row < until; row++, at++) {
        const above = bone - <f64>row * rowMm;
        if (above >= PERIOSTEUM_REACH_MM) continue;
        const mottle = mottle0 + <f64>(row - from) * perStep * mottleStep;
        const grown = 1 + PERIOSTEUM * (0.5 + 0.5 * mottle) * NativeMath.exp(-above / PERIOSTEUM_MM);
        putF32(q.echo, at, f32Of(q.echo, at) * grown);
      }
    }
    if (until == end) return added;
    coarse0 = coarse1;
    fine0 = fine1;
    mottle0 = mottle1;
    from = to;
    to = min(end - 1, from + NODE_ROWS - (from % NODE_ROWS));
  }
}

function fill(q: MapFrame): void {
  const lines = q.lines,
    rows = q.rows,
    cells = lines * rows;
  memory.fill(q.bright, 0, (<usize>cells) << 2);
  for (let line = 0; line < lines; line++) {
    let added: f64 = 0;
    const from = line * rows;
    for (let row = 0; row < rows;) {
      const label = i32Of(q.label, from + row);
      if (label < 0 || !tissueOf(q, label).textured) {
        if (added != 0) putF32(q.loss, from + row, f32Of(q.loss, from + row) + added);
        row++;
        continue;
      }
      let end = row + 1;
      while (end < rows && i32Of(q.label, from + end) == label) end++;
      added = fillRun(q, line, row, end, added);
      row = end;
    }
  }
  for (let cell = 0; cell < cells; cell += 4) {
    const at = (<usize>cell) << 2;
    v128.store(q.echo + at, f32x4.mul(v128.load(q.echo + at), exp4(v128.load(q.bright + at))));
  }
}

/** Amplitude of a smooth mirror at a depth, re one at right angles: ../specular.ts. */
function specularAmplitude(q: MapFrame, z: f64, tanLateral: f64, tanElevation: f64): f64 {
  const elevation = 1 - (Math.abs(tanElevation) * 2 * q.lensFocusMm) / q.lensMm;
  if (elevation <= 0) return 0;
  const column = Math.abs(tanLateral) / q.specularTanStep;
  if (!(column < <f64>(q.specularColumns - 1))) return 0;
  const at = floorOf(column),
    row = min(q.specularRows - 1, max(0, floorOf(z + 0.5))) * q.specularColumns + at;
  const low = f32Of(q.specular, row),
    high = f32Of(q.specular, row + 1);
  return elevation * (low + (column - <f64>at) * (high - low));
}

/** `sheetResponse` of ../structure.ts. */
export function sheetResponse(q: MapFrame, depthMm: f64, slope: f64, side: f64): f64 {
  const smooth = specularAmplitude(q, depthMm, slope, side),
    tan2 = slope * slope + side * side,
    wavy = SHEET_DIFFUSE * NativeMath.exp(-tan2 / (2 * SHEET_SLOPE * SHEET_SLOPE));
  return Math.sqrt(smooth * smooth + wavy * wavy);
}

/** Distance of neighbouring lines at a depth: `spacingAt` of ../probe.ts. */
export function spacingAt(q: MapFrame, depthMm: f64): f64 {
  return q.radiusMm > 0 ? (q.spacingMm * (q.radiusMm + depthMm)) / q.radiusMm : q.spacingMm;
}

/** Adds the sheet that a line has crossed just above a row, the `found`-th: `cross` of ../structure.ts. */
function cross(q: MapFrame, line: i32, row: i32, which: i32, here: f64, before: f64, found: i32): void {
  const m = q.pose,
    rows = q.rows,
    values = which == 0 ? q.level0 : q.level1,
    at = line * rows + row,
    label = i32Of(q.label, at),
    tissue = tissueOf(q, label),
    texture = textureOf(q, label),
    family = familyOf(q, label, which),
    own = q.seed + label;
  const number = max(Math.floor(here), Math.floor(before)),
    perMm = (here - before) / q.rowMm,
    depthMm = <f64>(row - 1) * q.rowMm + (number - before) / perMm;
  const slope = -(f32Of(values, at + 2 * rows) - f32Of(values, at - 2 * rows)) / (4 * spacingAt(q, depthMm)) / perMm;
  const rest = depthMm - f32Of(q.pushed, at);
  const ix = f64Of(q.originX, line) + rest * f64Of(q.directionX, line),
    iy = f64Of(q.originY, line) + rest * f64Of(q.directionY, line);
  const x = load<f64>(m) * ix + load<f64>(m, 8) * iy + load<f64>(m, 16) * ASIDE_MM + load<f64>(m, 24),
    y = load<f64>(m, 32) * ix + load<f64>(m, 40) * iy + load<f64>(m, 48) * ASIDE_MM + load<f64>(m, 56),
    z = load<f64>(m, 64) * ix + load<f64>(m, 72) * iy + load<f64>(m, 80) * ASIDE_MM + load<f64>(m, 88);
  turn(tissue, texture, x, y, z);
  const p = 1 / family.patchLengthMm,
    seed = own ^ STRENGTH_SEED ^ ((<i32>number + which * 0x4000) * SHEET_PRIME);
  const noise = turnedNoise(p, seed) + FINE_SHARE * turnedNoise(FINE_PER_LENGTH * p, seed ^ 1),
    strength = NativeMath.exp(noise * family.spreadDb * NEPER_PER_DECIBEL);
  putF32(q.echo, at, f32Of(q.echo, at) * (1 + family.scatter * min(BRIGHTEST_SCATTER, strength)));
  const aside = levelOf(q, ASIDE_CELL + which, family, which, -skinAt(q, x, y, z), own);
  const sheet = changetype<Sheet>(q.sheets + <usize>found * SHEET_BYTES);
  sheet.line = line;
  sheet.depthMm = depthMm;
  sheet.amplitude =
    q.fascia * family.reflection * strength * sheetResponse(q, depthMm, slope, -(aside - number) / ASIDE_MM / perMm);
}

/** Adds the sheets that a line has crossed just above a row, `found` there were before. Returns how many there are then. */
function crossAt(q: MapFrame, line: i32, row: i32, found: i32): i32 {
  const rows = q.rows,
    at = line * rows + row,
    label = i32Of(q.label, at);
  if (label < 0 || label != i32Of(q.label, at - 1) || !tissueOf(q, label).textured) return found;
  for (let which = 0; which < 2; which++) {
    const values = which == 0 ? q.level0 : q.level1,
      here = f32Of(values, at),
      before = f32Of(values, at - 1);
    if (Math.floor(here) == Math.floor(before)) continue;
    if (i32Of(q.label, at - 2 * rows) != label || i32Of(q.label, at + 2 * rows) != label) continue;
    cross(q, line, row, which, here, before, found++);
  }
  return found;
}

/** All bits set in the lanes of four rows of a field of sheets in which a sheet lies just above. @inline */
function passes(values: usize): v128 {
  return f32x4.ne(f32x4.floor(v128.load(values)), f32x4.floor(v128.load(values - 4)));
}

/** Puts structure into the map of a pose. Returns how many sheets were crossed. */
export function addStructure(q: MapFrame): i32 {
  const lines = q.lines,
    rows = q.rows;
  for (let cell = 0; cell < NOISE_CELLS; cell++) openCell(q.noiseCells + <usize>cell * NOISE_CELL_BYTES, 0);
  fill(q);
  let found = 0;
  for (let line = 2; line < lines - 2; line++) {
    let row = 1;
    for (; row + 4 <= rows; row += 4) {
      const at = (<usize>(line * rows + row)) << 2;
      const same = i32x4.eq(v128.load(q.label + at), v128.load(q.label + at - 4)),
        crossed = v128.and(same, v128.or(passes(q.level0 + at), passes(q.level1 + at)));
      // Where there is no texture the fields are left from before: `crossAt` asks.
      for (let left = i32x4.bitmask(crossed); left != 0; left &= left - 1) {
        found = crossAt(q, line, row + ctz(left), found);
      }
    }
    for (; row < rows; row++) found = crossAt(q, line, row, found);
  }
  return found;
}
