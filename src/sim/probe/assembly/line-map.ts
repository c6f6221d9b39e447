// What one pose sees, per scan line and depth: the loops of ../line-map.ts, which is the readable form and the oracle.
// While lines are walked down, index line · rows + row; the maps that are left, row · lines + line.
import { boneAt, firstBone, floorOf, labelAt } from "./field.ts";
import { blurRows, exp4, softenEdges, transpose } from "./map-filter.ts";
import { f32Of, f64Of, i32Of, MapFrame, putF32, tissueOf } from "./map-frame.ts";
import { addStructure, Sheet, SHEET_BYTES } from "./structure.ts";

/** Half of the distance over which the surface's normal is taken, mm. */
const NORMAL_REACH_MM: f64 = 0.5;

/** `findBone` of ../bone-search.ts. */
export function findBone(q: MapFrame): void {
  const m = q.pose,
    h = NORMAL_REACH_MM,
    lines = q.lines;
  for (let e = 0; e < 3; e++) {
    const side = <f64>(e - 1) * q.sideMm;
    for (let line = 0; line < lines; line++) {
      const u = f64Of(q.directionX, line), v = f64Of(q.directionY, line), start = f64Of(q.start, line); // prettier-ignore
      const ix = f64Of(q.originX, line) + start * u,
        iy = f64Of(q.originY, line) + start * v;
      const ox = load<f64>(m) * ix + load<f64>(m, 8) * iy + load<f64>(m, 16) * side + load<f64>(m, 24),
        oy = load<f64>(m, 32) * ix + load<f64>(m, 40) * iy + load<f64>(m, 48) * side + load<f64>(m, 56),
        oz = load<f64>(m, 64) * ix + load<f64>(m, 72) * iy + load<f64>(m, 80) * side + load<f64>(m, 88);
      const dx = load<f64>(m) * u + load<f64>(m, 8) * v,
        dy = load<f64>(m, 32) * u + load<f64>(m, 40) * v,
        dz = load<f64>(m, 64) * u + load<f64>(m, 72) * v;
      const way = firstBone(q, ox, oy, oz, dx, dy, dz, q.reachMm - start);
      const at = e * lines + line;
      putF32(q.boneDepth, at, start + way);
      if (isNaN(way)) continue;
      const x = ox + way * dx, y = oy + way * dy, z = oz + way * dz; // prettier-ignore
      const gx = boneAt(q, x + h, y, z, 2) - boneAt(q, x - h, y, z, 2),
        gy = boneAt(q, x, y + h, z, 2) - boneAt(q, x, y - h, z, 2),
        gz = boneAt(q, x, y, z + h, 2) - boneAt(q, x, y, z - h, 2);
      const length = Math.sqrt(gx * gx + gy * gy + gz * gz),
        scale = 1 / (length == 0 ? 1 : length);
      const nx = <f32>((load<f64>(m) * gx + load<f64>(m, 32) * gy + load<f64>(m, 64) * gz) * scale),
        ny = <f32>((load<f64>(m, 8) * gx + load<f64>(m, 40) * gy + load<f64>(m, 72) * gz) * scale),
        nz = <f32>((load<f64>(m, 16) * gx + load<f64>(m, 48) * gy + load<f64>(m, 80) * gz) * scale);
      putF32(q.boneNormal, 3 * at, nx);
      putF32(q.boneNormal, 3 * at + 1, ny);
      putF32(q.boneNormal, 3 * at + 2, nz);
      putF32(q.boneFace, 3 * at, ix + way * u);
      putF32(q.boneFace, 3 * at + 1, iy + way * v);
      putF32(q.boneFace, 3 * at + 2, <f64>nx * u + <f64>ny * v);
    }
  }
}

/** Where no bone is near, the press is felt to about this depth, mm: as in ../compression.ts. */
const FARTHEST_MM: f64 = 80;

