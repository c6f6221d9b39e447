import { SIDE_MM } from "./bone-search.ts";
import { FAINTEST_ECHO } from "./bone-echoes.ts";
import { COPY_BLUR_LINES } from "./bone-tail.ts";
import { fromDecibel, GEL_REACH_MM, levels } from "./effects.ts";
import { CUBE_BYTES, cubeGrid } from "./field-cubes.ts";
import type { KernelSetup } from "./kernel.ts";
import { MAP_STEP_MM, mapRows } from "./map.ts";
import { contactHalves, fasciaMirror, halfApertures, SHADOW_RAYS, shadowSlope, shadowStarts } from "./map-tables.ts";
import { mirrorPulses } from "./mirrors.ts";
import type { ScanLines } from "./scan-lines.ts";
import { tissueTable, type TissueTable } from "./tissue-table.ts";

/** Parameters of the line map: `MapFrame` of assembly/map-frame.ts, in the same order. */
export const MAP_DOUBLES = [
  "reachMm",
  "rowMm",
  "spacingMm",
  "radiusMm",
  "sideMm",
  "gridScaleX",
  "gridScaleY",
  "gridScaleZ",
  "gridOriginX",
  "gridOriginY",
  "gridOriginZ",
  "gelMm",
  "fascia",
  "faintest",
  "lensMm",
  "lensFocusMm",
  "specularTanStep",
  "tailSurface",
  "tailCopies",
  "tailPerRow",
  "cortexSurface",
  "cortexPerRow",
  "sampleMm",
  "turnsPerMm",
] as const;
export const MAP_INTEGERS = [
  "lines",
  "rows",
  "samples",
  "first",
  "end",
  "seed",
  "shadow",
  "reverberation",
  "structure",
  "gridX",
  "gridY",
  "gridZ",
  "cubesX",
  "cubesY",
  "rays",
  "aside",
  "specularRows",
  "specularColumns",
  "pulseLength",
  "pulseCentre",
] as const;
export const MAP_BLOCKS = [
  "pose",
  "amplitude",
  "shift",
  "transmission",
  "boneDepth",
  "boneNormal",
  "boneFace",
  "push",
  "coherentRe",
  "coherentIm",
  "cubeAt",
  "originX",
  "originY",
  "directionX",
  "directionY",
  "start",
  "contact",
  "indent",
  "raySlope",
  "rayStart",
  "blurHalf",
  "contactHalf",
  "copyHalf",
  "tissue",
  "texture",
  "specular",
  "mirrorPulse",
  "label",
  "pushed",
  "loss",
  "delay",
  "echo",
  "bright",
  "level0",
  "level1",
  "rowEcho",
  "rowLoss",
  "scratch",
  "lit",
  "tail",
  "blocked",
  "open",
  "crossings",
  "lineCrossings",
  "sheets",
  "counts",
  "noiseCells",
] as const;

export type MapNumbers = Readonly<Record<(typeof MAP_DOUBLES)[number] | (typeof MAP_INTEGERS)[number], number>>;
/** Blocks that the map shares with the rest of the kernel are laid out there. */
type SharedBlock = "pose" | "amplitude" | "shift" | "transmission" | "boneDepth" | "boneNormal" | "boneFace" | "push";
export type OwnMapBlock = Exclude<(typeof MAP_BLOCKS)[number], SharedBlock | "coherentRe" | "coherentIm">;

/** Bytes of an entry of `crossings` and of `sheets`. */
const CROSSING_BYTES = 32,
  SHEET_BYTES = 24;
/** Bytes of a cell of a noise's lattice: assembly/noise.ts. */
const NOISE_CELL_BYTES = 48;

/** Lines beyond the face at which a shadow ray that reaches an outer line may start. */
function linesBeyond({ scan, looks, probe, settings }: KernelSetup): number {
  const rows = mapRows(settings.depthMm);
  const starts = [scan, ...looks.map((look) => look.scan)].map((lines) =>
    shadowStarts(lines, probe, rows).reduce((most, start) => Math.max(most, Math.abs(start)), 0),
  );
  return Math.max(...starts) + 4;
}

export function mapNumbers(setup: KernelSetup): MapNumbers {
  const { scene, probe, scan, settings, beam, effects, seed, lines, samples } = setup;
  const { grid } = scene,
    { cubesX, cubesY } = cubeGrid(scene),
    rows = mapRows(settings.depthMm);
  return {
    reachMm: (rows - 1) * MAP_STEP_MM,
    rowMm: MAP_STEP_MM,
    spacingMm: scan.spacingMm,
    radiusMm: scan.radiusMm,
    sideMm: SIDE_MM,
    gridScaleX: 1 / grid.spacingMm[0],
    gridScaleY: 1 / grid.spacingMm[1],
    gridScaleZ: 1 / grid.spacingMm[2],
    gridOriginX: grid.originMm[0],
    gridOriginY: grid.originMm[1],
    gridOriginZ: grid.originMm[2],
    gelMm: GEL_REACH_MM,
    fascia: fasciaMirror(beam),
    faintest: FAINTEST_ECHO,
    lensMm: probe.elevationApertureMm,
    lensFocusMm: probe.elevationFocusMm,
    specularTanStep: beam.specular.tanStep,
    tailSurface: fromDecibel(levels.tailDb),
    tailCopies: fromDecibel(levels.copyDb),
    tailPerRow: fromDecibel((-levels.tailDbPerCm * MAP_STEP_MM) / 10),
    cortexSurface: fromDecibel(levels.cortexDb),
    cortexPerRow: fromDecibel(-levels.cortexDbPerMm * MAP_STEP_MM),
    sampleMm: beam.sampleMm,
    turnsPerMm: beam.twoWayWavenumber / (2 * Math.PI),
    lines,
    rows,
    samples,
    first: scan.first,
    end: scan.end,
    seed,
    shadow: effects.shadow ? 1 : 0,
    reverberation: effects.reverberation ? 1 : 0,
    structure: effects.structure ? 1 : 0,
    gridX: grid.shape[0],
    gridY: grid.shape[1],
    gridZ: grid.shape[2],
    cubesX,
    cubesY,
    rays: SHADOW_RAYS.length,
    aside: linesBeyond(setup),
    specularRows: beam.specular.rows,
    specularColumns: beam.specular.columns,
    pulseLength: beam.pulse.length,
    pulseCentre: beam.pulseCentre,
  };
}

