import type { LostStatus } from "./device.ts";

type Status = LostStatus | "tracked";

/** PLUS's words for the status of a tool. A pressed switch of a stylus leaves its pose good. */
const statusWords: Readonly<Record<string, Status>> = {
  OK: "tracked",
  SWITCH1_IS_ON: "tracked",
  SWITCH2_IS_ON: "tracked",
  SWITCH3_IS_ON: "tracked",
  MISSING: "missing",
  OUT_OF_VIEW: "occluded",
  OUT_OF_VOLUME: "out-of-volume",
  REQ_TIMEOUT: "stale",
  INVALID: "invalid",
  PATH_NOT_FOUND: "missing",
  UNKNOWN: "unknown",
};

const wordOf: Readonly<Record<Status, string>> = {
  tracked: "OK",
  missing: "MISSING",
  occluded: "OUT_OF_VIEW",
  "out-of-volume": "OUT_OF_VOLUME",
  stale: "REQ_TIMEOUT",
  invalid: "INVALID",
  unknown: "UNKNOWN",
};

/** Undefined for a word that PLUS does not use. */
export function parseStatus(word: string): Status | undefined {
  return Object.hasOwn(statusWords, word) ? statusWords[word] : undefined;
}

export function formatStatus(status: Status): string {
  return wordOf[status];
}