/** How far the tissue now at each point of the map has come down its line, and what rests there goes: `press`. */
function press(q: MapFrame): void {
  const m = q.pose,
    lines = q.lines,
    rows = q.rows,
    cells = (<usize>(lines * rows)) << 2;
  if (load<f64>(m, 96) == 0) {
    memory.fill(q.pushed, 0, cells);
    memory.fill(q.push, 0, cells);
    return;
  }
  for (let line = 0; line < lines; line++) {
    const bone = f32Of(q.boneDepth, lines + line),
      start = f64Of(q.start, line),
      indent = f32Of(q.indent, line);
    const x0 = f64Of(q.originX, line), y0 = f64Of(q.originY, line), dx = f64Of(q.directionX, line), dy = f64Of(q.directionY, line); // prettier-ignore
    let at = line * rows;
    for (let row = 0; row < rows; row++, at++) {
      const depth = <f64>row * q.rowMm;
      if (depth > bone || indent == 0) {
        putF32(q.pushed, at, 0);
        continue;
      }
      const x = x0 + depth * dx,
        y = y0 + depth * dy;
      const far = boneAt(
        q,
        load<f64>(m) * x + load<f64>(m, 8) * y + load<f64>(m, 24),
        load<f64>(m, 32) * x + load<f64>(m, 40) * y + load<f64>(m, 56),
        load<f64>(m, 64) * x + load<f64>(m, 72) * y + load<f64>(m, 88),
        100,
      );
      const d = min(FARTHEST_MM, far),
        below = max(0, depth - start);
      putF32(q.pushed, at, d <= 0 || below + d <= 0 ? 0 : (indent * d) / (d + below));
    }
    invertPush(q, line);
  }
}

/** `invertPush` of ../compression.ts for one line. */
function invertPush(q: MapFrame, line: i32): void {
  const lines = q.lines,
    rows = q.rows,
    step = q.rowMm,
    pushed = q.pushed + ((<usize>(line * rows)) << 2);
  let low = 0;
  for (let row = 0; row < rows; row++) {
    const rest = <f64>row * step;
    while (low < rows - 2 && <f64>(low + 1) * step - f32Of(pushed, low + 1) <= rest) low++;
    const above = <f64>low * step - f32Of(pushed, low),
      below = <f64>(low + 1) * step - f32Of(pushed, low + 1);
    const share = below > above ? (rest - above) / (below - above) : 0;
    putF32(q.push, row * lines + line, max(0, (<f64>low + share) * step - rest));
  }
}

/** Where the label changes along one line, an entry of the block `crossings`. */
@unmanaged
export class Crossing {
  depthMm: f64;
  reflection: f64;
  line: i32;
  above: i32;
  below: i32;
  padding: i32;
}
export const CROSSING_BYTES: usize = 32;

/** The label changes between these two points of a line: where, as a share of the way, to 0.04. */
function changeAt(
  q: MapFrame,
  above: i32,
  px: f64, py: f64, pz: f64,
  bx: f64, by: f64, bz: f64,
  before: f64, after: f64,
): f64 {
  let low: f64 = 0,
    high: f64 = 1;
  while (high - low > 0.08) {
    const share = (low + high) / 2,
      t = before + share * (after - before);
    if (labelAt(q, px + t * bx, py + t * by, pz + t * bz) == above) low = share;
    else high = share;
  }
  return (low + high) / 2;
} // prettier-ignore

