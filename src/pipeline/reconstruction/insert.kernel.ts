import {
  LINEAR_STEPS,
  chosenLinear,
  chosenNearest,
  foldLinear,
  foldNearest,
  meanLinear,
  meanNearest,
  weightedLinear,
  weightedNearest,
} from "./insert-exact.kernel.ts";
import { medianLinear, medianNearest } from "./insert-median.kernel.ts";
import { plusLinear, plusNearest, toFixedPoint } from "./insert-plus.kernel.ts";
import { narrow } from "./line-range.kernel.ts";
import { type Batch, PACKED_LINEAR_LIMIT, PACKED_NEAREST_LIMIT, type Slab } from "./slab.ts";

/** What a worker is sent. Everything big lies in shared memory. */
export interface InsertJob {
  readonly slab: Slab;
  readonly batch: Batch;
  /** Pixels that one frame may put into one voxel. */
  readonly perFrame: number;
  /** The frames are walked for the second time, which only the median needs. */
  readonly second: boolean;
}

/** Units of a position: whole voxels (nearest), sixteenths (linear), 2⁻¹⁴ (PLUS); and what is added before cutting. */
interface Units {
  readonly perVoxel: number;
  readonly rounding: number;
  readonly fixedPoint: boolean;
  readonly linear: boolean;
}

function unitsOf(slab: Slab): Units {
  const linear = slab.ghost === 1;
  if (slab.kind === "plus") return { perVoxel: 2 ** 14, rounding: linear ? 0 : 2 ** 13, fixedPoint: true, linear };
  return { perVoxel: linear ? LINEAR_STEPS : 1, rounding: 0.5, fixedPoint: false, linear };
}

/** Inserts the frames of a batch into a slab, in order, rows from the transducer down. Writes the slab's arrays. */
export function insertBatch({ slab, batch, perFrame, second }: InsertJob): void {
  const { ranges, width, height, count } = batch;
  const [nx, ny, nz] = slab.shape;
  const units = unitsOf(slab);
  const { perVoxel, rounding, linear } = units;
  // Positions allowed on each axis, half-open: nearest within half a voxel of the outer centres, linear between them.
  const top = (n: number): number => (linear ? (n - 1) * perVoxel + 1 : n * perVoxel);
  const zLow = Math.max(0, (slab.zBegin - slab.ghost) * perVoxel),
    zHigh = Math.min(slab.zEnd * perVoxel, top(nz)),
    yHigh = top(ny),
    xHigh = top(nx);
  const nxy = nx * ny,
    base = (slab.zBegin - slab.ghost) * nxy;
  const insert = spanInserter(slab, batch, nx, nxy, base, second);
  const { afterFrame, finish } = folder(slab, perFrame);
  const columns = new Float64Array(9),
    line = new Float64Array(6),
    range = new Int32Array(2);

  for (let frame = 0; frame < count; frame++) {
    columnsOf(batch.voxelFromPixel, frame, units, columns);
    const xu = columns[0]!,
      yu = columns[1]!,
      zu = columns[2]!;
    for (let v = 0; v < height; v++) {
      const z = columns[8]! + columns[5]! * v + rounding;
      for (let part = v * 4; part < v * 4 + 4; part += 2) {
        range[0] = ranges[part]!;
        range[1] = ranges[part + 1]!;
        if (range[0]! >= range[1]!) continue;
        narrow(range, z, zu, zLow, zHigh);
        if (range[0]! >= range[1]!) continue;
        const x = columns[6]! + columns[3]! * v + rounding,
          y = columns[7]! + columns[4]! * v + rounding;
        narrow(range, y, yu, 0, yHigh);
        narrow(range, x, xu, 0, xHigh);
        if (range[0]! >= range[1]!) continue;
        line[0] = x;
        line[1] = xu;
        line[2] = y;
        line[3] = yu;
        line[4] = z;
        line[5] = zu;
        insert(line, range[0]!, range[1]!, (frame * height + v) * width);
      }
    }
    afterFrame();
  }
  finish();
}

/** Writes [xu, yu, zu, xv, yv, zv, x0, y0, z0] of a frame in the given units. */
function columnsOf(m: Float64Array, frame: number, { perVoxel, fixedPoint }: Units, columns: Float64Array): void {
  for (let d = 0; d < 3; d++) {
    for (const [place, column] of [[0, 0], [3, 1], [6, 3]] as const) {
      const x = m[frame * 12 + d * 4 + column]!;
      columns[place + d] = fixedPoint ? toFixedPoint(x) : x * perVoxel;
    }
  } // prettier-ignore
}

type InsertSpan = (line: Float64Array, begin: number, end: number, row: number) => void;

function spanInserter(
  slab: Slab,
  { pixels, weights }: Batch,
  nx: number,
  nxy: number,
  base: number,
  second: boolean,
): InsertSpan {
  switch (slab.kind) {
    case "mean-nearest":
      return (line, begin, end, row) => meanNearest(line, begin, end, row, nx, nxy, base, pixels, slab.packed);
    case "mean-linear":
      return (line, begin, end, row) => meanLinear(line, begin, end, row, nx, nxy, base, pixels, slab.packed);
    case "weighted": {
      const span = slab.interpolation === "linear" ? weightedLinear : weightedNearest;
      return (line, begin, end, row) => span(line, begin, end, row, nx, nxy, base, pixels, weights, slab.sumAndWeight);
    }
    case "chosen": {
      const span = slab.interpolation === "linear" ? chosenLinear : chosenNearest;
      const { value, weight } = slab,
        latest = slab.choose === "latest";
      return (line, begin, end, row) =>
        span(line, begin, end, row, nx, nxy, base, pixels, weights, latest, value, weight);
    }
    case "median": {
      const span = slab.interpolation === "linear" ? medianLinear : medianNearest;
      return (line, begin, end, row) => span(line, begin, end, row, nx, nxy, base, pixels, weights, slab, second);
    }
    case "plus": {
      const span = slab.interpolation === "linear" ? plusLinear : plusNearest;
      const { value, accumulated, compounding } = slab;
      return (line, begin, end, row) =>
        span(line, begin, end, row, nx, nxy, base, pixels, weights, compounding, value, accumulated);
    }
  }
}

/** Empties packed accumulators before they can overflow, and at the end of the batch. */
function folder(slab: Slab, perFrame: number): { afterFrame(): void; finish(): void } {
  const nothing = (): void => undefined;
  if ((slab.kind !== "mean-nearest" && slab.kind !== "mean-linear") || slab.sum.length === 0)
    return { afterFrame: nothing, finish: nothing };
  const limit = slab.kind === "mean-nearest" ? PACKED_NEAREST_LIMIT : PACKED_LINEAR_LIMIT;
  let held = 0;
  const fold = (): void => {
    if (slab.kind === "mean-nearest") foldNearest(slab.packed, slab.sum, slab.count);
    else foldLinear(slab.packed, slab.sum, slab.weight);
    held = 0;
  };
  return {
    afterFrame() {
      held += perFrame;
      if (held + perFrame > limit) fold();
    },
    finish: fold,
  };
}
