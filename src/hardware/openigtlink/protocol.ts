import { ByteReader } from "./byte-reader.ts";
import { encodeRaw, NO_TIME, printable, type Envelope, type RawMessage } from "./envelope.ts";
import { capability, type CapabilityBody } from "./messages/capability.ts";
import type { Codec } from "./messages/codec.ts";
import { command, commandReply, type CommandBody } from "./messages/command.ts";
import { image, type ImageBody } from "./messages/image.ts";
import { point, type PointBody } from "./messages/point.ts";
import { polyData, type PolyDataBody } from "./messages/polydata.ts";
import { position, type PositionBody } from "./messages/position.ts";
import { status, type StatusBody } from "./messages/status.ts";
import { clientInfo, string, type TextBody } from "./messages/text.ts";
import {
  quaternionTracking,
  quaternionTrackingReply,
  startQuaternionTracking,
  startTracking,
  trackingData,
  trackingReply,
  type QuaternionTrackingBody,
  type StartTrackingBody,
  type TrackingDataBody,
  type TrackingReplyBody,
} from "./messages/tracking-data.ts";
import { transform, type TransformBody } from "./messages/transform.ts";

/** Messages without a body: requests for one message, and the end of a stream. */
const requestTypes = [
  "GET_TRANS",
  "GET_POSITION",
  "GET_POS",
  "GET_STATUS",
  "GET_IMAGE",
  "GET_TDATA",
  "GET_QTDATA",
  "GET_POINT",
  "GET_STRING",
  "GET_CAPABIL",
  "GET_POLYDATA",
  "GET_COMMAND",
  "STP_TDATA",
  "STP_QTDATA",
  "STP_TRANS",
  "STP_IMAGE",
  "STP_POLYDATA",
] as const;

export type RequestType = (typeof requestTypes)[number];

export interface RequestBody {
  readonly type: RequestType;
}

export type Body =
  | TransformBody
  | PositionBody
  | TrackingDataBody
  | QuaternionTrackingBody
  | StartTrackingBody<"STT_TDATA">
  | StartTrackingBody<"STT_QTDATA">
  | TrackingReplyBody<"RTS_TDATA">
  | TrackingReplyBody<"RTS_QTDATA">
  | ImageBody
  | StatusBody
  | TextBody<"STRING">
  | TextBody<"CLIENTINFO">
  | CapabilityBody
  | PointBody
  | PolyDataBody
  | CommandBody<"COMMAND">
  | CommandBody<"RTS_COMMAND">
  | RequestBody;

type Filled = Exclude<Body, RequestBody>;
type Type = Body["type"];

const codecs: { readonly [T in Filled["type"]]: Codec<Extract<Filled, { type: T }>> } = {
  TRANSFORM: transform,
  POSITION: position,
  TDATA: trackingData,
  QTDATA: quaternionTracking,
  STT_TDATA: startTracking,
  STT_QTDATA: startQuaternionTracking,
  RTS_TDATA: trackingReply,
  RTS_QTDATA: quaternionTrackingReply,
  IMAGE: image,
  STATUS: status,
  STRING: string,
  CLIENTINFO: clientInfo,
  CAPABILITY: capability,
  POINT: point,
  POLYDATA: polyData,
  COMMAND: command,
  RTS_COMMAND: commandReply,
};

/** Every type that is understood. */
export const messageTypes: readonly Type[] = [...(Object.keys(codecs) as Filled["type"][]), ...requestTypes];

export interface Message extends Envelope {
  readonly body: Body;
}

const isFilled = (type: string): type is Filled["type"] => Object.hasOwn(codecs, type);
const isRequest = (type: string): type is RequestType => (requestTypes as readonly string[]).includes(type);

/** Undefined for a type that is not known; a FormatError for a body that is not of its type. */
export function decodeMessage(raw: RawMessage): Message | undefined {
  const { type, content, ...envelope } = raw;
  const read = new ByteReader(`OpenIGTLink ${printable(type)}`, content);
  const body: Body | undefined = isFilled(type) ? codecs[type].decode(read) : isRequest(type) ? { type } : undefined;
  if (!body) return undefined;
  read.end();
  return { ...envelope, body };
}

/** A RangeError for what does not fit the fields of the wire. */
export function encodeMessage({ body, ...envelope }: Message): Uint8Array<ArrayBuffer> {
  return encodeRaw({ ...envelope, type: body.type, content: encodeBody(body) });
}

const empty = new Uint8Array(0);

function encodeBody(body: Body): Uint8Array {
  // The key of the table and the type of the body are the same, which the compiler cannot follow through the union.
  return isFilled(body.type) ? (codecs[body.type] as Codec<Body>).encode(body) : empty;
}

/** A message with the envelope that is not said left empty. */
export function message(body: Body, envelope: Partial<Envelope> = {}): Message {
  return { headerVersion: 1, device: "", timestamp: NO_TIME, messageId: 0, metadata: [], ...envelope, body };
}