/** Walks each line down: labels, loss, speed of sound, brightness, and where two tissues meet. */
function march(q: MapFrame): i32 {
  const m = q.pose,
    lines = q.lines,
    rows = q.rows,
    step = q.rowMm;
  let found = 0;
  for (let line = 0; line < lines; line++) {
    store<i32>(q.lineCrossings + ((<usize>line) << 2), found);
    const x0 = f64Of(q.originX, line), y0 = f64Of(q.originY, line), dx = f64Of(q.directionX, line), dy = f64Of(q.directionY, line); // prettier-ignore
    const px = load<f64>(m) * x0 + load<f64>(m, 8) * y0 + load<f64>(m, 24),
      py = load<f64>(m, 32) * x0 + load<f64>(m, 40) * y0 + load<f64>(m, 56),
      pz = load<f64>(m, 64) * x0 + load<f64>(m, 72) * y0 + load<f64>(m, 88);
    const bx = load<f64>(m) * dx + load<f64>(m, 8) * dy,
      by = load<f64>(m, 32) * dx + load<f64>(m, 40) * dy,
      bz = load<f64>(m, 64) * dx + load<f64>(m, 72) * dy;
    const start = f64Of(q.start, line),
      bone = f32Of(q.boneDepth, lines + line);
    let sum: f64 = 0,
      shift: f64 = 0,
      above = -1;
    let at = line * rows;
    for (let row = 0; row < rows; row++, at++) {
      const depth = <f64>row * step;
      if (depth > bone || depth < start) {
        putF32(q.loss, at, sum);
        putF32(q.delay, at, shift);
        // so that the blur does not darken the surface
        putF32(q.echo, at, row > 0 ? f32Of(q.echo, at - 1) : 0);
        store<i32>(q.label + ((<usize>at) << 2), -1);
        continue;
      }
      // What is here now rests this far up the line.
      const y = depth - f32Of(q.pushed, at);
      let here = labelAt(q, px + y * bx, py + y * by, pz + y * bz);
      if (here >= 0) {
        const tissue = tissueOf(q, here);
        if (tissue.isBone)
          here = above; // a voxel's corner that juts out of the smooth surface
        else if (tissue.isAir && depth < start + q.gelMm + 1) here = -1; // the film of gel
      }
      if (here != above && here >= 0 && above >= 0 && row > 0) {
        const z0 = tissueOf(q, above).impedance,
          z1 = tissueOf(q, here).impedance,
          reflection = (z1 - z0) / (z1 + z0);
        sum -= NativeMath.log(max(1e-6, 1 - reflection * reflection));
        const before = depth - step - f32Of(q.pushed, at - 1);
        const crossing = changetype<Crossing>(q.crossings + <usize>found * CROSSING_BYTES);
        found++;
        crossing.line = line;
        crossing.depthMm = depth - step * (1 - changeAt(q, above, px, py, pz, bx, by, bz, before, y));
        crossing.above = above;
        crossing.below = here;
        crossing.reflection = reflection;
      }
      above = here;
      putF32(q.loss, at, sum);
      putF32(q.delay, at, shift);
      store<i32>(q.label + ((<usize>at) << 2), here);
      if (here < 0) {
        putF32(q.echo, at, 0);
        continue;
      }
      const tissue = tissueOf(q, here);
      if (row == 0 && start < 0) sum -= tissue.lossPerMm * start; // above row 0 it was the same tissue
      sum += tissue.lossPerMm * step;
      shift += tissue.stretch * step;
      putF32(q.echo, at, tissue.echo);
    }
  }
  store<i32>(q.lineCrossings + ((<usize>lines) << 2), found);
  return found;
}

/** Two-way transmission: loss and the share of the aperture that has contact. */
function transmit(q: MapFrame): void {
  const lines = q.lines,
    rows = q.rows,
    cells = lines * rows,
    first = q.first,
    end = q.end;
  const before = q.scratch;
  let touching = 0;
  for (let line = 0; line < lines; line++) {
    store<i32>(before + ((<usize>line) << 2), touching);
    touching += <i32>load<u8>(q.contact + <usize>line);
  }
  store<i32>(before + ((<usize>lines) << 2), touching);
  const whole = touching == end - first;
  for (let row = 0, at = 0; row < rows; row++) {
    const half = i32Of(q.contactHalf, row);
    for (let line = 0; line < lines; line++, at++) {
      if (whole) {
        store<f32>(q.transmission + ((<usize>at) << 2), 1);
        continue;
      }
      const from = min(end - 1, max(first, line - half)),
        to = max(from + 1, min(end, line + half + 1));
      const share = <f64>(i32Of(before, to) - i32Of(before, from)) / <f64>(to - from);
      putF32(q.transmission, at, share * share);
    }
  }
  for (let cell = 0; cell < cells; cell += 4) {
    const at = (<usize>cell) << 2;
    const lost = exp4(f32x4.neg(v128.load(q.rowLoss + at)));
    v128.store(q.transmission + at, f32x4.mul(v128.load(q.transmission + at), lost));
  }
}

/** A ray fades from lit to dark between these distances behind the bone that blocks it, mm: as in ../line-map.ts. */
const SHADOW_FROM_MM: f64 = 0.3;
const SHADOW_FADE_MM: f64 = 0.8;

