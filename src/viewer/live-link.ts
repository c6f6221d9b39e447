import { decodeUpdate, type LiveCommand, type LiveUpdate } from "../data/live-wire.ts";

export interface LiveLink {
  send(command: LiveCommand): void;
}

export interface LinkEvents {
  /** Whoever is told has shown it when it returns. */
  update(update: LiveUpdate): void;
  /** All that was known is void: the server sends everything anew. */
  opened(): void;
  lost(reason: string): void;
}

/** Attempts are this far apart at first, and then ever farther. */
const FIRST_MS = 300,
  MOST_MS = 3000;

/** A WebSocket that comes back when the server does. Updates are shown once a picture of the screen, the newest first. */
export function connectLive(url: string, events: LinkEvents): LiveLink {
  let socket: WebSocket | undefined,
    waitMs = FIRST_MS;

  function open(): void {
    const mine = new WebSocket(url);
    mine.binaryType = "arraybuffer";
    mine.addEventListener("open", () => {
      waitMs = FIRST_MS;
      socket = mine;
      events.opened();
    });
    mine.addEventListener("message", ({ data }: MessageEvent<ArrayBuffer>) => {
      const update = decodeUpdate(data);
      // Told after it was drawn, so that a page that cannot keep up is sent less.
      requestAnimationFrame(() => {
        events.update(update);
        send({ type: "shown", turn: update.turn });
      });
      if (document.hidden) send({ type: "shown", turn: update.turn });
    });
    mine.addEventListener("close", ({ reason }) => {
      if (socket === mine) socket = undefined;
      events.lost(reason);
      setTimeout(open, waitMs);
      waitMs = Math.min(MOST_MS, 1.6 * waitMs);
    });
  }
  function send(command: LiveCommand): void {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(command));
  }

  open();
  return { send };
}
