import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { entry, timestampOf, type MetadataEntry } from "../../../src/hardware/openigtlink/envelope.ts";
import { createFramer } from "../../../src/hardware/openigtlink/framer.ts";
import { imageMessage } from "../../../src/hardware/openigtlink/image-message.ts";
import { decodeMessage, encodeMessage, message, type Message } from "../../../src/hardware/openigtlink/protocol.ts";
import { plusDevices, type PlusOptions } from "../../../src/hardware/openigtlink/driver.ts";
import { startServer, type IgtlServer, type ServerOptions } from "../../../src/hardware/openigtlink/server.ts";

export const nowS = (): number => performance.now() / 1000;
/** Some time in 2033. */
export const START_S = 2e9;

export const localServer = (options: Partial<ServerOptions> = {}): Promise<IgtlServer> =>
  startServer({ port: 0, nowS, ...options });

export const localDevices = (port: number, options: Partial<PlusOptions> = {}) =>
  plusDevices({ port, nowS, random: () => 0.5, patienceS: 5, firstRetryS: 0.01, ...options });

/** A translation along x, which tells poses apart. */
export const shifted = (xMm: number): Float64Array => Float64Array.of(1, 0, 0, xMm, 0, 1, 0, 0, 0, 0, 1, 500);

export const status = (word: string): MetadataEntry[] => [
  entry("TransformStatus", word),
  entry("TransformValid", word === "OK" ? "true" : "false"),
];

export function transformAt(device: string, timeS: number, matrix: Readonly<Float64Array>, word = "OK"): Message {
  return message(
    { type: "TRANSFORM", matrix },
    { headerVersion: 2, device, timestamp: timestampOf(timeS), metadata: status(word) },
  );
}

export function imageAt(timeS: number, value: number, width = 4, height = 3): Message {
  const pixels = new Uint8Array(width * height).fill(value);
  return imageMessage("Image_Image", { width, height, pixels }, [0.1, 0.1], timestampOf(timeS), []);
}

/** Waits until something holds; a test that waits in vain runs into the test's time limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

export interface RawServer {
  readonly port: number;
  readonly sockets: Socket[];
  close(): Promise<void>;
}

/** A TCP server that does to its clients what the test says. */
export async function rawServer(onSocket: (socket: Socket, index: number) => void, port = 0): Promise<RawServer> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    socket.on("error", () => undefined);
    sockets.push(socket);
    onSocket(socket, sockets.length - 1);
    socket.resume(); // else the end of a connection would go unseen
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A client that only collects what comes. */
export async function rawClient(port: number) {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const framer = createFramer(),
    received: Message[] = [];
  socket.on("data", (chunk) => {
    for (const event of framer.push(chunk)) {
      const decoded = event.kind === "message" ? decodeMessage(event.message) : undefined;
      if (decoded) received.push(decoded);
    }
  });
  socket.on("error", () => undefined);
  return {
    socket,
    received,
    send: (sent: Message) => socket.write(encodeMessage(sent)),
    of: (type: string) => received.filter(({ body }) => body.type === type),
  };
}

export const shutDown = (): Message => message({ type: "STATUS", code: 19, subcode: 0n, name: "SHUT_DOWN", text: "" });