/**
 * Depth at which bone blocks each ray, by ray and the line it starts from; with `aside` entries before and after, for the
 * rays that would start beside the face: those count for nothing. Returns the least depth.
 */
function castShadows(q: MapFrame): f64 {
  const m = q.pose,
    lines = q.lines,
    stride = lines + 2 * q.aside;
  let least = Infinity;
  for (let ray = 0; ray < q.rays; ray++) {
    const slope = f64Of(q.raySlope, ray),
      norm = 1 / Math.sqrt(1 + slope * slope),
      row = ray * stride + q.aside;
    for (let line = 0; line < stride; line++) putF32(q.blocked, ray * stride + line, Infinity);
    if (!q.shadow) continue;
    for (let line = q.first; line < q.end; line++) {
      const start = f64Of(q.start, line),
        dx = f64Of(q.directionX, line),
        dy = f64Of(q.directionY, line);
      const x = f64Of(q.originX, line) + start * dx,
        y = f64Of(q.originY, line) + start * dy;
      const u = (dx + slope * dy) * norm,
        v = (dy - slope * dx) * norm;
      const t = firstBone(
        q,
        load<f64>(m) * x + load<f64>(m, 8) * y + load<f64>(m, 24),
        load<f64>(m, 32) * x + load<f64>(m, 40) * y + load<f64>(m, 56),
        load<f64>(m, 64) * x + load<f64>(m, 72) * y + load<f64>(m, 88),
        load<f64>(m) * u + load<f64>(m, 8) * v,
        load<f64>(m, 32) * u + load<f64>(m, 40) * v,
        load<f64>(m, 64) * u + load<f64>(m, 72) * v,
        q.reachMm / norm,
      );
      if (isNaN(t)) continue;
      const hitX = x + t * u,
        hitY = y + t * v,
        r = q.radiusMm,
        depth = r > 0 ? Math.sqrt(hitX * hitX + (hitY + r) * (hitY + r)) - r : hitY;
      putF32(q.blocked, row + line, depth);
      least = min(least, <f64>(<f32>depth));
    }
  }
  return least;
}

/** Amplitude of the scatterers: transmission × brightness × what the aperture sees past the bone, plus the tail. */
function illuminate(q: MapFrame): void {
  const lines = q.lines,
    rows = q.rows,
    stride = lines + 2 * q.aside;
  const litMm = castShadows(q) + SHADOW_FROM_MM;
  const one = f32x4.splat(1),
    none = f32x4.splat(0),
    perFade = f32x4.splat(<f32>(1 / SHADOW_FADE_MM)),
    bones = q.boneDepth + ((<usize>lines) << 2);
  for (let row = 0; row < rows; row++) {
    const y = <f64>row * q.rowMm,
      depth = f32x4.splat(<f32>y),
      faded = f32x4.splat(<f32>(y - SHADOW_FROM_MM));
    let line = 0;
    while (true) {
      const at = (<usize>(row * lines + line)) << 2;
      const plain = f32x4.mul(v128.load(q.rowEcho + at), v128.load(q.transmission + at));
      let light = one;
      if (y > litMm || line < q.first || line + 4 > q.end) {
        let open = none,
          seen = none;
        for (let ray = 0; ray < q.rays; ray++) {
          const from = line + i32Of(q.rayStart, ray * rows + row);
          const cell = (<usize>(ray * stride + q.aside + from)) << 2,
            exists = v128.load(q.open + ((<usize>(q.aside + from)) << 2));
          const gap = f32x4.mul(f32x4.sub(faded, v128.load(q.blocked + cell)), perFade);
          const share = f32x4.min(one, f32x4.max(none, f32x4.sub(one, gap)));
          open = f32x4.add(open, f32x4.mul(exists, share));
          seen = f32x4.add(seen, exists);
        }
        const share = f32x4.div(open, f32x4.max(one, seen));
        light = f32x4.mul(share, share);
      }
      if (q.shadow) {
        const below = f32x4.gt(depth, v128.load(bones + ((<usize>line) << 2)));
        light = v128.andnot(light, below);
        const tail = q.reverberation ? v128.load(q.tail + at) : none;
        v128.store(q.amplitude + at, v128.bitselect(tail, f32x4.mul(plain, light), below));
      } else v128.store(q.amplitude + at, f32x4.mul(plain, light));
      v128.store(q.lit + at, light);
      if (line == lines - 4) break;
      line = min(lines - 4, line + 4);
    }
  }
}

