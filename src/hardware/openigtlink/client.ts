import { connect, type Socket } from "node:net";
import { FormatError } from "../../core/errors.ts";
import { createFramer, DEFAULT_MAX_BODY_BYTES, type Framer } from "./framer.ts";
import { decodeMessage, encodeMessage, message, type Message } from "./protocol.ts";

export type ConnectionState =
  | "connecting"
  | "connected"
  /** Connected, but more than one message in 20 is unusable. */
  | "degraded"
  /** Waiting to try again. */
  | "lost"
  | "closed";

export interface ClientCounters {
  readonly messages: number;
  readonly bytes: number;
  /** Times that a connection stood. */
  readonly connections: number;
  readonly wrongChecksum: number;
  /** Bodies that do not say what their type promises. */
  readonly refused: number;
  /** Of types that are not known. */
  readonly unknownTypes: number;
  /** Of messages that a connection ended in. */
  readonly cutBytes: number;
  /** Connections given up because nothing came. */
  readonly idleTimeouts: number;
}

export interface ClientOptions {
  readonly host: string;
  readonly port: number;
  /** Uniform in [0, 1): spreads the attempts to reconnect. */
  readonly random: () => number;
  /** Host clock, seconds; must never run backwards. */
  readonly nowS: () => number;
  readonly onMessage: (message: Message, receivedAtS: number) => void;
  readonly onState?: (state: ConnectionState, reason: string) => void;
  /** Sent first on every connection. */
  readonly greeting?: readonly Message[];
  /** Asked for a status after half of it in silence, given up after all of it. PlusServer is never silent for 0.25 s. */
  readonly idleTimeoutS?: number;
  readonly connectTimeoutS?: number;
  /** The wait doubles from the first to the longest; each is shortened at random by up to half. */
  readonly firstRetryS?: number;
  readonly longestRetryS?: number;
  readonly maxBodyBytes?: number;
}

export interface Client {
  readonly state: ConnectionState;
  readonly counters: ClientCounters;
  /** False, and nothing is sent, while there is no connection or the server does not read. */
  send(message: Message): boolean;
  /** Leaves what comes to the system (and so to the server), until `resume`. Silence is not counted meanwhile. */
  pause(): void;
  resume(): void;
  /** No callback comes after it, and no timer is left. May be called twice. */
  close(): Promise<void>;
}

/** Messages that wait for a server which does not read; then it is left. */
const MAX_UNSENT_BYTES = 1 << 20;
/** After so many unusable messages in a row the stream cannot be in step. */
const MAX_UNUSABLE_IN_A_ROW = 16;
/** Share of unusable messages, as a running mean over about 100: worse than the first is degraded, until the second. */
const DEGRADED = 0.05;
const RECOVERED = 0.02;

/**
 * Keeps one connection to an OpenIGTLink server, from now until `close`. What is unusable is counted and left out;
 * what is lost is tried again.
 */
