import type { Beam } from "./beam.ts";
import { spacingAt, type Probe } from "./probe.ts";
import type { ScanLines } from "./scan-lines.ts";
import { specularAmplitude } from "./specular.ts";
import { createTextureSampler, type TextureModel } from "./texture.ts";
import type { TissueTable } from "./tissue-table.ts";

/** Where a line crosses a sheet inside a tissue; depth on the line, echo before the loss on the way. */
export interface SheetEcho {
  readonly line: number;
  readonly depthMm: number;
  readonly amplitude: number;
}

/** What the structure reads of a map, and what it changes: lines × rows, index row · lines + line. */
export interface StructureMap {
  readonly rows: number;
  readonly rowMm: number;
  /** Tissue, or −1. */
  readonly label: Int16Array;
  /** How far the tissue has been pushed down its line, mm. */
  readonly pushed: Float32Array;
  /** Depth of bone per line, NaN for none. */
  readonly boneDepthMm: Float32Array;
  /** Scatter, changed: mottle, fibres seen along, sheets' own scatter, periosteum. */
  readonly echo: Float32Array;
  /** Loss in nepers, changed: it varies with the brightness. */
  readonly loss: Float32Array;
}

export interface StructureSettings {
  readonly scan: ScanLines;
  readonly probe: Probe;
  readonly beam: Beam;
  readonly table: TissueTable;
  /** Signed distance to the skin in the knee frame, mm. */
  readonly skinAt: (x: number, y: number, z: number) => number;
  readonly seed: number;
  /** Echo of a fascia that sends back everything. */
  readonly mirror: number;
}

const FAMILIES = [0, 1] as const;
/** Smooth fields are read at every so many rows (1 mm) and at the ends of a tissue; straight lines between. */
const NODE_ROWS = 4;
/** Sheets inside a tissue are wavy below the beam's width: a share of their echo does not mind the tilt. */
const SHEET_DIFFUSE = 0.45;
const SHEET_SLOPE = 0.5;
/** Out of the image plane, where the tilt of a sheet in elevation is read, mm. */
const ASIDE_MM = 0.3;
/** Attenuation varies by this share with the brightness of the tissue. */
const LOSS_VARIES = 0.25;
/** Periosteum and what grows into it: brighter by this factor at the bone, falling to 1/e in so many mm. */
const PERIOSTEUM = 5;
const PERIOSTEUM_MM = 1;
const PERIOSTEUM_REACH_MM = 4;
/** A sheet's scatter lies in one row; its brightest stretch counts as so many times the mean one. */
const BRIGHTEST_SCATTER = 3;

const NEPER_PER_DECIBEL = Math.LN10 / 20;