/** As in ../bone-tail.ts. */
const COHERENT_COPY: f64 = 0.25;
const MIRRORED: f64 = 5;
const COPY_TAN: f64 = 0.2;
const INTERFACE_COPY: f64 = 2.5;

/** `createBoneTail` of ../bone-tail.ts; `copyHalf` holds COPY_BLUR_LINES for each row. */
function addTail(q: MapFrame, sheets: i32, crossings: i32): void {
  const lines = q.lines,
    rows = q.rows,
    cells = (<usize>(lines * rows)) << 2;
  const reflected = q.lit; // not in use yet
  memory.fill(q.tail, 0, cells);
  memory.copy(reflected, q.rowEcho, cells);
  for (let i = 0; i < sheets; i++) {
    const sheet = changetype<Sheet>(q.sheets + <usize>i * SHEET_BYTES),
      at = floorOf(sheet.depthMm / q.rowMm + 0.5) * lines + sheet.line;
    putF32(reflected, at, f32Of(reflected, at) + COHERENT_COPY * sheet.amplitude);
  }
  for (let i = 0; i < crossings; i++) {
    const crossing = changetype<Crossing>(q.crossings + <usize>i * CROSSING_BYTES),
      at = floorOf(crossing.depthMm / q.rowMm + 0.5) * lines + crossing.line;
    putF32(reflected, at, f32Of(reflected, at) + INTERFACE_COPY * q.fascia * Math.abs(crossing.reflection));
  }
  blurRows(reflected, q.scratch, lines, rows, q.copyHalf);
  for (let line = 0; line < lines; line++) {
    const bone = f32Of(q.boneDepth, lines + line);
    if (!(bone >= 0)) continue;
    const first = <i32>Math.ceil(bone / q.rowMm);
    if (first >= rows) continue;
    const facing = max(0, -f32Of(q.boneFace, 3 * (lines + line) + 2));
    const seen = facing * f32Of(q.transmission, first * lines + line);
    const tan2 = 1 / (facing * facing) - 1,
      copy = q.tailSurface * q.tailCopies * NativeMath.exp(-tan2 / (2 * COPY_TAN * COPY_TAN));
    let decay = q.tailSurface * NativeMath.pow(q.tailPerRow, <f64>first - bone / q.rowMm),
      scatter = q.cortexSurface * NativeMath.pow(q.cortexPerRow, <f64>first - bone / q.rowMm);
    for (let since = 0; first + since < rows; since++, decay *= q.tailPerRow, scatter *= q.cortexPerRow) {
      const moved = since * lines + line,
        mirrored = (first - 1 - since) * lines + line;
      const both = f32Of(reflected, moved) + (mirrored >= 0 ? MIRRORED * f32Of(reflected, mirrored) : 0);
      const copied = f32Of(q.transmission, moved) * both;
      putF32(q.tail, (first + since) * lines + line, seen * (decay + scatter + copy * copied));
    }
  }
}

/** Everything a pose sees but bone, which is found before, and the mirrors. Leaves how many crossings and sheets there are. */
export function seeTissue(q: MapFrame): void {
  const lines = q.lines,
    rows = q.rows;
  press(q);
  const crossings = march(q);
  const sheets = q.structure ? addStructure(q) : 0;
  store<i32>(q.counts, crossings);
  store<i32>(q.counts, sheets, 4);
  transpose(q.echo, q.rowEcho, lines, rows);
  transpose(q.loss, q.rowLoss, lines, rows);
  transpose(q.delay, q.shift, lines, rows);
  softenEdges(q.rowEcho, q.scratch, lines, rows);
  blurRows(q.rowLoss, q.scratch, lines, rows, q.blurHalf);
  blurRows(q.shift, q.scratch, lines, rows, q.blurHalf);
  transmit(q);
  if (q.shadow && q.reverberation) addTail(q, sheets, crossings);
  illuminate(q);
}
