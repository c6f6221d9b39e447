import type { Socket } from "node:dgram";
import { bindUdp, closeUdp, sendUdp } from "./udp.ts";

/** What becomes of a datagram: itself, nothing, or any others in its place. */
export type Treatment = (bytes: Uint8Array) => readonly Uint8Array[];

const unchanged: Treatment = (bytes) => [bytes];

/** Sits between clients and a unicast server on loopback; either way can be tampered with, and changed at any time. */
export class UdpProxy {
  fromServer: Treatment = unchanged;
  fromClient: Treatment = unchanged;
  private readonly front: Socket;
  private readonly backs = new Map<number, Socket>();
  private readonly serverPort: () => number;
  private closed = false;

  private constructor(front: Socket, serverPort: () => number) {
    this.front = front;
    this.serverPort = serverPort;
    front.on("message", (bytes, { port }) => void this.forward(bytes, port));
  }

  /** `serverPort` is asked at every datagram: the server may come back at another. */
  static async start(serverPort: () => number): Promise<UdpProxy> {
    return new UdpProxy(await bindUdp(0, HOST, false, () => undefined), serverPort);
  }

  get port(): number {
    return this.front.address().port;
  }

  /** To every client, as if the server had sent it. */
  inject(bytes: Uint8Array): void {
    for (const port of this.backs.keys()) void sendUdp(this.front, bytes, port, HOST);
  }

  clientPorts(): number[] {
    return [...this.backs.keys()];
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    closeUdp(this.front);
    for (const back of this.backs.values()) closeUdp(back);
  }

  private async forward(bytes: Uint8Array, clientPort: number): Promise<void> {
    let back = this.backs.get(clientPort);
    if (!back) {
      back = await bindUdp(0, HOST, false, (answer) => this.answer(answer, clientPort));
      if (this.closed || this.backs.has(clientPort)) closeUdp(back);
      if (this.closed) return;
      back = this.backs.get(clientPort) ?? back;
      this.backs.set(clientPort, back);
    }
    for (const out of this.fromClient(bytes)) await sendUdp(back, out, this.serverPort(), HOST);
  }

  private answer(bytes: Uint8Array, clientPort: number): void {
    if (this.closed) return;
    for (const out of this.fromServer(bytes)) void sendUdp(this.front, out, clientPort, HOST);
  }
}

const HOST = "127.0.0.1";
