import { SIDE_MM } from "./bone-search.ts";
import { gainAt, scanConverter } from "./display.ts";
import { gaussian } from "./gaussian.ts";
import type { ElevationTable } from "./elevation.ts";
import { TAPS } from "./tap-fit.ts";
import { noiseStart, tapRows } from "./filter.kernel.ts";
import { noiseRms, type EchoKernel, type KernelSetup } from "./kernel.ts";
import { createKernelMemory, type FrameBlocks, type FrameNumbers, type KernelMemory } from "./kernel-memory.ts";
import { FINE_LINES, MARGIN_LINES, RANK, type LateralTable } from "./lateral.ts";
import { cubeFetcher } from "./field-cubes.ts";
import { MAP_STEP_MM, mapRows } from "./map.ts";
import { mapBlocks, mapNumbers } from "./map-memory.ts";
import { lineMapper } from "./wasm-line-map.ts";
import { apertureMm, imageGeometry } from "./probe.ts";
import { edgeEnhancer, grayMap } from "./post-filter.ts";
import { COSINES, diffuseByCosine, mirrorDensity } from "./rough-surface.ts";
import { cellMmOf, densityRows, LAYER_CELLS, NEAR_BONE_MM, splatScales, SURFACE_POINTS } from "./splat.kernel.ts";

/** The loops of assembly/echo-kernel.ts; half a gray level at most from those of typescript-kernel.ts. */
export function wasmKernel(setup: KernelSetup): EchoKernel & { readonly memory: WebAssembly.Memory } {
  const { seed, lines, samples } = setup;
  const kernel = createEchoKernelMemory(setup);
  const { run, frame } = kernel;
  const see = lineMapper(setup, kernel);
  const count = lines * samples;
  const image = imageGeometry(setup.probe, setup.settings);
  const pixels = kernel.bytes("pixels", image.width * image.height);
  const received = { lines, samples, re: kernel.floats("receivedRe", count), im: kernel.floats("receivedIm", count) },
    coherent = { lines, samples, re: kernel.floats("coherentRe", count), im: kernel.floats("coherentIm", count) };
  const noisy = noiseRms(setup) > 0;
  const { scan, settings, probe, beam } = setup;
  const level = kernel.floats("level", probe.lineCount * samples),
    powers = kernel.floats("power", count);
  const enhance = edgeEnhancer(settings, scan.spacingMm, beam.sampleMm, probe.lineCount, samples),
    gray = grayMap(settings);
  // The kernel's own scan conversion is for parallel lines and the plain logarithm.
  const convert = scan.radiusMm > 0 || enhance ? scanConverter(scan, image, beam.sampleMm, samples) : undefined;
  return {
    memory: kernel.memory,
    coherent,
    received,
    see(kneeFromImage, look) {
      coherent.re.fill(0);
      coherent.im.fill(0);
      return see(kneeFromImage, look);
    },
    scatter(points) {
      run.clear(frame);
      const { count: pointCount, xyzMm, amplitude: strength } = points;
      for (let i = 0, at = 0; i < pointCount; i++, at += 3) {
        run.addPoint(frame, xyzMm[at]!, xyzMm[at + 1]!, xyzMm[at + 2]!, strength[i]!);
      }
      if (setup.effects.speckle || setup.effects.boneRough) run.splat(frame);
      run.lateral(frame);
    },
    receive(frameIndex, extent) {
      const first = extent === "shown" ? MARGIN_LINES : 0,
        end = lines - first;
      if (noisy) run.noise(frame, noiseStart(seed, frameIndex), first, end);
      run.axial(frame, first, end);
    },
    display(power) {
      if (power) powers.set(power);
      run.display(frame);
      enhance?.(level);
      const shown = convert?.(level) ?? pixels.slice();
      return gray ? shown.map((value) => gray[value]!) : shown;
    },
  };
}

/** Groups of four points that wait to be added: QUEUED_GROUPS of assembly/echo-kernel.ts. */
const QUEUED_GROUPS = 32;

