import type { Scene } from "../scene.ts";
import type { Beam } from "./beam.ts";
import { blurRows, softenEdges } from "./map-filter.ts";
import { boneEchoes, FAINTEST_ECHO } from "./bone-echoes.ts";
import { contactFinder, skinSlope, type FaceContact } from "./contact.ts";
import { fromDecibel, GEL_REACH_MM, type EchoEffects } from "./effects.ts";
import { MAP_STEP_MM, mapRows, valueAt, type LineMap } from "./map.ts";
import { contactHalves, fasciaMirror, halfApertures, SHADOW_RAYS, shadowSlope, shadowStarts } from "./map-tables.ts";
import type { AddMirror } from "./mirrors.ts";
import { createBoneTail } from "./bone-tail.ts";
import { findBone } from "./bone-search.ts";
import { fieldSampler, firstHit } from "./field-sampler.ts";
import { valueNoise } from "./hash.ts";
import { smoothInterfaces, type Crossing } from "./interfaces.ts";
import { invertPush, pushedMm } from "./compression.ts";
import { spacingAt, type ImageSettings, type Probe } from "./probe.ts";
import { depthAt, type ScanLines } from "./scan-lines.ts";
import type { RoughSurface } from "./rough-surface.ts";
import { tissueTable } from "./tissue-table.ts";
import { createStructure, sheetResponse, type SheetEcho } from "./structure.ts";

/** The map of a pose; the echoes of its mirrors go to `add`. */
export type LineMapper = (kneeFromImage: Readonly<Float64Array>, add: AddMirror) => LineMap;

/** A ray fades from lit to dark between these distances behind the bone that blocks it, mm. */
const SHADOW_FROM_MM = 0.3;
const SHADOW_FADE_MM = 0.8;

