import type { Scene } from "../scene.ts";
import type { Beam } from "./beam.ts";
import { FINE_LINES } from "./lateral.ts";
import { fromDecibel, levels, type EchoEffects } from "./effects.ts";
import { fieldSampler } from "./field-sampler.ts";
import { mix32 } from "./hash.ts";
import { ELEVATIONS, SIDE_MM } from "./bone-search.ts";
import { MAP_STEP_MM, type LineMap } from "./map.ts";
import type { PointEchoes } from "./point-echoes.ts";
import { bounds, depthAt, lineAt, type ScanLines } from "./scan-lines.ts";
import { apertureMm, type ImageSettings, type Probe } from "./probe.ts";
import { PARTS, TAPS } from "./tap-fit.ts";
import { COSINES, diffuseByCosine, mirrorDensity, type RoughSurface } from "./rough-surface.ts";

/**
 * Scatterers live on an endless lattice of cubes in the knee frame, jittered and signed by a hash of the cell, so that
 * speckle belongs to the tissue: every pose sees the same points, and none is stored.
 */
const FINEST_CELL_MM = 0.25;
/** Waves longer than this need fewer points: the lattice grows with them, and with it the focal cell, mm. */
const LONG_WAVE_MM = 0.22;

/** Edge of the lattice's cubes, mm. */
export function cellMmOf({ wavelengthMm }: Beam): number {
  return FINEST_CELL_MM * Math.max(1, wavelengthMm / LONG_WAVE_MM);
}

/** Hash constants of `cellHash`, by axis. */
const AXIS_PRIMES: readonly number[] = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d];
const SECOND_POINT = 0x68bc21eb;
const SURFACE_POINT = 0x02e5be93;
/** Points a cell on the surface of bone, and the half thickness of the layer whose points are projected onto it. */
export const SURFACE_POINTS = 3;
export const LAYER_CELLS = 0.5;
/** Further from bone than this along the beam, a column needs no look at bone at all, mm. */
export const NEAR_BONE_MM = 3;
/** Pressure reflection coefficient of bone under soft tissue (reference 2.5: 0.58-0.62). */
const BONE_REFLECTION = 0.6;
/** Mean power that splitting a point between two columns leaves, after the lateral kernel (measured on speckle). */
const SPLIT_POWER = 0.96;

/** Complex samples of a frame: row · lines + line, rows `sampleMm` apart from the face on. */
export interface IqGrid {
  readonly lines: number;
  readonly samples: number;
  readonly re: Float32Array;
  readonly im: Float32Array;
}

/** Adds the scatterers and points that a pose sees to `out`, which has FINE_LINES columns a line of the map. */
export type Splatter = (kneeFromImage: Readonly<Float64Array>, map: LineMap, points: PointEchoes, out: IqGrid) => void;

/**
 * How many points a depth needs for developed speckle: N = density × volume of the focal cell. The focal cell is
 * smallest at the focus (two points a cell of the lattice) and large near the face and deep (every other cell will do).
 * At −6 dB it is 5.4, 3.4, 2.0, 1.2, 1, 1.7, 2.2, 3.2, 3.9 times that of the focus at 6, 10, 12, 15, 20, 25, 30, 35, 40 mm
 * (default probe): nowhere are there fewer points in it than at the focus. Shares of the odd cells and of the second points.
 */
export function densityAt(depthMm: number, focusMm: number): { readonly odd: number; readonly second: number } {
  const z = depthMm / focusMm;
  const odd = ramp(z, 0.44, 0.52) * (1 - ramp(z, 1.6, 1.75));
  const second = ramp(z, 0.6, 0.75) * (1 - ramp(z, 1.05, 1.25));
  return { odd, second };
}

function ramp(value: number, from: number, to: number): number {
  return Math.min(1, Math.max(0, (value - from) / (to - from)));
}

/** `densityAt` on the rows of the line map, and the amplitude of a point that keeps the mean power. */
export function densityRows(rows: number, focusMm: number): Float32Array {
  const table = new Float32Array(3 * rows);
  for (let row = 0; row < rows; row++) {
    const { odd, second } = densityAt(row * MAP_STEP_MM, focusMm);
    table.set([odd, second, 1 / Math.sqrt(0.5 + 0.5 * odd * odd + second * second)], 3 * row);
  }
  return table;
}