/** The memory of one simulator with all its tables. */
function createEchoKernelMemory(setup: KernelSetup): KernelMemory {
  const { probe, scan, settings, beam, effects, seed, lines, samples, scene } = setup;
  const rows = mapRows(settings.depthMm),
    cells = lines * rows * 4,
    floats = lines * samples * 4,
    scanned = probe.lineCount * samples * 4,
    cellMm = cellMmOf(beam);
  const { width, height, spacingMm, faceCentrePx } = imageGeometry(probe, settings);
  const spacing = scan.spacingMm;
  const lateral = gaussian(settings.smoothingMm[0] / spacing),
    axial = gaussian(settings.smoothingMm[1] / beam.sampleMm);
  const columns = columnTable(width, faceCentrePx[0], spacingMm[0], apertureMm(probe), probe.lineCount),
    pixelRows = rowTable(scan.radiusMm ? 0 : height, faceCentrePx[1], spacingMm[1], beam.sampleMm, samples);
  const { taps, range } = rankedTaps(beam.lateral);
  const numbers: FrameNumbers = {
    spacingMm: spacing,
    linesPerMm: 1 / spacing,
    samplesPerMm: 1 / beam.sampleMm,
    rowsPerMm: 1 / MAP_STEP_MM,
    ...splatScales(probe, beam, effects, settings.noiseDb),
    elevationsPerMm: 1 / beam.elevation.stepMm,
    elevationRowsPerMm: 1 / beam.elevation.depthStepMm,
    cellMm,
    cellsPerMm: 1 / cellMm,
    nearBoneMm: NEAR_BONE_MM,
    sideMm: SIDE_MM,
    layerMm: LAYER_CELLS * cellMm,
    noiseScale: noiseRms(setup),
    grayPerDb: 255 / settings.dynamicRangeDb,
    radiusMm: scan.radiusMm,
    lines,
    rows,
    samples,
    scanLines: probe.lineCount,
    marginLines: MARGIN_LINES,
    seed,
    speckle: effects.speckle ? 1 : 0,
    boneRough: effects.boneRough ? 1 : 0,
    surfacePoints: SURFACE_POINTS,
    cosines: COSINES,
    elevationColumns: beam.elevation.columns + 1,
    elevationRows: beam.elevation.rows,
    ranks: RANK,
    tapRows: beam.lateral.rows,
    pulseLength: beam.lateral.pulseLength,
    pulseCentre: beam.lateral.pulseCentre,
    smoothLateral: lateral.length - 1,
    smoothAxial: axial.length - 1,
    width,
    height: scan.radiusMm ? 0 : height,
    firstColumn: columns.first,
    endColumn: columns.end,
  };
  const blocks: FrameBlocks = {
    pose: 104,
    amplitude: cells,
    shift: cells,
    transmission: cells,
    boneDepth: 12 * lines,
    boneNormal: 36 * lines,
    boneFace: 36 * lines,
    push: cells,
    densities: densityRows(rows, probe.elevationFocusMm),
    diffuse: diffuseByCosine(setup.boneSurface, probe, beam.twoWayWavenumber),
    mirrorDensity: mirrorDensity(beam, probe, rows, MAP_STEP_MM),
    elevation: packedElevation(beam.elevation),
    halfWidth: beam.elevation.halfWidthMm,
    taps,
    tapRange: range,
    tapRow: tapRows(beam, samples),
    even: 8 * lines,
    odd: 8 * lines,
    pulse: interleavedPulses(beam.lateral),
    lateralKernel: lateral,
    axialKernel: axial,
    gain: Float32Array.from({ length: samples }, (_, sample) => gainAt(settings, sample * beam.sampleMm)),
    columnLine: columns.line,
    columnShare: columns.share,
    rowSample: pixelRows.sample,
    rowShare: pixelRows.share,
    fine: FINE_LINES * 4 * floats,
    beamed: RANK * 2 * floats,
    coherentRe: floats,
    coherentIm: floats,
    receivedRe: floats,
    receivedIm: floats,
    power: floats,
    smooth: scanned,
    padded: 4 * (probe.lineCount + 2 * lateral.length),
    level: scanned,
    pixels: width * height,
    waiting: 6 * 16,
    constants: 48 * 16,
    queue: 16 + QUEUED_GROUPS * 128,
    weights: RANK * beam.lateral.pulseLength * 8,
    ...mapBlocks(setup),
  };
  return createKernelMemory(numbers, mapNumbers(setup), blocks, (buffer, cubeAt, placesAddress) =>
    cubeFetcher(scene, buffer, cubeAt, placesAddress),
  );
}

/**
 * The filter of an entry in 32 bytes, half a cache line: six pairs of a value and its slope as 16-bit numbers (three complex
 * taps), the delay as a 32-bit integer, and the unit of the numbers as a 32-bit float, so that the largest of them just
 * fits. A column of zeros ends each row of filters, for what lies further out.
 */
