import type { Sample } from "../../data/device.ts";

/** How fast the estimate from arrivals follows: jitter of single samples is averaged away. */
const FOLLOWS = 1 / 64;
/** Readings that the line goes through: some seconds, in which a clock's rate does not change. */
const KEPT = 32;

/**
 * What the clock of a recorded device shows at a time of the recording's host: by the readings of that clock in the
 * recording, else by the arrivals, of which `latencyS` is taken to be the usual delay.
 */
export class PlayedClock {
  private readonly latencyS: number;
  private offsetS: number | undefined;
  private readings: { readonly hostS: number; readonly aheadS: number }[] = [];

  constructor(latencyS: number) {
    this.latencyS = latencyS;
  }

  get isKnown(): boolean {
    return this.offsetS !== undefined;
  }

  add({ acquiredAt, receivedAt, clockReading }: Omit<Sample<unknown>, "value">): void {
    const offsetS = acquiredAt + this.latencyS - receivedAt;
    this.offsetS ??= offsetS;
    this.offsetS += FOLLOWS * (offsetS - this.offsetS);
    if (!clockReading) return;
    const { deviceS, hostS } = clockReading;
    this.readings.push({ hostS, aheadS: deviceS - hostS });
    if (this.readings.length > KEPT) this.readings.shift();
  }

  /** Undefined before the first sample. */
  at(hostS: number): number | undefined {
    if (this.offsetS === undefined) return undefined;
    return hostS + (this.aheadByReadings(hostS) ?? this.offsetS);
  }

  /** Least squares, from their middle so that no digits are lost. */
  private aheadByReadings(hostS: number): number | undefined {
    const { readings } = this;
    if (readings.length === 0) return undefined;
    const mean = (of: (reading: (typeof readings)[number]) => number): number =>
      readings.reduce((sum, reading) => sum + of(reading), 0) / readings.length;
    const middleS = mean((r) => r.hostS),
      levelS = mean((r) => r.aheadS);
    const square = mean((r) => (r.hostS - middleS) ** 2);
    const skew = square > 0 ? mean((r) => (r.hostS - middleS) * (r.aheadS - levelS)) / square : 0;
    return levelS + skew * (hostS - middleS);
  }
}