export interface SplatScales {
  /** Turns of the carrier's phase per mm of range, there and back. */
  readonly turnsPerMm: number;
  /** Amplitude of a point that gives muscle unit mean power, at one point a cell. */
  readonly muscle: number;
  /** Amplitude of a point on the surface of bone, times mirror density (1/mm²) and diffuse echo (mm). */
  readonly surface: number;
  /** Columns of the lattice below this amplitude are left out. */
  readonly darkest: number;
}

export function splatScales(probe: Probe, beam: Beam, effects: EchoEffects, noiseDb: number): SplatScales {
  const { sampleMm, twoWayWavenumber, pulse } = beam;
  const spacing = apertureMm(probe) / probe.lineCount;
  const pulseEnergy = pulse.reduce((sum, p) => sum + p * p, 0) * sampleMm;
  const cellMm = cellMmOf(beam),
    layerDensity = (SURFACE_POINTS * 2 * LAYER_CELLS) / cellMm ** 2;
  return {
    turnsPerMm: twoWayWavenumber / (2 * Math.PI),
    // Unit mean power for a medium of muscle: the lateral kernel has unit energy per line, the elevation per mm.
    muscle: Math.sqrt(cellMm ** 3 / (spacing * pulseEnergy * SPLIT_POWER)),
    surface: (fromDecibel(levels.mirrorDb) * BONE_REFLECTION) / Math.sqrt(layerDensity * SPLIT_POWER),
    // What lies 18 dB below the noise is not worth its time.
    darkest: effects.noise ? 0.12 * fromDecibel(noiseDb) : 1e-6,
  };
}

