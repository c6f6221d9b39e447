import type { Log } from "../core/log.ts";

export interface CheckContext {
  readonly log: Log;
  /** Long statistics too. */
  readonly full: boolean;
  /** Folder of the public recordings, or undefined when absent: a check that needs it is then skipped, and says so. */
  readonly dataFolder: string | undefined;
}

export interface CheckOutcome {
  /** What was measured, as a number or in words. */
  readonly measured: number | string;
  readonly pass: boolean | "skipped";
  /** Lines of a table behind the verdict, for people; printed below it. */
  readonly details?: readonly string[];
}

/** One statement that a user can trust the bench for, and how it was tried. */
export interface Check {
  /** Dotted, starts with the suite: "metrics.shifted-spheres.assd". */
  readonly id: string;
  readonly statement: string;
  /** Where the expected value comes from: a closed form, a paper, a datasheet, an independent program. */
  readonly source: string;
  readonly expected: number | string;
  readonly tolerance: number | string;
  run(context: CheckContext): Promise<CheckOutcome>;
}

export interface Suite {
  readonly name: string;
  readonly about: string;
  readonly checks: readonly Check[];
}

/** A check whose outcome is a number within `tolerance` of `expected`. */
export function numericCheck(
  check: Omit<Check, "run" | "expected" | "tolerance"> & { readonly expected: number; readonly tolerance: number },
  measure: (context: CheckContext) => Promise<number> | number,
): Check {
  return {
    ...check,
    async run(context) {
      const measured = await measure(context);
      return { measured, pass: Math.abs(measured - check.expected) <= check.tolerance };
    },
  };
}
