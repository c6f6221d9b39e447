import type { Figure } from "../data/report.ts";
import { MissedThreshold, UsageError } from "./command.ts";

const CONDITION = /^\s*([A-Za-z][\w.]*)\s*(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*$/;

const holds: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

/** Throws MissedThreshold when one of the conditions holds; a figure that is missing counts as a miss. */
export function checkThresholds(headline: Readonly<Record<string, Figure>>, conditions: readonly string[]): void {
  const missed: string[] = [];
  for (const condition of conditions) {
    const match = CONDITION.exec(condition);
    if (!match) throw new UsageError(`--fail-if "${condition}": expected for example "all.reachable.assd > 1.2"`);
    const [, id, sign, limit] = match as unknown as [string, string, string, string];
    const figure = headline[id];
    if (!figure) missed.push(`${id} was not measured (there are ${Object.keys(headline).join(", ")})`);
    else if (holds[sign]!(figure.value, Number(limit)))
      missed.push(`${id} is ${figure.value} ${figure.unit}: ${condition}`);
  }
  if (missed.length) throw new MissedThreshold(`Missed: ${missed.join("; ")}`);
}