export function createSplatter(
  scene: Scene,
  probe: Probe,
  scan: ScanLines,
  { depthMm, noiseDb }: ImageSettings,
  beam: Beam,
  effects: EchoEffects,
  seed: number,
  boneSurface: RoughSurface,
): Splatter {
  const { spacingMm: spacing, radiusMm } = scan;
  const boneAt = fieldSampler(scene.grid, scene.boneDistanceMm, 2);
  const { elevation, sampleMm } = beam;
  const cellMm = cellMmOf(beam),
    layerMm = LAYER_CELLS * cellMm;
  const densities = densityRows(Math.ceil((depthMm + 2) / MAP_STEP_MM) + 1, probe.elevationFocusMm);
  const { turnsPerMm, muscle, surface, darkest } = splatScales(probe, beam, effects, noiseDb);
  const diffuse = diffuseByCosine(boneSurface, probe, beam.twoWayWavenumber),
    mirrors = mirrorDensity(beam, probe, densities.length / 3, MAP_STEP_MM);

  return (m, map, points, out) => {
    const { samples, re, im } = out;
    const { lines } = map;
    const columnsAcross = out.lines,
      centreColumn = (columnsAcross - 1) / 2,
      columnScale = FINE_LINES / spacing;
    const { amplitude, shiftMm, transmission, boneDepthMm, boneNormal, boneFace, pushMm, indentMm, rows } = map;
    const { first, slope, delay, columns, rows: tableRows, halfWidthMm } = elevation;
    const elevationScale = 1 / elevation.stepMm,
      tableScale = 1 / elevation.depthStepMm;
    const sampleScale = 1 / sampleMm,
      rowScale = 1 / MAP_STEP_MM;

    /** Adds one point at image (u, v, z): bilinear between two columns, its elevation's filter along range, exact phase. */
    function add(u: number, v: number, z: number, shift: number, strength: number): void {
      // Along the face and along the line.
      const x = radiusMm ? radiusMm * Math.atan2(u, v + radiusMm) : u,
        y = radiusMm ? Math.hypot(u, v + radiusMm) - radiusMm : v;
      const at = x * columnScale + centreColumn,
        left = Math.floor(at);
      if (left < 0 || left >= columnsAcross - 1) return;
      const column = (Math.abs(z) * elevationScale + 0.5) | 0;
      if (column >= columns) return;
      const row = (y * tableScale + 0.5) | 0;
      if (row < 0 || row >= tableRows) return;
      const range = y + shift,
        place = range * sampleScale * PARTS,
        part = Math.floor(place),
        between = place - part,
        whole = Math.floor(part / PARTS);
      const entry = (row * PARTS + part - whole * PARTS) * columns + column,
        sample = whole + delay[entry]!;
      if (sample < 0 || sample > samples - TAPS) return;
      const turns = range * turnsPerMm,
        phase = 2 * Math.PI * (turns - Math.floor(turns));
      const c = strength * Math.cos(phase), s = -strength * Math.sin(phase); // prettier-ignore
      const share = at - left;
      for (let tap = 0, to = sample * columnsAcross + left; tap < TAPS; tap++, to += columnsAcross) {
        const from = 2 * (TAPS * entry + tap);
        const er = first[from]! + between * slope[from]!,
          ei = first[from + 1]! + between * slope[from + 1]!;
        put(to, share, er * c - ei * s, er * s + ei * c);
      }
    }

    function put(to: number, share: number, vr: number, vi: number): void {
      re[to]! += (1 - share) * vr;
      im[to]! += (1 - share) * vi;
      re[to + 1]! += share * vr;
      im[to + 1]! += share * vi;
    }

    function bilinear(values: Float32Array, line: number, row: number): number {
      const l = Math.min(lines - 2, Math.max(0, Math.floor(line))),
        r = Math.min(rows - 2, Math.max(0, Math.floor(row)));
      const u = Math.min(1, Math.max(0, line - l)),
        v = Math.min(1, Math.max(0, row - r)),
        at = r * lines + l,
        below = at + lines;
      const a = values[at]!, b = values[at + 1]!, c = values[below]!, d = values[below + 1]!; // prettier-ignore
      const top = a + u * (b - a);
      return top + v * (c + u * (d - c) - top);
    }

    for (let i = 0; i < points.count; i++) {
      const x = points.xyzMm[3 * i]!, y = points.xyzMm[3 * i + 1]!, z = points.xyzMm[3 * i + 2]!; // prettier-ignore
      const line = lineAt(scan, x, y),
        row = depthAt(scan, x, y) * rowScale;
      add(x, y, z, bilinear(shiftMm, line, row), points.amplitude[i]! * bilinear(transmission, line, row));
    }
    if (!effects.speckle && !effects.boneRough) return;

    // c is the knee axis nearest to the elevation; columns of the lattice run along it, through the image plane.
    const across = [Math.abs(m[2]!), Math.abs(m[6]!), Math.abs(m[10]!)];
    const c = across.indexOf(Math.max(...across)),
      a = (c + 1) % 3,
      b = (c + 2) % 3;
    const ta = m[4 * a + 3]!, tb = m[4 * b + 3]!, tc = m[4 * c + 3]!; // prettier-ignore
    const xa = m[4 * a]!, xb = m[4 * b]!, xc = m[4 * c]!; // prettier-ignore
    const ya = m[4 * a + 1]!, yb = m[4 * b + 1]!, yc = m[4 * c + 1]!; // prettier-ignore
    const za = m[4 * a + 2]!, zb = m[4 * b + 2]!, zc = m[4 * c + 2]!; // prettier-ignore
    const xPerA = xa - (xc * za) / zc, xPerB = xb - (xc * zb) / zc; // prettier-ignore
    const yPerA = ya - (yc * za) / zc, yPerB = yb - (yc * zb) / zc; // prettier-ignore
    const [xLow, xHigh, yFace, yHigh] = bounds(scan, (rows - 1) * MAP_STEP_MM);
    // What rests above the face has been pushed down below it.
    const yLow = yFace - indentMm;
    let aLow = Infinity, aHigh = -Infinity, bLow = Infinity, bHigh = -Infinity; // prettier-ignore
    for (const x of [xLow, xHigh]) {
      for (const y of [yLow, yHigh]) {
        const pa = ta + xa * x + ya * y,
          pb = tb + xb * x + yb * y;
        aLow = Math.min(aLow, pa);
        aHigh = Math.max(aHigh, pa);
        bLow = Math.min(bLow, pb);
        bHigh = Math.max(bHigh, pb);
      }
    }
    const primeA = AXIS_PRIMES[a]!, primeB = AXIS_PRIMES[b]!, primeC = AXIS_PRIMES[c]!; // prettier-ignore
    const jitterA = 10 * a, jitterB = 10 * b, jitterC = 10 * c; // prettier-ignore

    for (let ib = Math.floor(bLow / cellMm); ib <= bHigh / cellMm; ib++) {
      const db = (ib + 0.5) * cellMm - tb;
      // xLow ≤ xPerA·da + xPerB·db ≤ xHigh and yLow ≤ yPerA·da + yPerB·db ≤ yHigh, solved for da.
      let low = aLow - ta,
        high = aHigh - ta;
      if (Math.abs(xPerA) > 1e-9) {
        const p = (xLow - xPerB * db) / xPerA, q = (xHigh - xPerB * db) / xPerA; // prettier-ignore
        low = Math.max(low, Math.min(p, q));
        high = Math.min(high, Math.max(p, q));
      } else if (xPerB * db < xLow || xPerB * db > xHigh) continue;
      if (Math.abs(yPerA) > 1e-9) {
        const p = (yLow - yPerB * db) / yPerA, q = (yHigh - yPerB * db) / yPerA; // prettier-ignore
        low = Math.max(low, Math.min(p, q));
        high = Math.min(high, Math.max(p, q));
      } else if (yPerB * db < yLow || yPerB * db > yHigh) continue;
      const iaEnd = Math.floor((high + ta) / cellMm - 0.5);
      for (let ia = Math.ceil((low + ta) / cellMm - 0.5); ia <= iaEnd; ia++) {
        const da = (ia + 0.5) * cellMm - ta;
        const px = xPerA * da + xPerB * db,
          py = yPerA * da + yPerB * db;
        const line = lineAt(scan, px, py),
          rest = depthAt(scan, px, py);
        if (line < -1 || line > lines || rest < -indentMm) continue;
        const push = indentMm > 0 ? pushAt(line, rest * rowScale) : 0;
        // Within a cell the push changes along the line by this share: a cell that moved as a block would lose its phase.
        const squeeze = indentMm > 0 ? pushAt(line, rest * rowScale + 0.5) - pushAt(line, rest * rowScale - 0.5) : 0,
          strain = squeeze / MAP_STEP_MM;
        const y0 = rest + push,
          row = y0 * rowScale;
        const alongX = radiusMm ? px / (rest + radiusMm) : 0,
          alongY = radiusMm ? (py + radiusMm) / (rest + radiusMm) : 1;
        const strength = effects.speckle ? bilinear(amplitude, line, row) : 0;
        const nearest = Math.min(lines - 1, Math.max(0, Math.round(line)));
        let nearBone = false;
        for (let e = 0; e < 3; e++) {
          if (Math.abs(rest - boneDepthMm[e * lines + nearest]!) < NEAR_BONE_MM) nearBone = true;
        }
        // The tail below bone is not tissue: it has no surface to respect.
        const inTail = y0 > boneDepthMm[lines + nearest]!;
        if (strength < darkest && !nearBone) continue;
        const shift = bilinear(shiftMm, line, row);
        const density = 3 * Math.min(rows - 1, Math.max(0, Math.round(row)));
        const odd = densities[density]!, second = densities[density + 1]!; // prettier-ignore
        const scale = strength * muscle * densities[density + 2]!;
        const half = halfWidthMm[Math.min(tableRows - 1, Math.max(0, Math.round(y0 * tableScale)))]! / Math.abs(zc);
        const centre = tc - (za * da + zb * db) / zc;
        const icEnd = Math.floor((centre + half) / cellMm);
        let ic = Math.floor((centre - half) / cellMm);
        const stride = odd > 0 || nearBone ? 1 : 2;
        if (stride === 2 && (ia + ib + ic) & 1) ic++;
        const base = Math.imul(ia, primeA) + Math.imul(ib, primeB) + seed;
        for (; ic <= icEnd; ic += stride) {
          const hash = mix32(base + Math.imul(ic, primeC));
          const share = (ia + ib + ic) & 1 ? odd : 1;
          for (let point = 0; point < 2; point++) {
            const weight = point === 0 ? share : second;
            if (weight === 0) continue;
            const bits = point === 0 ? hash : mix32(hash ^ SECOND_POINT);
            const pa = (ia + (((bits >>> jitterA) & 1023) + 0.5) / 1024) * cellMm - ta,
              pb = (ib + (((bits >>> jitterB) & 1023) + 0.5) / 1024) * cellMm - tb,
              pc = (ic + (((bits >>> jitterC) & 1023) + 0.5) / 1024) * cellMm - tc;
            const restX = xa * pa + xb * pb + xc * pc,
              restY = ya * pa + yb * pb + yc * pc;
            const pushed = push + strain * ((restX - px) * alongX + (restY - py) * alongY);
            const x = restX + pushed * alongX,
              y = restY + pushed * alongY,
              z = za * pa + zb * pb + zc * pc;
            if (nearBone && !inTail && insideBone(x, y, z)) continue;
            add(x, y, z, shift, bits & 0x40000000 ? weight * scale : -weight * scale);
          }
          if (nearBone && effects.boneRough) surfacePoints(ia, ib, ic, hash);
        }
      }
    }

    /** `bilinear` of pushMm, which goes on straight above the face. */
    function pushAt(line: number, row: number): number {
      if (row >= 0) return bilinear(pushMm, line, row);
      const first = bilinear(pushMm, line, 0);
      return Math.max(0, first + row * (bilinear(pushMm, line, 1) - first));
    }

    /** Index of the bone hit that stands for image (x, y, z), or -1. */
    function hitNear(x: number, y: number, z: number): number {
      const line = Math.round(lineAt(scan, x, y));
      if (line < 0 || line >= lines) return -1;
      const e = z < -SIDE_MM / 2 ? 0 : z > SIDE_MM / 2 ? 2 : 1;
      return Number.isNaN(boneDepthMm[e * lines + line]!) ? -1 : e * lines + line;
    }

    /** Distance to the plane that touches the bone where hit `at` met it; positive outside. */
    function planeDistance(at: number, x: number, y: number, z: number): number {
      const e = Math.floor(at / lines);
      return (
        boneNormal[3 * at]! * (x - boneFace[3 * at]!) +
        boneNormal[3 * at + 1]! * (y - boneFace[3 * at + 1]!) +
        boneNormal[3 * at + 2]! * (z - ELEVATIONS[e]!)
      );
    }

    function insideBone(x: number, y: number, z: number): boolean {
      const at = hitNear(x, y, z);
      if (at < 0) return false;
      const d = planeDistance(at, x, y, z);
      return d > 0.5
        ? false
        : d < -0.5
          ? d > -NEAR_BONE_MM && depthAt(scan, x, y) < boneDepthMm[at]! + NEAR_BONE_MM
          : signedDistance(x, y, z) < 0;
    }

    function signedDistance(x: number, y: number, z: number): number {
      return boneAt(
        m[0]! * x + m[1]! * y + m[2]! * z + m[3]!,
        m[4]! * x + m[5]! * y + m[6]! * z + m[7]!,
        m[8]! * x + m[9]! * y + m[10]! * z + m[11]!,
      );
    }

    /** The rough surface: hashed points of a thin layer, put onto the surface; Kirchhoff's law for their strength. */
    function surfacePoints(ia: number, ib: number, ic: number, hash: number): void {
      const ca = (ia + 0.5) * cellMm - ta,
        cb = (ib + 0.5) * cellMm - tb,
        cc = (ic + 0.5) * cellMm - tc;
      const cx = xa * ca + xb * cb + xc * cc,
        cy = ya * ca + yb * cb + yc * cc,
        cz = za * ca + zb * cb + zc * cc;
      const at = hitNear(cx, cy, cz);
      if (at < 0 || Math.abs(planeDistance(at, cx, cy, cz)) > 0.8) return;
      const nx = boneNormal[3 * at]!, ny = boneNormal[3 * at + 1]!, nz = boneNormal[3 * at + 2]!; // prettier-ignore
      const facing = boneFace[3 * at + 2]!;
      if (facing > -0.1) return;
      const cosine = -facing * (COSINES - 1),
        entry = Math.min(COSINES - 2, Math.floor(cosine));
      const rough = surface * (diffuse[entry]! + (cosine - entry) * (diffuse[entry + 1]! - diffuse[entry]!));
      for (let point = 0; point < SURFACE_POINTS; point++) {
        const bits = mix32(hash ^ Math.imul(SURFACE_POINT, point + 1));
        const pa = (ia + (((bits >>> jitterA) & 1023) + 0.5) / 1024) * cellMm - ta,
          pb = (ib + (((bits >>> jitterB) & 1023) + 0.5) / 1024) * cellMm - tb,
          pc = (ic + (((bits >>> jitterC) & 1023) + 0.5) / 1024) * cellMm - tc;
        const x = xa * pa + xb * pb + xc * pc,
          y = ya * pa + yb * pb + yc * pc,
          z = za * pa + zb * pb + zc * pc;
        const d = signedDistance(x, y, z);
        if (Math.abs(d) > layerMm) continue;
        const sx = x - d * nx, sy = y - d * ny, sz = z - d * nz; // prettier-ignore
        const line = lineAt(scan, sx, sy),
          row = depthAt(scan, sx, sy) * rowScale;
        const density = mirrors[Math.min(rows - 1, Math.max(0, Math.round(row)))]!;
        const strength = rough * density * bilinear(transmission, line, row);
        add(sx, sy, sz, bilinear(shiftMm, line, row), bits & 0x40000000 ? strength : -strength);
      }
    }
  };
}