/** The map belongs to the mapper and is overwritten by its next call. */
export function createLineMapper(
  scene: Scene,
  probe: Probe,
  scan: ScanLines,
  settings: ImageSettings,
  beam: Beam,
  effects: EchoEffects,
  seed: number,
  boneSurface: RoughSurface,
): LineMapper {
  const { count: lines, originX, originY, directionX, directionY, startMm, first, end } = scan;
  const rows = mapRows(settings.depthMm);
  const reachMm = (rows - 1) * MAP_STEP_MM;
  const table = tissueTable(scene.tissues, probe.frequencyHz, settings.assumedSpeedMps, effects);
  const boneAt = fieldSampler(scene.grid, scene.boneDistanceMm, 2);
  const skinAt = fieldSampler(scene.grid, scene.skinDistanceMm, 5);
  /** Beyond the grid no bone is near. */
  const boneFrom = fieldSampler(scene.grid, scene.boneDistanceMm, 100);
  const cells = lines * rows;
  const loss = new Float32Array(cells),
    echo = new Float32Array(cells),
    label = new Int16Array(cells),
    pushed = new Float32Array(cells),
    lit = new Float32Array(cells),
    scratch = new Float32Array(cells);
  const map = {
    lines,
    rows,
    amplitude: new Float32Array(cells),
    shiftMm: new Float32Array(cells),
    transmission: new Float32Array(cells),
    contact: new Uint8Array(lines),
    boneDepthMm: new Float32Array(3 * lines),
    boneNormal: new Float32Array(9 * lines),
    boneFace: new Float32Array(9 * lines),
    pushMm: new Float32Array(cells),
    indentMm: 0,
  };
  const face: FaceContact = { contact: map.contact, indentMm: new Float32Array(lines) },
    indent = face.indentMm,
    findContact = contactFinder(scene, effects),
    slopeOfSkin = skinSlope(scene),
    addBone = boneEchoes(scan, probe, beam, effects, boneSurface, table);
  let addMirror: AddMirror = () => {};
  /** Image coordinates of a point on a line. */
  const xAt = (line: number, depthMm: number): number => originX[line]! + depthMm * directionX[line]!,
    yAt = (line: number, depthMm: number): number => originY[line]! + depthMm * directionY[line]!;
  const halfAperture = halfApertures(scan, probe, rows),
    contactHalf = contactHalves(scan, rows),
    rayStart = shadowStarts(scan, probe, rows);
  const fascia = fasciaMirror(beam);

  const boneDepthMm = map.boneDepthMm.subarray(lines, 2 * lines);
  const structure = createStructure(
    { scan, probe, beam, table, skinAt, seed, mirror: fascia },
    { rows, rowMm: MAP_STEP_MM, label, pushed, boneDepthMm, echo, loss },
  );
  const tailOf = createBoneTail({
    lines,
    rows,
    rowMm: MAP_STEP_MM,
    echo,
    transmission: map.transmission,
    boneDepthMm,
    facing: (line) => -map.boneFace[3 * (lines + line) + 2]!,
    scratch,
    mirror: fascia,
  });

  /** How far the tissue now at each point of the map has come down its line. */
  function press(m: Readonly<Float64Array>): void {
    if (map.indentMm === 0) {
      pushed.fill(0);
      map.pushMm.fill(0);
      return;
    }
    for (let line = 0; line < lines; line++) {
      const bone = map.boneDepthMm[lines + line]!,
        start = startMm[line]!;
      for (let row = 0, at = line; row < rows; row++, at += lines) {
        const depth = row * MAP_STEP_MM;
        if (depth > bone || indent[line] === 0) {
          pushed[at] = 0;
          continue;
        }
        const x = xAt(line, depth), y = yAt(line, depth); // prettier-ignore
        const far = boneFrom(
          m[0]! * x + m[1]! * y + m[3]!,
          m[4]! * x + m[5]! * y + m[7]!,
          m[8]! * x + m[9]! * y + m[11]!,
        );
        pushed[at] = pushedMm(indent[line]!, Math.max(0, depth - start), far);
      }
    }
    invertPush(pushed, map.pushMm, lines, rows, MAP_STEP_MM);
  }

  /** Walks each line down: labels, loss, speed of sound, sheets, and where two tissues meet. */
  function march(m: Readonly<Float64Array>, crossings: Crossing[]): void {
    const { shape, spacingMm, originMm } = scene.grid;
    const [nx, ny, nz] = shape,
      [ox, oy, oz] = originMm,
      { tissue } = scene;
    const ax = 1 / spacingMm[0], ay = 1 / spacingMm[1], az = 1 / spacingMm[2]; // prettier-ignore
    const labelAt = (x: number, y: number, z: number): number => {
      const i = Math.floor((x - ox) * ax + 0.5),
        j = Math.floor((y - oy) * ay + 0.5),
        k = Math.floor((z - oz) * az + 0.5);
      return i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz ? -1 : tissue[(k * ny + j) * nx + i]!;
    };
    for (let line = 0; line < lines; line++) {
      const x0 = originX[line]!, y0 = originY[line]!, dx = directionX[line]!, dy = directionY[line]!; // prettier-ignore
      const px = m[0]! * x0 + m[1]! * y0 + m[3]!, py = m[4]! * x0 + m[5]! * y0 + m[7]!; // prettier-ignore
      const pz = m[8]! * x0 + m[9]! * y0 + m[11]!;
      const bx = m[0]! * dx + m[1]! * dy, by = m[4]! * dx + m[5]! * dy, bz = m[8]! * dx + m[9]! * dy; // prettier-ignore
      const start = startMm[line]!,
        bone = map.boneDepthMm[lines + line]!;
      let sum = 0,
        shift = 0,
        above = -1;
      for (let row = 0, at = line; row < rows; row++, at += lines) {
        const depth = row * MAP_STEP_MM;
        if (depth > bone || depth < start) {
          loss[at] = sum;
          map.shiftMm[at] = shift;
          echo[at] = row > 0 ? echo[at - lines]! : 0; // so that the blur below does not darken the surface
          label[at] = -1;
          continue;
        }
        // What is here now rests this far up the line.
        const y = depth - pushed[at]!;
        const x = px + y * bx, v = py + y * by, w = pz + y * bz; // prettier-ignore
        let here = labelAt(x, v, w);
        if (here >= 0 && table.isBone[here]) here = above; // a voxel's corner that juts out of the smooth surface
        if (here >= 0 && table.isAir[here] && depth < start + GEL_REACH_MM + 1) here = -1; // the film of gel
        if (here !== above && here >= 0 && above >= 0 && row > 0) {
          const reflection =
            (table.impedance[here]! - table.impedance[above]!) / (table.impedance[here]! + table.impedance[above]!);
          sum -= Math.log(Math.max(1e-6, 1 - reflection * reflection));
          // The label changes between the last step and this one: halve the interval.
          const before = depth - MAP_STEP_MM - pushed[at - lines]!;
          let low = 0,
            high = 1;
          while (high - low > 0.08) {
            const share = (low + high) / 2,
              t = before + share * (y - before);
            if (labelAt(px + t * bx, py + t * by, pz + t * bz) === above) low = share;
            else high = share;
          }
          const depthMm = depth - MAP_STEP_MM * (1 - (low + high) / 2);
          crossings.push({ line, depthMm, above, below: here, reflection });
        }
        above = here;
        loss[at] = sum;
        map.shiftMm[at] = shift;
        label[at] = here;
        if (here < 0) {
          echo[at] = 0;
          continue;
        }
        if (row === 0 && start < 0) sum -= table.lossPerMm[here]! * start; // above row 0 it was the same tissue
        sum += table.lossPerMm[here]! * MAP_STEP_MM;
        shift += table.stretch[here]! * MAP_STEP_MM;
        echo[at] = table.echo[here]!;
      }
    }
  }

  /** Two-way transmission: loss and the share of the aperture that has contact. */
  function transmit(): void {
    const before = new Int32Array(lines + 1);
    for (let line = 0; line < lines; line++) before[line + 1] = before[line]! + map.contact[line]!;
    for (let row = 0, at = 0; row < rows; row++) {
      const half = contactHalf[row]!;
      for (let line = 0; line < lines; line++, at++) {
        const from = Math.min(end - 1, Math.max(first, line - half)),
          to = Math.max(from + 1, Math.min(end, line + half + 1));
        const share = (before[to]! - before[from]!) / (to - from);
        map.transmission[at] = share * share * Math.exp(-loss[at]!);
      }
    }
  }

  /** Amplitude of the scatterers: transmission × brightness × what the aperture sees past the bone, plus the tail. */
  function illuminate(m: Readonly<Float64Array>, tail: Float32Array | undefined): void {
    const rays = SHADOW_RAYS.length;
    const blocked = new Float32Array(rays * lines).fill(Infinity);
    if (effects.shadow) {
      for (let ray = 0; ray < rays; ray++) {
        const slope = shadowSlope(probe, ray),
          norm = 1 / Math.hypot(1, slope);
        for (let line = first; line < end; line++) {
          const start = startMm[line]!, x = xAt(line, start), y = yAt(line, start); // prettier-ignore
          const u = (directionX[line]! + slope * directionY[line]!) * norm,
            v = (directionY[line]! - slope * directionX[line]!) * norm;
          const t = firstHit(
            boneAt,
            m[0]! * x + m[1]! * y + m[3]!,
            m[4]! * x + m[5]! * y + m[7]!,
            m[8]! * x + m[9]! * y + m[11]!,
            m[0]! * u + m[1]! * v,
            m[4]! * u + m[5]! * v,
            m[8]! * u + m[9]! * v,
            reachMm / norm,
          );
          if (!Number.isNaN(t)) blocked[ray * lines + line] = depthAt(scan, x + t * u, y + t * v);
        }
      }
    }
    // Above this no shadow has begun.
    const litMm = blocked.reduce((least, t) => Math.min(least, t), Infinity) + SHADOW_FROM_MM;
    for (let line = 0; line < lines; line++) {
      const bone = map.boneDepthMm[lines + line]!;
      for (let row = 0, at = line; row < rows; row++, at += lines) {
        const y = row * MAP_STEP_MM;
        if (effects.shadow && y > bone) {
          map.amplitude[at] = tail ? tail[at]! : 0;
          lit[at] = 0;
          continue;
        }
        if (y <= litMm && line >= first && line < end) {
          map.amplitude[at] = echo[at]! * map.transmission[at]!;
          lit[at] = 1;
          continue;
        }
        let open = 0,
          seen = 0;
        for (let ray = 0; ray < rays; ray++) {
          const start = line + rayStart[ray * rows + row]!;
          if (start < first || start >= end) continue;
          seen++;
          open += Math.min(1, Math.max(0, 1 - (y - blocked[ray * lines + start]! - SHADOW_FROM_MM) / SHADOW_FADE_MM));
        }
        const share = seen ? open / seen : 0;
        lit[at] = share * share;
        map.amplitude[at] = echo[at]! * map.transmission[at]! * lit[at]!;
      }
    }
  }

  function pushEcho(line: number, depthMm: number, amplitude: number): void {
    if (Math.abs(amplitude) > FAINTEST_ECHO) {
      addMirror(line, depthMm + valueAt(map, map.shiftMm, line, depthMm), amplitude);
    }
  }

  function sheetEchoes(sheets: readonly SheetEcho[]): void {
    for (const { line, depthMm: y, amplitude } of sheets) {
      pushEcho(line, y, amplitude * valueAt(map, map.transmission, line, y) * litShare(line, y));
    }
  }

  /** Share that the aperture sees past the bone, of the nearest cell of the map. */
  function litShare(line: number, depthMm: number): number {
    return lit[Math.min(rows - 1, Math.round(depthMm / MAP_STEP_MM)) * lines + line]!;
  }

  return (kneeFromImage, add) => {
    const m = kneeFromImage;
    addMirror = add;
    const crossings: Crossing[] = [];
    map.indentMm = findContact(m, scan, face);
    findBone(boneAt, m, scan, reachMm, map);
    press(m);
    march(m, crossings);
    const sheets = effects.structure ? structure(m) : [];
    softenEdges(echo, scratch, lines, rows);
    blurRows(loss, scratch, lines, rows, (row) => halfAperture[row]!);
    blurRows(map.shiftMm, scratch, lines, rows, (row) => halfAperture[row]!);
    transmit();
    illuminate(m, effects.reverberation ? tailOf(sheets, crossings) : undefined);
    sheetEchoes(sheets);
    if (effects.interfaces) {
      const slopeToSkin = slopeOfSkin(m);
      for (const found of smoothInterfaces(crossings, lines, (depthMm) => spacingAt(scan, depthMm))) {
        const strength =
          fascia *
          found.reflection *
          found.weight *
          unevenness(m, found) *
          sheetResponse(beam, probe, found.depthMm, found.slope, slopeToSkin);
        pushEcho(
          found.line,
          found.depthMm,
          strength *
            valueAt(map, map.transmission, found.line, found.depthMm) *
            litShare(found.line, found.depthMm + MAP_STEP_MM),
        );
      }
    }
    addBone(map, (row, line) => label[row * lines + line]!, add);
    return map;
  };

  /** A fascia is not evenly bright: ±6 dB over some 5 mm, fixed to the tissue. */
  function unevenness(m: Readonly<Float64Array>, { line, depthMm }: Crossing): number {
    const rest = depthMm - valueAt(map, pushed, line, depthMm),
      f = 1 / 5;
    const x = xAt(line, rest), y = yAt(line, rest); // prettier-ignore
    const noise = valueNoise(
      (m[0]! * x + m[1]! * y + m[3]!) * f,
      (m[4]! * x + m[5]! * y + m[7]!) * f,
      (m[8]! * x + m[9]! * y + m[11]!) * f,
      seed ^ 0x3c6ef372,
    );
    return fromDecibel(-4 + 8 * noise);
  }
}
