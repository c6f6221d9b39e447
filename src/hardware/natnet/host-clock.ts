/** The host's time, passed in: never runs backwards, whatever is done to the wall clock. */
export interface HostClock {
  /** Seconds since 1970 at the start of the process, plus what a steady clock has counted since. */
  nowS(): number;
}

export const steadyClock: HostClock = {
  nowS: () => (performance.timeOrigin + performance.now()) / 1000,
};
