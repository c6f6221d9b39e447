import { deviceSeconds, hostSeconds, type ClockReading } from "../../data/device.ts";

/** An exchange with the server's clock: request sent, answer received (host), the clock's reading between (server). */
export interface Echo {
  readonly sentS: number;
  readonly receivedS: number;
  readonly serverS: number;
}

export const readingOf = ({ sentS, receivedS, serverS }: Echo): ClockReading => ({
  deviceS: deviceSeconds(serverS),
  hostS: hostSeconds((sentS + receivedS) / 2),
  uncertaintyS: (receivedS - sentS) / 2,
});

export interface ClockState {
  /** host − server at the last accepted echo. */
  readonly offsetS: number;
  /** Host seconds per server second, minus 1. */
  readonly skew: number;
  /** Half the shortest round trip of the echoes in use: the offset is not known better. */
  readonly uncertaintyS: number;
  readonly roundTripS: number;
  /** Counts the steps of either clock. */
  readonly epoch: number;
}

const KEPT = 64;
/** An echo counts when its round trip is within this factor, and this much, of the shortest: else it met a queue. */
const NEAR_SHORTEST = 1.3,
  NEAR_SHORTEST_S = 50e-6;
/** A clock is steered by at most some 100 ppm; an echo this far from the map means that one of them was set. */
const STEP_S = 0.1;
/** Below this span of echoes the slope would be noise. */
const SKEW_SPAN_S = 1;

/** The server's clock by Cristian's method: the server read its clock in the middle of the round trip. */
export class ClockSync {
  private echoes: Echo[] = [];
  private epoch = 0;
  private latest: ClockState | undefined;

  /** Undefined before the first echo. */
  get state(): ClockState | undefined {
    return this.latest;
  }

  add(echo: Echo): void {
    if (!(echo.receivedS >= echo.sentS) || !Number.isFinite(echo.serverS)) return;
    const last = this.latest;
    if (last && Math.abs(middle(echo) - (this.toHost(echo.serverS) ?? 0)) > STEP_S + echo.receivedS - echo.sentS) {
      this.echoes = [];
      this.epoch++;
    }
    this.echoes.push(echo);
    if (this.echoes.length > KEPT) this.echoes.shift();
    this.latest = this.fit();
  }

  /** Time of the host clock at which the server's clock shows `serverS`; undefined before the first echo. */
  toHost(serverS: number): number | undefined {
    const { latest } = this;
    if (!latest) return undefined;
    return serverS + latest.offsetS + latest.skew * (serverS - this.reference);
  }

  private reference = 0;

  private fit(): ClockState {
    const shortest = Math.min(...this.echoes.map(roundTrip));
    const good = this.echoes.filter((e) => roundTrip(e) <= NEAR_SHORTEST * shortest + NEAR_SHORTEST_S);
    const mean = (of: (e: Echo) => number): number => good.reduce((sum, e) => sum + of(e), 0) / good.length;
    const serverMean = mean((e) => e.serverS),
      offsetMean = mean(offset);
    const last = good[good.length - 1]!,
      first = good[0]!;
    let skew = 0;
    if (last.serverS - first.serverS >= SKEW_SPAN_S) {
      let cross = 0,
        square = 0;
      for (const e of good) {
        cross += (e.serverS - serverMean) * (offset(e) - offsetMean);
        square += (e.serverS - serverMean) ** 2;
      }
      skew = cross / square;
    }
    this.reference = last.serverS;
    return {
      offsetS: offsetMean + skew * (last.serverS - serverMean),
      skew,
      uncertaintyS: shortest / 2,
      roundTripS: roundTrip(this.echoes[this.echoes.length - 1]!),
      epoch: this.epoch,
    };
  }
}

const roundTrip = ({ sentS, receivedS }: Echo): number => receivedS - sentS;
const middle = ({ sentS, receivedS }: Echo): number => (sentS + receivedS) / 2;
const offset = (echo: Echo): number => middle(echo) - echo.serverS;
