export type LogFields = Readonly<Record<string, unknown>>;

/** Stage-level events. Only `src/cli` writes them to a terminal. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  /** Something was odd and was dealt with; `event` says what, in words a user can act on. */
  warn(event: string, fields?: LogFields): void;
  /** `done` of `total` units of the named work are finished. Called often; cheap when nobody listens. */
  progress(work: string, done: number, total: number): void;
}

const nothing = (): void => undefined;

export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, progress: nothing };