/** Puts septa, fascicles and fibrils into the map of a pose. The list belongs to the next call. */
export function createStructure(
  { scan, probe, beam, table, skinAt, seed, mirror }: StructureSettings,
  { rows, rowMm, label, pushed, boneDepthMm, echo, loss }: StructureMap,
): (kneeFromImage: Readonly<Float64Array>) => readonly SheetEcho[] {
  const lines = scan.count;
  const level = FAMILIES.map(() => new Float32Array(lines * rows)) as [Float32Array, Float32Array];
  const texture = createTextureSampler();
  const found: SheetEcho[] = [];
  /** Values of a node: level of both families, mottle. */
  const node = new Float64Array(3),
    last = new Float64Array(3);

  /** One stretch of a line within one tissue: rows first … end − 1. Returns the loss it adds. */
  function fillRun(line: number, first: number, end: number, m: Readonly<Float64Array>, lossBefore: number): number {
    const tissue = label[first * lines + line]!,
      model = table.textures[tissue]!,
      fibre = table.fibre[tissue]!,
      own = seed + tissue;
    const dx = scan.directionX[line]!, dy = scan.directionY[line]!, x0 = scan.originX[line]!, y0 = scan.originY[line]!; // prettier-ignore
    const bx = m[0]! * dx + m[1]! * dy, by = m[4]! * dx + m[5]! * dy, bz = m[8]! * dx + m[9]! * dy; // prettier-ignore
    const px = m[0]! * x0 + m[1]! * y0 + m[3]!, py = m[4]! * x0 + m[5]! * y0 + m[7]!, pz = m[8]! * x0 + m[9]! * y0 + m[11]!; // prettier-ignore
    const read = (row: number, to: Float64Array): void => {
      const rest = row * rowMm - pushed[row * lines + line]!;
      const x = px + rest * bx, y = py + rest * by, z = pz + rest * bz; // prettier-ignore
      const depth = -skinAt(x, y, z);
      to[0] = texture.level(model, 0, x, y, z, depth, fibre, own);
      to[1] = texture.level(model, 1, x, y, z, depth, fibre, own);
      to[2] = texture.mottle(model, x, y, z, fibre, own);
    };
    const sine = (fibre[0] * bx + fibre[1] * by + fibre[2] * bz) / model.anisotropySine,
      anisotropyDb = model.anisotropyDb * (1 - Math.exp(-sine * sine));
    const lossPerRow = LOSS_VARIES * table.lossPerMm[tissue]! * rowMm,
      bone = boneDepthMm[line]!;
    let added = lossBefore,
      from = first;
    read(first, last);
    while (from < end) {
      const to = Math.min(end - 1, from + NODE_ROWS - (from % NODE_ROWS));
      read(to, node);
      const steps = Math.max(1, to - from);
      for (let row = from, at = from * lines + line; row < to || (row === to && to === end - 1); row++, at += lines) {
        const share = (row - from) / steps;
        level[0][at] = last[0]! + share * (node[0]! - last[0]!);
        level[1][at] = last[1]! + share * (node[1]! - last[1]!);
        const mottle = last[2]! + share * (node[2]! - last[2]!);
        let bright = Math.exp(NEPER_PER_DECIBEL * (model.mottleDb * mottle - anisotropyDb));
        const above = bone - row * rowMm;
        if (above < PERIOSTEUM_REACH_MM)
          bright *= 1 + PERIOSTEUM * (0.5 + 0.5 * mottle) * Math.exp(-above / PERIOSTEUM_MM);
        echo[at]! *= bright;
        loss[at]! += added;
        added += lossPerRow * mottle;
      }
      last.set(node);
      from = to === end - 1 ? end : to;
    }
    return added;
  }

  function fill(m: Readonly<Float64Array>): void {
    for (let line = 0; line < lines; line++) {
      let added = 0;
      for (let row = 0; row < rows;) {
        const tissue = label[row * lines + line]!;
        if (tissue < 0 || !table.textures[tissue]) {
          loss[row * lines + line]! += added;
          row++;
          continue;
        }
        let end = row + 1;
        while (end < rows && label[end * lines + line] === tissue) end++;
        added = fillRun(line, row, end, m, added);
        row = end;
      }
    }
  }

  /** A sheet is crossed where its level passes a whole number between two rows of a line. */
  function cross(line: number, row: number, family: 0 | 1, model: TextureModel, m: Readonly<Float64Array>): void {
    const values = level[family],
      at = row * lines + line,
      here = values[at]!,
      before = values[at - lines]!;
    const number = Math.max(Math.floor(here), Math.floor(before));
    if (number === Math.min(Math.floor(here), Math.floor(before))) return;
    const tissue = label[at]!;
    if (label[at - 2] !== tissue || label[at + 2] !== tissue) return;
    const perMm = (here - before) / rowMm,
      depthMm = (row - 1) * rowMm + (number - before) / perMm;
    const slope = -(values[at + 2]! - values[at - 2]!) / (4 * spacingAt(scan, depthMm)) / perMm;
    const fibre = table.fibre[tissue]!,
      own = seed + tissue,
      rest = depthMm - pushed[at]!;
    const ix = scan.originX[line]! + rest * scan.directionX[line]!,
      iy = scan.originY[line]! + rest * scan.directionY[line]!;
    const x = m[0]! * ix + m[1]! * iy + m[2]! * ASIDE_MM + m[3]!,
      y = m[4]! * ix + m[5]! * iy + m[6]! * ASIDE_MM + m[7]!,
      z = m[8]! * ix + m[9]! * iy + m[10]! * ASIDE_MM + m[11]!;
    const strength = texture.strength(model, family, number, x, y, z, fibre, own);
    const { reflection, scatter } = model.families[family];
    echo[at]! *= 1 + scatter * Math.min(BRIGHTEST_SCATTER, strength);
    const aside = texture.level(model, family, x, y, z, -skinAt(x, y, z), fibre, own);
    const amplitude =
      mirror * reflection * strength * sheetResponse(beam, probe, depthMm, slope, -(aside - number) / ASIDE_MM / perMm);
    found.push({ line, depthMm, amplitude });
  }

  return (m) => {
    found.length = 0;
    fill(m);
    for (let line = 2; line < lines - 2; line++) {
      for (let row = 1, at = line + lines; row < rows; row++, at += lines) {
        const tissue = label[at]!;
        if (tissue < 0 || tissue !== label[at - lines]!) continue;
        const model = table.textures[tissue];
        if (!model) continue;
        for (const family of FAMILIES) cross(line, row, family, model, m);
      }
    }
    return found;
  };
}

/** Amplitude of a wavy sheet of these slopes (laterally, in elevation) re one at right angles. */
export function sheetResponse(beam: Beam, probe: Probe, depthMm: number, slope: number, side: number): number {
  const tan2 = slope * slope + side * side;
  return Math.hypot(
    specularAmplitude(beam.specular, probe, depthMm, slope, side),
    SHEET_DIFFUSE * Math.exp(-tan2 / (2 * SHEET_SLOPE * SHEET_SLOPE)),
  );
}
