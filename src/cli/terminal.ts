import type { Log, LogFields } from "../core/log.ts";

/** What commands may touch of the process: the two streams. Results go to `out`, everything else to `err`. */
export interface Terminal {
  readonly log: Log;
  out(text: string): void;
  err(text: string): void;
  /** One line that the next one replaces; elsewhere than on a terminal it is printed every 15 s. */
  status(text: string): void;
}

const BAR_WIDTH = 28;
/** A progress line is redrawn at most this often on a terminal, and printed this rarely elsewhere. */
const REDRAW_MS = 100,
  REPRINT_MS = 15_000;

/**
 * Progress bars where `stderr` is a terminal; a line every 15 s where it is a file or a pipe. `quiet` keeps warnings
 * only.
 */
export function createTerminal({ quiet = false, verbose = false } = {}): Terminal {
  const tty = process.stderr.isTTY === true;
  let drawn = false,
    last = 0,
    lastWork = "",
    startedAt = 0,
    lastStatus = -Infinity;

  const clear = (): void => {
    if (drawn) process.stderr.write("\r\x1b[2K");
    drawn = false;
  };
  const line = (text: string): void => {
    clear();
    process.stderr.write(`${text}\n`);
  };
  const details = (fields?: LogFields): string => {
    const parts = Object.entries(fields ?? {}).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
    return parts.length ? ` (${parts.join(", ")})` : "";
  };

  const log: Log = {
    debug: (event, fields) => void (verbose && line(`  ${event}${details(fields)}`)),
    info: (event, fields) => void (!quiet && line(`${event}${details(fields)}`)),
    warn: (event, fields) => line(`warning: ${event}${details(fields)}`),
    progress(work, done, total) {
      if (quiet) return;
      const now = performance.now();
      if (work !== lastWork) {
        lastWork = work;
        startedAt = now;
        last = tty ? 0 : now;
      }
      const finished = done >= total;
      if (now - last < (tty ? REDRAW_MS : REPRINT_MS) && !finished) return;
      last = now;
      const share = total > 0 ? done / total : 1;
      const elapsedS = (now - startedAt) / 1000;
      const left = share > 0.02 && !finished ? `, ${((elapsedS / share) * (1 - share)).toFixed(0)} s left` : "";
      if (tty) {
        const filled = Math.round(share * BAR_WIDTH);
        const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
        clear();
        process.stderr.write(`${work.padEnd(22)} ${bar} ${done}/${total}${left}`);
        drawn = true;
        if (finished) line(`${work.padEnd(22)} ${total} in ${elapsedS.toFixed(1)} s`);
      } else {
        line(finished ? `${work}: ${total} in ${elapsedS.toFixed(1)} s` : `${work}: ${done} of ${total}${left}`);
      }
    },
  };
  return {
    log,
    out: (text) => void process.stdout.write(text.endsWith("\n") ? text : `${text}\n`),
    err: line,
    status(text) {
      if (quiet) return;
      const now = performance.now();
      if (!tty && now - lastStatus < REPRINT_MS) return;
      lastStatus = now;
      if (!tty) return line(text);
      clear();
      process.stderr.write(text.slice(0, Math.max(20, (process.stderr.columns ?? 80) - 1)));
      drawn = true;
    },
  };
}
