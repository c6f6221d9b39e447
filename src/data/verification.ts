/** One check as `verify --json` prints it. */
export interface VerifyRow {
  /** Dotted, starts with the suite. */
  readonly id: string;
  readonly statement: string;
  readonly source: string;
  readonly expected: number | string;
  readonly tolerance: number | string;
  readonly measured: number | string;
  readonly pass: boolean | "skipped";
  /** Lines that say more: figures by group, for instance. */
  readonly details?: readonly string[];
}
