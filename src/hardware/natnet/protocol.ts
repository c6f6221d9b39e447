import { FormatError } from "../../core/errors.ts";
import { ByteReader, NAME_BYTES } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { decodeFrame } from "./decode-frame.ts";
import { encodeFrame } from "./encode-frame.ts";
import type { Frame } from "./frame.ts";
import { decodeModels, encodeModels, type ModelList } from "./model.ts";
import { since, type NatNetVersion } from "./version.ts";

/** NatNetTypes.h of the SDK 3.1; 100 is decimal (a capture of Motive 2.1 shows it). */
export const messageIds = {
  connect: 0,
  serverInfo: 1,
  request: 2,
  response: 3,
  requestModels: 4,
  models: 5,
  requestFrame: 6,
  frame: 7,
  message: 8,
  disconnect: 9,
  keepAlive: 10,
  disconnectByTimeout: 11,
  echoRequest: 12,
  echoResponse: 13,
  discovery: 14,
  unrecognizedRequest: 100,
} as const;

export type FourBytes = readonly [number, number, number, number];

export interface Sender {
  readonly name: string;
  readonly appVersion: FourBytes;
  readonly natNetVersion: FourBytes;
}

export interface ServerInfo extends Sender {
  /** Null before 3.0, which leaves the ports and the group to the configuration. */
  readonly connection: {
    /** Ticks of the server's clock in a second. */
    readonly clockHz: bigint;
    readonly dataPort: number;
    readonly multicast: boolean;
    readonly group: FourBytes;
  } | null;
}

export type Packet =
  | {
      readonly kind: "connect" | "discovery";
      /** Null from clients that send no more than a word. */
      readonly sender: Sender | null;
      /** The version in which a client of 4.0 or newer wants its frames; null when it does not say. */
      readonly bitstream: NatNetVersion | null;
    }
  | { readonly kind: "serverInfo"; readonly info: ServerInfo }
  | { readonly kind: "request" | "message"; readonly text: string }
  /** `responseText`, `responseFloat` or `responseInteger` by what was asked: the packet itself does not say. */
  | { readonly kind: "response"; readonly bytes: Uint8Array }
  | { readonly kind: "models"; readonly models: ModelList }
  | { readonly kind: "frame"; readonly frame: Frame }
  | { readonly kind: "echoRequest"; readonly clientStamp: bigint }
  | { readonly kind: "echoResponse"; readonly clientStamp: bigint; readonly serverTicks: bigint }
  | {
      readonly kind:
        "requestModels" | "requestFrame" | "disconnect" | "keepAlive" | "disconnectByTimeout" | "unrecognizedRequest";
    };

const kinds: ReadonlyMap<number, keyof typeof messageIds> = new Map(
  Object.entries(messageIds).map(([kind, id]) => [id, kind as keyof typeof messageIds]),
);

/** Longest string of a REQUEST or MESSAGESTRING that is read. */
const TEXT_BYTES = 4096;
/** A datagram this near to 64 KiB may hold more than its 16-bit size can say. */
const SIZE_IS_ADVISORY = 65_000;
/** What a client of 3.0 sends: name and two versions. Clients exist that send less. */
const SENDER_BYTES = NAME_BYTES + 8;

/** The kind of message, without reading it. Null for an id that is not known or a datagram without a head. */
export function packetKind(datagram: Uint8Array): Packet["kind"] | null {
  if (datagram.length < 4) return null;
  return kinds.get(datagram[0]! | (datagram[1]! << 8)) ?? null;
}

/** One datagram; `version` is that of the bitstream. Throws only FormatError, whatever the bytes. */
export function decodePacket(datagram: Uint8Array, version: NatNetVersion): Packet {
  const head = new ByteReader("NatNet packet", datagram);
  const id = head.u16(),
    announced = head.u16(),
    kind = kinds.get(id);
  if (kind === undefined) throw head.refuse(`message id ${id} is not known`, 0);
  // The connect packet of the SDK 4 sample announces one byte more than it has.
  const short = announced > head.remaining && kind !== "connect" && kind !== "discovery";
  if (short && datagram.length < SIZE_IS_ADVISORY)
    throw head.refuse(`${announced} bytes are announced, but ${head.remaining} are there`, 2);
  const size = datagram.length < SIZE_IS_ADVISORY ? Math.min(announced, head.remaining) : head.remaining;
  const payload = datagram.subarray(4, 4 + size);
  const reader = new ByteReader(`NatNet ${kind}`, payload);
  switch (kind) {
    case "connect":
    case "discovery":
      return { kind, ...readConnect(reader) };
    case "serverInfo":
      return { kind, info: readServerInfo(reader) };
    case "request":
    case "message":
      return { kind, text: reader.text(TEXT_BYTES) };
    case "response":
      return { kind, bytes: payload.slice() };
    case "models":
      return { kind, models: decodeModels(payload, version) };
    case "frame":
      return { kind, frame: decodeFrame(payload, version) };
    case "echoRequest":
      return { kind, clientStamp: reader.u64() };
    case "echoResponse":
      return { kind, clientStamp: reader.u64(), serverTicks: reader.u64() };
    default:
      return { kind };
  }
}