/** Bytes of each block, or the array that fills it. */
export function mapBlocks(
  setup: KernelSetup,
): Readonly<Record<OwnMapBlock | "cubes", number | Float32Array | Float64Array | Int32Array>> {
  const { scene, probe, settings, beam, effects, lines } = setup;
  const rows = mapRows(settings.depthMm),
    cells = 4 * lines * rows,
    { count, places } = cubeGrid(scene),
    aside = linesBeyond(setup);
  const table = tissueTable(scene.tissues, probe.frequencyHz, settings.assumedSpeedMps, effects);
  return {
    cubes: places * CUBE_BYTES,
    cubeAt: 4 * count,
    originX: 8 * lines,
    originY: 8 * lines,
    directionX: 8 * lines,
    directionY: 8 * lines,
    start: 8 * lines,
    contact: lines,
    indent: 4 * lines,
    raySlope: Float64Array.from(SHADOW_RAYS, (_, ray) => shadowSlope(probe, ray)),
    rayStart: 4 * SHADOW_RAYS.length * rows,
    blurHalf: 4 * rows,
    contactHalf: 4 * rows,
    copyHalf: new Int32Array(rows).fill(COPY_BLUR_LINES),
    tissue: tissueEntries(table),
    texture: textureEntries(table),
    specular: beam.specular.amplitude,
    mirrorPulse: mirrorPulses(beam),
    label: cells,
    pushed: cells,
    loss: cells,
    delay: cells,
    echo: cells,
    bright: cells,
    level0: cells,
    level1: cells,
    rowEcho: cells,
    rowLoss: cells,
    scratch: cells,
    lit: cells,
    tail: cells,
    blocked: 4 * SHADOW_RAYS.length * (lines + 2 * aside),
    open: 4 * (lines + 2 * aside),
    crossings: (cells / 4) * CROSSING_BYTES,
    lineCrossings: 4 * (lines + 1),
    sheets: (cells / 2) * SHEET_BYTES,
    counts: 8,
    noiseCells: 5 * NOISE_CELL_BYTES,
  };
}

/** The tables that differ from look to look, by block. */
export function lookTables(scan: ScanLines, { probe, settings }: KernelSetup, aside: number) {
  const rows = mapRows(settings.depthMm);
  return {
    doubles: {
      originX: scan.originX,
      originY: scan.originY,
      directionX: scan.directionX,
      directionY: scan.directionY,
      start: scan.startMm,
    },
    integers: {
      rayStart: shadowStarts(scan, probe, rows),
      blurHalf: halfApertures(scan, probe, rows),
      contactHalf: contactHalves(scan, rows),
    },
    open: Float32Array.from({ length: scan.count + 2 * aside }, (_, i) =>
      i - aside >= scan.first && i - aside < scan.end ? 1 : 0,
    ),
    first: scan.first,
    end: scan.end,
  };
}

/** `Tissue` of assembly/map-frame.ts: seven doubles and four integers each. */
function tissueEntries(table: TissueTable): Float64Array {
  const entries = new Float64Array(9 * table.echo.length),
    flags = new Int32Array(entries.buffer);
  for (let label = 0; label < table.echo.length; label++) {
    const numbers = [table.lossPerMm[label]!, table.stretch[label]!, table.impedance[label]!, table.echo[label]!];
    entries.set([...numbers, ...table.fibre[label]!], 9 * label);
    flags.set([table.isBone[label]!, table.isAir[label]!, table.textures[label] ? 1 : 0], 18 * label + 14);
  }
  return entries;
}

/** `SheetFamily` twice and `Texture` of assembly/map-frame.ts: 19 doubles each. */
function textureEntries({ textures }: TissueTable): Float64Array {
  const entries = new Float64Array(19 * textures.length);
  for (const [label, texture] of textures.entries()) {
    if (!texture) continue;
    const families = texture.families.flatMap((f) => [
      f.spacingMm,
      f.wanderMm,
      f.wanderLengthMm,
      f.patchLengthMm,
      f.reflection,
      f.spreadDb,
      f.scatter,
    ]);
    const { stretch, mottleDb, mottleLengthMm, anisotropyDb, anisotropySine } = texture;
    entries.set([...families, stretch, mottleDb, mottleLengthMm, anisotropyDb, anisotropySine], 19 * label);
  }
  return entries;
}
