/** A calibration that cannot be made from this input: why, and what to record instead. */
export interface Refused {
  readonly status: "refused";
  readonly reason: string;
  readonly remedy: string;
}

export const refuse = (reason: string, remedy: string): Refused => ({ status: "refused", reason, remedy });
