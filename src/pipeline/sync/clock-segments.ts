import type { ClockReadings } from "../../data/recording.ts";
import { clockOf, type ClockedTrack, type ClockMap } from "./clock-map.ts";

export interface EpochTrack extends ClockedTrack {
  readonly geometryEpoch?: Readonly<Uint32Array>;
}

/** Samples `from` to before `to` of a track, between which nothing was set or changed, and their clock. */
export interface ClockSegment extends ClockMap {
  readonly from: number;
  readonly to: number;
}

/**
 * A track cut where its epoch changes (its clock was set, its bodies or its image mean something else), each part with
 * the map of its own clock to the host's. One part when nothing changed.
 */
export function clockSegments(track: EpochTrack): ClockSegment[] {
  const { acquiredAtS, receivedAtS, clock, geometryEpoch: epoch } = track;
  const n = acquiredAtS.length;
  if (!epoch) return [{ from: 0, to: n, ...clockOf(track) }];
  const segments: ClockSegment[] = [];
  for (let from = 0; from < n;) {
    let to = from + 1;
    while (to < n && epoch[to] === epoch[from]) to++;
    const untilS = to < n ? receivedAtS[to]! : Infinity;
    const readings = clock && readBetween(clock, segments.length === 0 ? -Infinity : receivedAtS[from]!, untilS);
    segments.push({
      from,
      to,
      ...clockOf({
        acquiredAtS: acquiredAtS.subarray(from, to),
        receivedAtS: receivedAtS.subarray(from, to),
        ...(readings ? { clock: readings } : {}),
      }),
    });
    from = to;
  }
  return segments;
}

function readBetween({ deviceS, hostS, uncertaintyS }: ClockReadings, fromS: number, untilS: number): ClockReadings {
  const kept = [...hostS.keys()].filter((i) => hostS[i]! >= fromS && hostS[i]! < untilS);
  const pick = (values: Float64Array): Float64Array => Float64Array.from(kept, (i) => values[i]!);
  return { deviceS: pick(deviceS), hostS: pick(hostS), uncertaintyS: pick(uncertaintyS) };
}

/** Times of acquisition on the host's clock. */
export function hostTimes(track: EpochTrack): Float64Array {
  const timesS = Float64Array.from(track.acquiredAtS);
  for (const { from, to, offsetS, rate } of clockSegments(track))
    for (let i = from; i < to; i++) timesS[i] = offsetS + rate * timesS[i]!;
  return timesS;
}
