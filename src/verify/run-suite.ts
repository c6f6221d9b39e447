import type { VerifyRow } from "../data/verification.ts";
import type { Check, CheckContext, CheckOutcome, Suite } from "./check.ts";

/** Runs the checks of a suite one after the other; one that throws has failed, with what it threw as its measurement. */
export async function* runSuite(suite: Suite, context: CheckContext): AsyncGenerator<VerifyRow> {
  for (const check of suite.checks) {
    const { measured, pass, details } = await outcomeOf(check, context);
    const { id, statement, source, expected, tolerance } = check;
    yield { id, statement, source, expected, tolerance, measured, pass, ...(details && { details }) };
  }
}

async function outcomeOf(check: Check, context: CheckContext): Promise<CheckOutcome> {
  try {
    return await check.run(context);
  } catch (error) {
    return { measured: `threw: ${error instanceof Error ? error.message : String(error)}`, pass: false };
  }
}
