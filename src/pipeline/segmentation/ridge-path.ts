/** A hidden Markov chain over the columns of an image: in each, the bone lies in one row, or there is none. */
export interface PathModel {
  readonly columns: number;
  readonly rows: number;
  /** Chance that bone begins, and that it ends, from one column to the next. */
  readonly begins: number;
  readonly ends: number;
  /** Typical deviation, in rows, of the next column's row from where the line's own direction leads. */
  readonly wanderRows: number;
}

/** Column after column, one number a cell. */
export interface PathEvidence {
  /** How much likelier the picture is with bone in this cell than with none in the column; 0 excludes the cell. */
  readonly likelihood: Readonly<Float64Array>;
  /** Rows per column by which a line through this cell rises or falls. */
  readonly stepRows: Readonly<Float32Array>;
}

export interface RidgePath {
  /** Most probable row in each column; −1: no bone. */
  readonly row: Int32Array;
  /** Chance that the bone lies within `near` rows of `row`, given the whole frame; 0 where `row` is −1. */
  readonly probability: Float32Array;
}

/** Steps are spread over ± this many rows around the line's own direction. */
const REACH = 5;
/** The direction is known to a quarter of a row. */
const FRACTIONS = 4;
/** Share of steps that go anywhere within reach: speckle breaks lines. */
const ASTRAY = 0.1;

/** Row f holds the weights of steps by −REACH … REACH rows when the direction leads to f / FRACTIONS rows further. */
function stepTable(wanderRows: number): Float64Array {
  const width = 2 * REACH + 1;
  const table = new Float64Array(FRACTIONS * width);
  for (let f = 0; f < FRACTIONS; f++) {
    let sum = 0;
    for (let k = 0; k < width; k++) {
      const off = k - REACH - f / FRACTIONS;
      sum += table[f * width + k] = Math.exp(-Math.abs(off) / wanderRows);
    }
    for (let k = 0; k < width; k++) {
      table[f * width + k] = ((1 - ASTRAY) * table[f * width + k]!) / sum + ASTRAY / width;
    }
  }
  return table;
}

/**
 * Forward-backward for the probabilities, Viterbi for the path (Rabiner 1989). A cell passes its weight on along the
 * direction of the line through it, so a line is followed round a steep flank at no cost and a jump between two
 * parallel lines is dear.
 */
export function findPath(model: PathModel, evidence: PathEvidence, near: number): RidgePath {
  const table = stepTable(model.wanderRows);
  const target = stepTargets(evidence.stepRows);
  const row = viterbi(model, evidence.likelihood, target, table);
  return { row, probability: posterior(model, evidence.likelihood, target, table, row, near) };
}

/** Per cell: FRACTIONS times the step its line's direction asks for, rounded. */
function stepTargets(stepRows: Readonly<Float32Array>): Int16Array {
  return Int16Array.from(stepRows, (step) => Math.round(step * FRACTIONS));
}

const WIDTH = 2 * REACH + 1;
/** Came from no bone. */
const ENTERED = -32768;

function viterbi(
  { columns, rows, begins, ends }: PathModel,
  likelihood: Readonly<Float64Array>,
  target: Readonly<Int16Array>,
  table: Readonly<Float64Array>,
): Int32Array {
  // The path only says where the bone is if it is there. Whether it is, the probabilities say: a single path carries
  // a small part of the weight of its bundle, so steps count relative to the likeliest one.
  const largest = table.reduce((a, b) => Math.max(a, b), 0);
  const logStep = table.map((weight) => Math.log(weight / largest));
  const logBegin = Math.log(begins / rows), logStay = Math.log(1 - ends), logEnd = Math.log(ends), logNone = Math.log(1 - begins); // prettier-ignore
  const from = new Int16Array(columns * rows),
    noneFrom = new Int32Array(columns).fill(-1);
  let best = new Float64Array(rows).fill(-Infinity),
    next = new Float64Array(rows),
    none = 0;
  for (let i = 0; i < columns; i++) {
    const base = i * rows;
    next.fill(none + logBegin);
    from.fill(ENTERED, base, base + rows);
    let top = -1, topScore = -Infinity; // prettier-ignore
    for (let j = 0; j < rows; j++) {
      const score = best[j]!;
      if (score === -Infinity) continue;
      if (score > topScore) {
        top = j;
        topScore = score;
      }
      const quarter = target[base - rows + j]!, whole = Math.floor(quarter / FRACTIONS); // prettier-ignore
      const weights = (quarter - whole * FRACTIONS) * WIDTH;
      const first = j + whole - REACH;
      for (let k = Math.max(0, -first); k < WIDTH && first + k < rows; k++) {
        const candidate = score + logStep[weights + k]! + logStay;
        if (candidate <= next[first + k]!) continue;
        next[first + k] = candidate;
        from[base + first + k] = j - (first + k);
      }
    }
    for (let j = 0; j < rows; j++) next[j]! += Math.log(likelihood[base + j]!);
    if (topScore + logEnd > none + logNone) {
      none = topScore + logEnd;
      noneFrom[i] = top;
    } else none += logNone;
    [best, next] = [next, best];
  }
  const path = new Int32Array(columns).fill(-1);
  let state = -1,
    score = none;
  for (let j = 0; j < rows; j++) if (best[j]! > score) score = best[(state = j)]!;
  for (let i = columns - 1; i >= 0; i--) {
    path[i] = state;
    const step = state < 0 ? 0 : from[i * rows + state]!;
    state = state < 0 ? noneFrom[i]! : step === ENTERED ? -1 : state + step;
  }
  return path;
}