export function openClient(options: ClientOptions): Client {
  const { host, port, random, nowS, onMessage, onState } = options;
  const { idleTimeoutS = 2, connectTimeoutS = 3, firstRetryS = 0.1, longestRetryS = 5 } = options;
  const counters = {
    messages: 0,
    bytes: 0,
    connections: 0,
    wrongChecksum: 0,
    refused: 0,
    unknownTypes: 0,
    cutBytes: 0,
    idleTimeouts: 0,
  };
  const isClosed = (): boolean => state === "closed";
  let state: ConnectionState = "connecting",
    paused = false,
    socket: Socket | undefined,
    retryTimer: NodeJS.Timeout | undefined,
    retryS = firstRetryS,
    unusableInARow = 0,
    unusableShare = 0;

  function become(next: ConnectionState, reason: string): void {
    if (state === next || isClosed()) return;
    state = next;
    onState?.(next, reason);
  }

  function attempt(): void {
    retryTimer = undefined;
    become("connecting", `${host}:${port}`);
    if (isClosed()) return; // the listener may have closed it
    const framer = createFramer(options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES);
    const current = connect({ host, port, noDelay: true });
    let reason = "the server closed the connection",
      standing = false,
      asked = false;
    const leave = (why: string): void => {
      reason = why;
      current.destroy();
    };
    socket = current;
    current.setTimeout(connectTimeoutS * 1000);
    current.on("connect", () => {
      standing = true;
      counters.connections++;
      unusableInARow = unusableShare = 0;
      listen(current);
      for (const greeting of options.greeting ?? []) current.write(encodeMessage(greeting));
      become("connected", `${host}:${port}`);
    });
    current.on("timeout", () => {
      if (!standing) return leave(`no answer within ${connectTimeoutS} s`);
      if (asked) {
        counters.idleTimeouts++;
        return leave(`nothing came for ${idleTimeoutS} s`);
      }
      asked = true;
      // Writing counts as activity, so the next timeout comes half an idle time from now.
      current.write(encodeMessage(message({ type: "GET_STATUS" }, { headerVersion: greetingVersion(options) })));
    });
    current.on("data", (chunk) => {
      asked = false;
      retryS = firstRetryS;
      counters.bytes += chunk.length;
      const trouble = receive(framer, chunk);
      if (trouble !== undefined) leave(trouble);
    });
    current.on("error", (error) => (reason = error.message));
    current.on("close", () => {
      counters.cutBytes += framer.pendingBytes;
      if (socket === current) socket = undefined;
      if (isClosed()) return;
      become("lost", reason);
      if (isClosed()) return;
      retryTimer = setTimeout(attempt, 1000 * retryS * (1 - 0.5 * random()));
      retryS = Math.min(longestRetryS, retryS * 2);
    });
  }

  /** Reads or not, as asked. */
  function listen(to: Socket): void {
    to.setTimeout(!paused && Number.isFinite(idleTimeoutS) ? idleTimeoutS * 500 : 0);
    if (paused) to.pause();
    else to.resume();
  }

  function setPaused(next: boolean): void {
    if (paused === next) return;
    paused = next;
    if (socket && !socket.connecting) listen(socket);
  }

  /** What makes the connection useless, if anything. */
  function receive(framer: Framer, chunk: Uint8Array): string | undefined {
    const receivedAtS = nowS();
    for (const event of framer.push(chunk)) {
      if (isClosed()) return undefined;
      if (event.kind === "lost") return event.detail;
      let usable = event.kind === "message";
      if (event.kind === "dropped") {
        if (event.reason === "checksum") counters.wrongChecksum++;
        else counters.refused++;
      } else {
        try {
          const decoded = decodeMessage(event.message);
          counters.messages++;
          if (decoded) onMessage(decoded, receivedAtS);
          else counters.unknownTypes++;
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
          counters.refused++;
          usable = false;
        }
      }
      const trouble = judge(usable);
      if (trouble !== undefined) return trouble;
    }
    return undefined;
  }

  function judge(usable: boolean): string | undefined {
    unusableShare += ((usable ? 0 : 1) - unusableShare) / 100;
    unusableInARow = usable ? 0 : unusableInARow + 1;
    if (unusableInARow >= MAX_UNUSABLE_IN_A_ROW) return `${unusableInARow} unusable messages in a row`;
    if (unusableShare > DEGRADED)
      become("degraded", `${Math.round(100 * unusableShare)} % of the messages are unusable`);
    else if (unusableShare < RECOVERED && state === "degraded") become("connected", "the messages are usable again");
    return undefined;
  }

  attempt();
  return {
    get state() {
      return state;
    },
    get counters() {
      return { ...counters };
    },
    send(sent) {
      if (!socket || (state !== "connected" && state !== "degraded")) return false;
      if (socket.writableLength > MAX_UNSENT_BYTES) {
        socket.destroy(new Error("the server does not read"));
        return false;
      }
      socket.write(encodeMessage(sent));
      return true;
    },
    pause: () => setPaused(true),
    resume: () => setPaused(false),
    async close() {
      become("closed", "asked to");
      clearTimeout(retryTimer);
      const open = socket;
      socket = undefined;
      if (!open || open.closed) return;
      await new Promise<void>((resolve) => {
        open.once("close", () => resolve());
        open.destroy();
      });
    },
  };
}

/** A peer that was greeted with version 2 understands it; to another it might be noise. */
function greetingVersion({ greeting = [] }: ClientOptions): 1 | 2 {
  return greeting.some(({ headerVersion }) => headerVersion === 2) ? 2 : 1;
}