function packedElevation({ first, slope, delay, columns }: ElevationTable): Int32Array {
  const filters = delay.length / columns,
    table = new Int16Array(16 * filters * (columns + 1)),
    whole = new Int32Array(table.buffer),
    units = new Float32Array(table.buffer);
  for (let entry = 0, from = 0; entry < delay.length; entry++, from += 2 * TAPS) {
    const to = 16 * (entry + Math.floor(entry / columns));
    let largest = 0;
    for (let i = from; i < from + 2 * TAPS; i++) largest = Math.max(largest, Math.abs(first[i]!), Math.abs(slope[i]!));
    const unit = Math.max(largest, 1e-20) / 32767;
    for (let i = 0; i < 2 * TAPS; i++) {
      table[to + 2 * i] = Math.round(first[from + i]! / unit);
      table[to + 2 * i + 1] = Math.round(slope[from + i]! / unit);
    }
    whole[to / 2 + 6] = delay[entry]!;
    units[to / 2 + 7] = unit / SHARE_UNIT;
  }
  return whole;
}

/** The share of a part that a point has gone counts in 16 bits: SHARE_UNIT of assembly/echo-kernel.ts. */
const SHARE_UNIT = 16384;

function interleavedPulses({ pulseRe, pulseIm }: LateralTable): Float32Array {
  return Float32Array.from({ length: 2 * pulseRe.length }, (_, i) => (i % 2 ? pulseIm : pulseRe)[i >> 1]!);
}

/** The lateral filter of the kernel takes all ranks together. */
const KERNEL_RANKS: typeof RANK = 3;

/**
 * Half of each symmetric profile: first the even taps 0, 2, 4, …, then the odd ones, at each the real and the imaginary
 * part of every rank. `range` holds per depth how many lines at the ends the profile does not reach, and the bytes at which
 * its even taps, its odd taps and its end lie.
 */
function rankedTaps({ re, im, reach, rows, maxReach }: LateralTable): {
  readonly taps: Float32Array;
  readonly range: Int32Array;
} {
  const tap = 2 * KERNEL_RANKS,
    stride = maxReach + 1;
  const taps = new Float32Array(rows * stride * tap),
    range = new Int32Array(4 * rows);
  for (let row = 0; row < rows; row++) {
    const last = reach[row]!,
      evens = Math.floor(last / FINE_LINES) + 1,
      from = row * stride * tap;
    for (let k = 0; k <= last; k++) {
      const to = from + tap * (k % 2 === 0 ? k / 2 : evens + (k - 1) / 2);
      for (let rank = 0; rank < KERNEL_RANKS; rank++) {
        const at = (rank * rows + row) * stride + k;
        taps[to + 2 * rank] = re[at]!;
        taps[to + 2 * rank + 1] = im[at]!;
      }
    }
    const bytes = [from, from + tap * evens, from + tap * (last + 1)].map((at) => 4 * at);
    range.set([Math.ceil(last / FINE_LINES), ...bytes], 4 * row);
  }
  return { taps, range };
}

/** Between which lines a column of pixels lies, and which columns lie below the face at all. Padded by a vector. */
function columnTable(width: number, centre: number, pixelMm: number, faceMm: number, lineCount: number) {
  const line = new Int32Array(width + 4),
    share = new Float32Array(width + 4);
  let first = width,
    end = 0;
  for (let u = 0; u < width; u++) {
    const x = (u - centre) * pixelMm;
    if (x < -faceMm / 2 || x > faceMm / 2) continue;
    first = Math.min(first, u);
    end = u + 1;
    const at = Math.min(lineCount - 1.001, Math.max(0, (x / faceMm) * lineCount + (lineCount - 1) / 2));
    line[u] = Math.floor(at);
    share[u] = at - line[u]!;
  }
  return { line, share, first, end };
}

/** Between which samples a row of pixels lies; −1 where there are none. */
function rowTable(height: number, centre: number, pixelMm: number, sampleMm: number, samples: number) {
  const sample = new Int32Array(height).fill(-1),
    share = new Float32Array(height);
  for (let v = 0; v < height; v++) {
    const at = ((v - centre) * pixelMm) / sampleMm,
      low = Math.floor(at);
    if (low < 0 || low >= samples - 1) continue;
    sample[v] = low;
    share[v] = at - low;
  }
  return { sample, share };
}
