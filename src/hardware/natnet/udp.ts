import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { UnsuitableInputError } from "../../core/errors.ts";

/** Asked of the kernel, so that a busy event loop loses no frames; it may grant less. */
const RECEIVE_BUFFER_BYTES = 1 << 20;

export type OnDatagram = (bytes: Uint8Array, from: RemoteInfo, socket: Socket) => void;

/** Port 0 takes a free one. Rejects when the port or the address cannot be had. */
export async function bindUdp(port: number, address: string, share: boolean, onDatagram: OnDatagram): Promise<Socket> {
  const socket = createSocket({ type: "udp4", reuseAddr: share });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(port, address, () => {
        socket.off("error", reject);
        resolve();
      });
    });
  } catch (error) {
    socket.close();
    throw error;
  }
  // What a socket reports later (a port unreachable, an interface gone) shows as silence, and silence is handled.
  socket.on("error", () => undefined);
  socket.on("message", (bytes, from) => onDatagram(bytes, from, socket));
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  } catch {
    // The system's own size serves; only a long pause of this process would lose frames.
  }
  return socket;
}

/** No message arrives any more once this returns. */
export function closeUdp(socket: Socket | undefined): void {
  socket?.removeAllListeners("message");
  socket?.close();
}

/** Resolves when the datagram has left; a datagram that cannot be sent is as good as lost on the way. */
export async function sendUdp(socket: Socket, bytes: Uint8Array, port: number, address: string): Promise<void> {
  await new Promise<void>((resolve) => socket.send(bytes, port, address, () => resolve()));
}

export async function resolveIpv4(host: string): Promise<string> {
  try {
    return (await lookup(host, { family: 4 })).address;
  } catch {
    throw new UnsuitableInputError(`the host ${host} has no IPv4 address`, "Give the address of the PC with Motive");
  }
}
