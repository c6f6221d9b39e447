import type { Socket } from "node:net";

/** Bytes on their way to one reader, bounded whatever the reader does. */
export interface SendQueue {
  readonly queuedBytes: number;
  readonly dropped: number;
  /** Since when the socket has taken nothing, on the given clock; undefined while it takes. */
  readonly blockedSinceS: number | undefined;
  /**
   * `supersedes`: replaces what waits under the same name. When the queue is full, the oldest messages that may be
   * dropped go first.
   */
  add(bytes: Uint8Array, options: { readonly mayDrop: boolean; readonly supersedes?: string }): void;
  /** Calls back once everything before it has been handed to the system. */
  whenEmpty(done: () => void): void;
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly mayDrop: boolean;
  readonly name: string | undefined;
}

/** `onFull`: messages that must not be dropped alone exceed the limit. */
export function createSendQueue(
  socket: Socket,
  limitBytes: number,
  nowS: () => number,
  { onSpace, onFull }: { readonly onSpace: () => void; readonly onFull: () => void },
): SendQueue {
  let waiting: Waiting[] = [],
    queuedBytes = 0,
    dropped = 0,
    blockedSinceS: number | undefined,
    emptied: (() => void)[] = [];

  function remove(index: number): void {
    const [gone] = waiting.splice(index, 1);
    queuedBytes -= gone?.bytes.length ?? 0;
    dropped++;
  }

  function pump(): void {
    while (waiting.length > 0 && !socket.writableNeedDrain && socket.writable) {
      const next = waiting.shift();
      if (!next) break;
      queuedBytes -= next.bytes.length;
      socket.write(next.bytes);
    }
    blockedSinceS = socket.writableNeedDrain ? (blockedSinceS ?? nowS()) : undefined;
    if (waiting.length > 0 || socket.writableNeedDrain) return;
    const calls = emptied;
    emptied = [];
    for (const call of calls) call();
  }

  socket.on("drain", () => {
    blockedSinceS = undefined;
    pump();
    onSpace();
  });

  return {
    get queuedBytes() {
      return queuedBytes;
    },
    get dropped() {
      return dropped;
    },
    get blockedSinceS() {
      return blockedSinceS;
    },
    add(bytes, { mayDrop, supersedes }) {
      if (supersedes !== undefined) {
        const older = waiting.findIndex(({ name }) => name === supersedes);
        if (older >= 0) remove(older);
      }
      while (queuedBytes > 0 && queuedBytes + bytes.length > limitBytes) {
        const oldest = waiting.findIndex((each) => each.mayDrop);
        if (oldest < 0) break;
        remove(oldest);
      }
      waiting.push({ bytes, mayDrop, name: supersedes });
      queuedBytes += bytes.length;
      if (!mayDrop && queuedBytes > limitBytes + bytes.length) return onFull();
      pump();
    },
    whenEmpty(done) {
      emptied.push(done);
      pump();
    },
  };
}