/** After the sender, clients of 4.0 add: u8 subscribed data only, u8[4] version of the bitstream, u8 0. */
function readConnect(r: ByteReader): { sender: Sender | null; bitstream: NatNetVersion | null } {
  if (r.remaining < SENDER_BYTES) return { sender: null, bitstream: null };
  const sender = readSender(r);
  if (r.remaining < 5) return { sender, bitstream: null };
  r.u8();
  const [major, minor] = readFour(r);
  return { sender, bitstream: major > 0 ? { major, minor } : null };
}

function readSender(r: ByteReader): Sender {
  return { name: r.fixedText(NAME_BYTES), appVersion: readFour(r), natNetVersion: readFour(r) };
}

const readFour = (r: ByteReader): FourBytes => [r.u8(), r.u8(), r.u8(), r.u8()];

function readServerInfo(r: ByteReader): ServerInfo {
  const sender = readSender(r);
  const [major, minor] = sender.natNetVersion;
  if (!since({ major, minor }, 3, 0)) return { ...sender, connection: null };
  const begin = r.offset;
  const clockHz = r.u64(),
    dataPort = r.u16(),
    multicast = r.u8() !== 0,
    group = readFour(r);
  if (clockHz === 0n) throw r.refuse("the server's clock has no ticks", begin);
  return { ...sender, connection: { clockHz, dataPort, multicast, group } };
}

/** `version` matters to frames and model definitions only. */
export function encodePacket(packet: Packet, version: NatNetVersion): Uint8Array {
  const payload = encodePayload(packet, version);
  const w = new ByteWriter();
  w.u16(messageIds[packet.kind]);
  w.u16(Math.min(payload.length, 0xffff));
  w.raw(payload);
  return w.finish();
}

function encodePayload(packet: Packet, version: NatNetVersion): Uint8Array {
  const w = new ByteWriter();
  switch (packet.kind) {
    case "connect":
    case "discovery":
      if (packet.sender) writeSender(w, packet.sender);
      if (packet.sender && packet.bitstream)
        w.raw(Uint8Array.of(0, packet.bitstream.major, packet.bitstream.minor, 0, 0, 0));
      break;
    case "serverInfo":
      writeServerInfo(w, packet.info);
      break;
    case "request":
    case "message":
      w.text(packet.text);
      break;
    case "response":
      return packet.bytes;
    case "models":
      return encodeModels(packet.models.definitions, version);
    case "frame":
      return encodeFrame(packet.frame, version);
    case "echoRequest":
      w.u64(packet.clientStamp);
      break;
    case "echoResponse":
      w.u64(packet.clientStamp);
      w.u64(packet.serverTicks);
      break;
    default:
      break;
  }
  return w.finish();
}

function writeSender(w: ByteWriter, { name, appVersion, natNetVersion }: Sender): void {
  w.fixedText(name, NAME_BYTES);
  w.raw(Uint8Array.from([...appVersion, ...natNetVersion]));
}

function writeServerInfo(w: ByteWriter, info: ServerInfo): void {
  writeSender(w, info);
  const [major, minor] = info.natNetVersion;
  if (!since({ major, minor }, 3, 0) || !info.connection) return;
  const { clockHz, dataPort, multicast, group } = info.connection;
  w.u64(clockHz);
  w.u16(dataPort);
  w.u8(multicast ? 1 : 0);
  w.raw(Uint8Array.from(group));
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Null unless the answer has the 4 bytes of a number. */
export const responseFloat = (bytes: Uint8Array): number | null =>
  bytes.length === 4 ? viewOf(bytes).getFloat32(0, true) : null;

/** Null unless the answer has the 4 bytes of a number. */
export const responseInteger = (bytes: Uint8Array): number | null =>
  bytes.length === 4 ? viewOf(bytes).getInt32(0, true) : null;

/** Null for an answer that is no NUL-closed text. */
export function responseText(bytes: Uint8Array): string | null {
  try {
    return new ByteReader("NatNet response", bytes).text(TEXT_BYTES);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

export function floatResponse(value: number): Uint8Array {
  const w = new ByteWriter();
  w.f32(value);
  return w.finish();
}

export function integerResponse(value: number): Uint8Array {
  const w = new ByteWriter();
  w.i32(value);
  return w.finish();
}

export function textResponse(value: string): Uint8Array {
  const w = new ByteWriter();
  w.text(value);
  return w.finish();
}
