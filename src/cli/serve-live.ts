import type { Log } from "../core/log.ts";
import type { WorkerPool } from "../core/worker-pool.ts";
import { MAX_COMMAND_BYTES } from "../data/live-wire.ts";
import { steadyClock } from "../hardware/natnet/host-clock.ts";
import { createBroadcast } from "../scenario/live/broadcast.ts";
import type { LiveSession } from "../scenario/live/session.ts";
import { startLocalServer } from "../web/local-server.ts";
import { serveSockets } from "../web/socket-server.ts";
import { livePages } from "./live-pages.ts";

/** The live page of a session. */
export interface ServedLive {
  readonly url: string;
  readonly port: number;
  /** The session goes on. */
  close(): Promise<void>;
}

/** More pages than this are turned away: each costs the same computer a few milliseconds a frame. */
export const MOST_PAGES = 8;

/** `workers`: for what is saved from the page. Throws an UnsuitableInputError when the port is taken. */
export async function serveLive(
  session: LiveSession,
  workers: WorkerPool,
  options: { readonly host?: string; readonly port: number; readonly log: Log },
): Promise<ServedLive> {
  const server = await startLocalServer({ ...options, answer: await livePages(session, workers) });
  const broadcast = createBroadcast(session, () => steadyClock.nowS());
  const sockets = serveSockets(server, {
    path: "/live",
    maxMessageBytes: MAX_COMMAND_BYTES,
    maxLinks: MOST_PAGES,
    onLink: (link) => broadcast.join(link),
  });
  return {
    url: server.url,
    port: server.port,
    async close() {
      broadcast.close();
      sockets.close();
      await server.close();
    },
  };
}
