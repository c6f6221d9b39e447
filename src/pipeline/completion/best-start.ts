import type { ShapeModel, TouchedPoint } from "../../data/shape-model.ts";
import type { Mesh } from "../../geometry/mesh.ts";
import { fitDefaults, fitShape } from "./fit-shape.ts";
import { matchSheet } from "./match-sheet.ts";
import { moveSamples, type SheetSamples, sheetSamples } from "./sheet-samples.ts";

/** Rounds and points of the trials that choose a start. */
const TRIAL_ROUNDS = 8,
  TRIAL_PER_CM2 = 4;
/** How far a point may lie off before it counts no more. */
export const TRIAL_GATE_MM = 6;

/** The start from which a few rounds with the mean shape come nearest to the sheet. */
export function bestStart(
  model: ShapeModel,
  mesh: Mesh,
  touched: readonly TouchedPoint[],
  starts: readonly Float64Array[],
): Float64Array {
  if (starts.length === 1) return starts[0]!;
  const rigid: ShapeModel = { ...model, modes: [] };
  const sheet: SheetSamples = sheetSamples(mesh, TRIAL_PER_CM2);
  let best = starts[0]!,
    least = Infinity;
  for (const start of starts) {
    const { bodyFromSheet } = fitShape(rigid, sheet, touched, start, { ...fitDefaults, rounds: TRIAL_ROUNDS });
    const { residualMm, count } = matchSheet(model.mean, model.cap, moveSamples(sheet, bodyFromSheet), TRIAL_GATE_MM);
    // What has no partner costs as much as what lies at the gate.
    const cost = residualMm.reduce((sum, r) => sum + r * r, 0) + (sheet.count - count) * TRIAL_GATE_MM ** 2;
    if (cost < least) {
      least = cost;
      best = bodyFromSheet;
    }
  }
  return best;
}
