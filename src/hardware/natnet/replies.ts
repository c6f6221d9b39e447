import type { Packet } from "./protocol.ts";

/** Those who wait for a packet of the server. */
export class Replies {
  private readonly listeners = new Set<(packet: Packet | null) => void>();
  private closed = false;

  /** What `pick` makes of the first packet for which it gives something; undefined after `ms`, or once closed. */
  async next<T>(ms: number, pick: (packet: Packet) => T | undefined): Promise<T | undefined> {
    if (this.closed) return undefined;
    return await new Promise<T | undefined>((resolve) => {
      const finish = (value: T | undefined): void => {
        clearTimeout(timer);
        this.listeners.delete(listen);
        resolve(value);
      };
      const listen = (packet: Packet | null): void => {
        const value = packet ? pick(packet) : undefined;
        if (value !== undefined || !packet) finish(value);
      };
      const timer = setTimeout(() => finish(undefined), ms);
      this.listeners.add(listen);
    });
  }

  deliver(packet: Packet): void {
    for (const listen of this.listeners) listen(packet);
  }

  /** Nobody waits any longer, now and later. */
  close(): void {
    this.closed = true;
    for (const listen of this.listeners) listen(null);
  }
}
