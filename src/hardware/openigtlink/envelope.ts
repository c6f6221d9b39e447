import { FormatError } from "../../core/errors.ts";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { crc64 } from "./crc64.ts";

export const HEADER_BYTES = 58;
/** The extended header of version 2, without fields of later versions. */
const EXTENDED_HEADER_BYTES = 12;

/** Character sets of metadata and texts, by IANA number. Texts in others are read as Latin-1. */
export const ASCII = 3;
export const UTF8 = 106;

/** UTC since 1970 as on the wire: `fraction` counts 2⁻³² s. Both 0: the sender gives no time. */
export interface Timestamp {
  readonly seconds: number;
  readonly fraction: number;
}

export const NO_TIME: Timestamp = { seconds: 0, fraction: 0 };

/** A double of today's seconds since 1970 resolves 0.24 µs. */
export function timestampSeconds({ seconds, fraction }: Timestamp): number {
  return seconds + fraction / 2 ** 32;
}

/** A RangeError for what the wire cannot say: times before 1970 or after 2106. */
export function timestampOf(timeS: number): Timestamp {
  const seconds = Math.floor(timeS);
  if (!(seconds >= 0 && seconds < 2 ** 32)) throw new RangeError(`${timeS} s is no time between 1970 and 2106`);
  return { seconds, fraction: Math.min(2 ** 32 - 1, Math.round((timeS - seconds) * 2 ** 32)) };
}

export interface MetadataEntry {
  readonly key: string;
  readonly encoding: number;
  readonly value: string;
}

/** What every message carries besides its body. Metadata travels with header version 2 only. */
export interface Envelope {
  /** 1, or 2 for protocol 3. */
  readonly headerVersion: 1 | 2;
  readonly device: string;
  readonly timestamp: Timestamp;
  readonly messageId: number;
  /** In the order of the wire. */
  readonly metadata: readonly MetadataEntry[];
}

/** A message whose body is not interpreted yet; its checksum was right. */
export interface RawMessage extends Envelope {
  readonly type: string;
  readonly content: Uint8Array;
}

export interface Header {
  readonly version: number;
  readonly type: string;
  readonly device: string;
  readonly timestamp: Timestamp;
  readonly bodyBytes: bigint;
  readonly crc: bigint;
}

export function readHeader(bytes: Uint8Array): Header {
  const read = new ByteReader("OpenIGTLink header", bytes);
  return {
    version: read.u16(),
    type: read.name(12),
    device: read.name(20),
    timestamp: { seconds: read.u32(), fraction: read.u32() },
    bodyBytes: read.u64(),
    crc: read.u64(),
  };
}

/** Splits a whole body, whose checksum was compared already, into content and metadata. */
export function openBody(header: Header, body: Uint8Array): RawMessage {
  const { type, device, timestamp } = header;
  if (header.version === 1) {
    return { headerVersion: 1, type, device, timestamp, messageId: 0, metadata: [], content: body };
  }
  const what = `OpenIGTLink ${printable(type)}`;
  const read = new ByteReader(what, body);
  const extendedBytes = read.u16(),
    metaHeaderBytes = read.u16(),
    metaBytes = read.u32(),
    messageId = read.u32();
  const contentBytes = body.length - extendedBytes - metaHeaderBytes - metaBytes;
  if (extendedBytes < EXTENDED_HEADER_BYTES || contentBytes < 0) {
    throw new FormatError(what, { byteOffset: 0 }, "the sizes of the extended header do not fit the body", "");
  }
  read.bytes(extendedBytes - EXTENDED_HEADER_BYTES);
  const content = read.bytes(contentBytes);
  const metadata = readMetadata(read, metaHeaderBytes, metaBytes);
  return { headerVersion: 2, type, device, timestamp, messageId, metadata, content };
}

function readMetadata(read: ByteReader, headerBytes: number, metaBytes: number): MetadataEntry[] {
  if (headerBytes === 0 && metaBytes === 0) return [];
  const count = read.u16();
  if (headerBytes !== 2 + 8 * count) throw read.fail(`${count} metadata entries do not fit ${headerBytes} bytes`);
  const heads = Array.from({ length: count }, () => ({ key: read.u16(), encoding: read.u16(), value: read.u32() }));
  const entries = heads.map(({ key, encoding, value }) => ({
    key: textOf(read.bytes(key), ASCII),
    encoding,
    value: textOf(read.bytes(value), encoding),
  }));
  read.end();
  return entries;
}

/** The value of the last entry of that name, or undefined. */
export function metadataValue({ metadata }: Pick<Envelope, "metadata">, key: string): string | undefined {
  return metadata.findLast((entry) => entry.key === key)?.value;
}

export function entry(key: string, value: string): MetadataEntry {
  return { key, encoding: /^[\x20-\x7e]*$/.test(value) ? ASCII : UTF8, value };
}

/** Header, body and checksum. */
export function encodeRaw(message: RawMessage): Uint8Array<ArrayBuffer> {
  const { headerVersion, type, device, timestamp, content } = message;
  const [before, after] = headerVersion === 1 ? [noBytes, noBytes] : aroundContent(message);
  const out = new Uint8Array(HEADER_BYTES + before.length + content.length + after.length);
  out.set(before, HEADER_BYTES);
  out.set(content, HEADER_BYTES + before.length);
  out.set(after, HEADER_BYTES + before.length + content.length);
  const header = new ByteWriter(HEADER_BYTES)
    .u16(headerVersion)
    .name(type, 12)
    .name(device, 20)
    .u32(timestamp.seconds)
    .u32(timestamp.fraction)
    .u64(BigInt(out.length - HEADER_BYTES))
    .u64(crc64(out.subarray(HEADER_BYTES)));
  out.set(header.finish());
  return out;
}

const noBytes = new Uint8Array(0);

/** The extended header, and the metadata behind the content. */
function aroundContent({ metadata, messageId }: RawMessage): readonly [Uint8Array, Uint8Array] {
  const entries = metadata.map(({ key, encoding, value }) => ({
    key: bytesOf(key, ASCII),
    encoding,
    value: bytesOf(value, encoding),
  }));
  const metaHeaderBytes = 2 + 8 * entries.length,
    metaBytes = entries.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
  const before = new ByteWriter(EXTENDED_HEADER_BYTES)
    .u16(EXTENDED_HEADER_BYTES)
    .u16(metaHeaderBytes)
    .u32(metaBytes)
    .u32(messageId);
  const after = new ByteWriter(metaHeaderBytes + metaBytes).u16(entries.length);
  for (const { key, encoding, value } of entries) after.u16(key.length).u16(encoding).u32(value.length);
  for (const { key, value } of entries) after.bytes(key).bytes(value);
  return [before.finish(), after.finish()];
}

/** UTF-8 where the encoding says so (a broken sequence becomes U+FFFD), else Latin-1, which keeps every byte. */
export function textOf(bytes: Uint8Array, encoding: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(encoding === UTF8 ? "utf8" : "latin1");
}

export function bytesOf(text: string, encoding: number): Uint8Array {
  return Buffer.from(text, encoding === UTF8 ? "utf8" : "latin1");
}

/** A name from the wire as it may stand in a log or an error: ASCII, at most 60 characters. */
export function printable(name: string): string {
  return name.slice(0, 60).replace(/[^\x20-\x7e]/g, "?");
}
