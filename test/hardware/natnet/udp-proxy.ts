import { createSocket, type Socket } from "node:dgram";

/** What becomes of a datagram: itself, nothing, or any others in its place. */
export type Treatment = (bytes: Uint8Array) => readonly Uint8Array[];

const unchanged: Treatment = (bytes) => [bytes];

/** Sits between a client and a unicast server on loopback; either way can be tampered with, and changed at any time. */
export class UdpProxy {
  fromServer: Treatment = unchanged;
  fromClient: Treatment = unchanged;
  private readonly front: Socket;
  private readonly backs = new Map<number, Socket>();
  private readonly serverPort: () => number;

  private constructor(front: Socket, serverPort: () => number) {
    this.front = front;
    this.serverPort = serverPort;
    front.on("message", (bytes, { port }) => {
      const back = this.backs.get(port) ?? this.addBack(port);
      for (const out of this.fromClient(bytes)) back.send(out, this.serverPort(), "127.0.0.1");
    });
  }

  /** `serverPort` is asked at every datagram: the server may come back at another. */
  static async start(serverPort: () => number): Promise<UdpProxy> {
    const front = createSocket("udp4");
    await new Promise<void>((resolve) => front.bind(0, "127.0.0.1", resolve));
    return new UdpProxy(front, serverPort);
  }

  get port(): number {
    return this.front.address().port;
  }

  /** To every client, as if the server had sent it. */
  inject(bytes: Uint8Array): void {
    for (const port of this.backs.keys()) this.front.send(bytes, port, "127.0.0.1");
  }

  clientPorts(): number[] {
    return [...this.backs.keys()];
  }

  close(): void {
    this.front.close();
    for (const back of this.backs.values()) back.close();
  }

  private addBack(clientPort: number): Socket {
    const back = createSocket("udp4");
    back.on("message", (bytes) => {
      for (const out of this.fromServer(bytes)) this.front.send(out, clientPort, "127.0.0.1");
    });
    back.on("error", () => undefined);
    this.backs.set(clientPort, back);
    return back;
  }
}
