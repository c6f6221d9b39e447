/** What a device has given so far. */
export interface StreamStatus {
  readonly id: string;
  readonly samples: number;
  /** Gaps in the sequence: what was lost before it came here. */
  readonly lost: number;
  /** Over the last second or so; 0 when nothing comes. */
  readonly rateHz: number;
}