function posterior(
  { columns, rows, begins, ends }: PathModel,
  likelihood: Readonly<Float64Array>,
  target: Readonly<Int16Array>,
  table: Readonly<Float64Array>,
  path: Readonly<Int32Array>,
  near: number,
): Float32Array {
  const states = rows + 1; // the last is "no bone"
  const forward = new Float64Array(columns * states);
  for (let i = 0; i < columns; i++) {
    const at = i * states, before = at - states; // prettier-ignore
    const none = i > 0 ? forward[before + rows]! : 1;
    forward.fill((none * begins) / rows, at, at + rows);
    let inBone = 0;
    for (let j = 0; i > 0 && j < rows; j++) {
      const weight = forward[before + j]!;
      inBone += weight;
      if (weight < 1e-12) continue;
      const quarter = target[(i - 1) * rows + j]!, whole = Math.floor(quarter / FRACTIONS); // prettier-ignore
      const weights = (quarter - whole * FRACTIONS) * WIDTH;
      const first = j + whole - REACH;
      for (let k = Math.max(0, -first); k < WIDTH && first + k < rows; k++) {
        forward[at + first + k]! += weight * table[weights + k]! * (1 - ends);
      }
    }
    let total = 0;
    for (let j = 0; j < rows; j++) total += forward[at + j]! *= likelihood[i * rows + j]!;
    total += forward[at + rows] = none * (1 - begins) + inBone * ends;
    for (let s = 0; s < states; s++) forward[at + s]! /= total;
  }
  const probability = new Float32Array(columns);
  let back = new Float64Array(states).fill(1),
    next = new Float64Array(states);
  for (let i = columns - 1; i >= 0; i--) {
    const at = i * states;
    let total = 0, close = 0; // prettier-ignore
    for (let s = 0; s < states; s++) {
      const joint = forward[at + s]! * back[s]!;
      total += joint;
      if (s < rows && path[i]! >= 0 && Math.abs(s - path[i]!) <= near) close += joint;
    }
    probability[i] = close / total;
    if (i === 0) break;
    let entering = 0;
    for (let j = 0; j < rows; j++) entering += back[j]! *= likelihood[i * rows + j]!;
    const leave = ends * back[rows]!;
    next[rows] = (1 - begins) * back[rows]! + (begins / rows) * entering;
    let largest = next[rows]!;
    for (let j = 0; j < rows; j++) {
      let moved = 0;
      if (forward[at - states + j]! >= 1e-12) {
        const quarter = target[(i - 1) * rows + j]!, whole = Math.floor(quarter / FRACTIONS); // prettier-ignore
        const weights = (quarter - whole * FRACTIONS) * WIDTH;
        const first = j + whole - REACH;
        for (let k = Math.max(0, -first); k < WIDTH && first + k < rows; k++) {
          moved += table[weights + k]! * back[first + k]!;
        }
      }
      next[j] = (1 - ends) * moved + leave;
      if (next[j]! > largest) largest = next[j]!;
    }
    for (let s = 0; s < states; s++) next[s]! /= largest;
    [back, next] = [next, back];
  }
  return probability;
}
