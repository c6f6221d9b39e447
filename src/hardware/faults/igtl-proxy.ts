import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { Rng } from "../../core/rng.ts";
import { crc64 } from "../openigtlink/crc64.ts";
import { entry, HEADER_BYTES, openBody, readHeader, timestampOf, timestampSeconds } from "../openigtlink/envelope.ts";
import { grayImage, imageMessage } from "../openigtlink/image-message.ts";
import { imageSpacing } from "../openigtlink/messages/image.ts";
import { decodeMessage, encodeMessage, type Message } from "../openigtlink/protocol.ts";
import { deviceName, splitTransformName } from "../openigtlink/tool-status.ts";
import { resize, zoom } from "./faulty-device.ts";
import { planFaults, spoil, type Fate, type Fault, type Line } from "./script.ts";

export interface IgtlFaultProxy {
  readonly port: number;
  readonly counters: Readonly<IgtlProxyCounters>;
  close(): Promise<void>;
}

export interface IgtlProxyCounters {
  connections: number;
  images: number;
  poseFrames: number;
  damaged: number;
  foreign: number;
}

export interface IgtlProxyOptions {
  /** Of the server, on this computer. */
  readonly serverPort: number;
  readonly script: readonly Fault[];
  readonly rng: Rng;
  /** Host clock, seconds: outages last for its time. */
  readonly nowS: () => number;
  /** How much faster than recorded the server plays. */
  readonly speed?: number;
}

/** Sits between an OpenIGTLink server and a driver, and does to images and poses what the script says. */
export async function startIgtlProxy(options: IgtlProxyOptions): Promise<IgtlFaultProxy> {
  const { serverPort, nowS, speed = 1 } = options;
  const counters: IgtlProxyCounters = { connections: 0, images: 0, poseFrames: 0, damaged: 0, foreign: 0 };
  const lines = { images: startLine(options, "images"), poses: startLine(options, "poses") };
  const damageDice = options.rng.fork("damage");
  const open = new Set<Socket>();
  let downUntilS = -Infinity;

  const server = createServer({ noDelay: true }, (client) => {
    keep(client);
    if (nowS() < downUntilS) return void client.destroy();
    counters.connections++;
    const upstream = connect({ host: "127.0.0.1", port: serverPort, noDelay: true });
    keep(upstream);
    const link = createLink(client, upstream);
    client.on("data", (bytes) => upstream.write(bytes));
    const cutter = createCutter();
    upstream.on("data", (bytes) => {
      for (const message of cutter(bytes)) {
        if (link.dead) return;
        treat(message, link);
      }
    });
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.end());
  });

  function keep(socket: Socket): void {
    open.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => open.delete(socket));
  }

  function treat(bytes: Uint8Array, link: Link): void {
    const decoded = decodeMessage(openBody(readHeader(bytes), bytes.subarray(HEADER_BYTES)));
    const type = decoded?.body.type;
    const line = type === "IMAGE" ? lines.images : type === "TRANSFORM" ? lines.poses : undefined;
    if (decoded && type === "STATUS") return link.write(encodeMessage(lines.images.shift(decoded)), false);
    if (!decoded || !line) return link.write(bytes, false);
    const { fate, isNew } = line.next(decoded);
    if (isNew) counters[type === "IMAGE" ? "images" : "poseFrames"]++;
    if (isNew) for (const late of line.due()) link.write(late, false);
    if (fate.outage && line.begins(fate.outage)) return beginOutage(fate.outage, bytes, link);
    if (fate.paused || fate.lost || fate.outage) return;
    const changed = line.change(decoded, fate);
    if (!changed) return;
    const out = encodeMessage(changed);
    if (fate.late) return line.hold(out);
    if (fate.foreign && isNew) {
      counters.foreign++;
      link.write(stranger, fate.chopped);
    }
    if (fate.damaged) {
      counters.damaged++;
      return link.write(damageMessage(out, damageDice.fork(`${type} ${line.count}`)), fate.chopped);
    }
    link.write(out, fate.chopped);
    if (fate.repeated) link.write(out, fate.chopped);
  }

  function beginOutage(outage: NonNullable<Fate["outage"]>, bytes: Uint8Array, link: Link): void {
    downUntilS = nowS() + outage.forS / speed;
    link.dead = true;
    if (outage.how === "silent") return link.silence();
    if (outage.how === "lying-size") {
      const header = Uint8Array.from(bytes.subarray(0, HEADER_BYTES)); // a slice of a Buffer would be a view
      new DataView(header.buffer).setBigUint64(BODY_BYTES_AT, 2n ** 62n);
      link.write(header, false);
      return link.silence();
    }
    link.cut(bytes.subarray(0, Math.ceil(bytes.length / 2)));
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    counters,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Where a header says how long the body is, and its checksum. */
const BODY_BYTES_AT = 42,
  CHECKSUM_AT = 50;
/** A piece of a chopped message. */
const PIECE_BYTES = 37;
/** A late message comes after so many others. */
const LATE_BY = 10;

interface Link {
  /** Nothing of this connection goes on any more. */
  dead: boolean;
  write(bytes: Uint8Array, chopped: boolean): void;
  cut(last: Uint8Array): void;
  silence(): void;
}

/** What goes to the client, which may be slow: then the server waits. */
function createLink(client: Socket, upstream: Socket): Link {
  client.on("drain", () => upstream.resume());
  return {
    dead: false,
    write(bytes, chopped) {
      let goesOn = true;
      const step = chopped ? PIECE_BYTES : bytes.length || 1;
      for (let at = 0; at < bytes.length; at += step) goesOn = client.write(bytes.subarray(at, at + step));
      if (!goesOn) upstream.pause();
    },
    cut(last) {
      client.end(last);
      upstream.destroy();
    },
    silence() {
      upstream.removeAllListeners("close");
      upstream.destroy();
    },
  };
}

/** Whole messages out of a stream of a server that is to be trusted. */
function createCutter(): (bytes: Uint8Array) => Uint8Array[] {
  let kept = new Uint8Array(0);
  return (bytes) => {
    const all = kept.length === 0 ? bytes : Buffer.concat([kept, bytes]),
      out: Uint8Array[] = [];
    let at = 0;
    while (all.length - at >= HEADER_BYTES) {
      const { bodyBytes } = readHeader(all.subarray(at, at + HEADER_BYTES));
      const end = at + HEADER_BYTES + Number(bodyBytes);
      if (end > all.length) break;
      out.push(all.subarray(at, end));
      at = end;
    }
    kept = Uint8Array.from(all.subarray(at));
    return out;
  };
}

/** Images, or the transforms of one instant, counted as samples; and what the script changes of them. */
function startLine({ script, rng }: IgtlProxyOptions, line: Line) {
  const plan = planFaults(script, line, rng);
  const frozen = new Map<string, Readonly<Float64Array>>();
  let count = 0,
    firstS: number | undefined,
    time = "",
    fate = plan(0, 0),
    outage: Fate["outage"],
    lastImage: Message["body"] | undefined,
    held: { readonly bytes: Uint8Array; readonly dueAt: number }[] = [];

  return {
    get count() {
      return count;
    },
    hold(bytes: Uint8Array): void {
      held.push({ bytes, dueAt: count + LATE_BY });
    },
    due(): Uint8Array[] {
      const out = held.filter(({ dueAt }) => dueAt <= count).map(({ bytes }) => bytes);
      held = held.filter(({ dueAt }) => dueAt > count);
      return out;
    },
    begins(next: NonNullable<Fate["outage"]>): boolean {
      if (next === outage) return false;
      outage = next;
      return true;
    },
    next({ timestamp }: Message): { readonly fate: Fate; readonly isNew: boolean } {
      const now = `${timestamp.seconds} ${timestamp.fraction}`;
      if (now === time) return { fate, isNew: false };
      time = now;
      firstS ??= timestampSeconds(timestamp);
      fate = plan(count++, timestampSeconds(timestamp) - firstS);
      return { fate, isNew: true };
    },
    /** By what the clock is off just now; a message without a time stays so. */
    shift(sent: Message, { offsetS, steppedS }: Fate = fate): Message {
      const timeS = timestampSeconds(sent.timestamp),
        shiftS = offsetS + steppedS;
      return shiftS === 0 || timeS === 0 ? sent : { ...sent, timestamp: timestampOf(timeS + shiftS) };
    },
    change(sent: Message, now: Fate): Message | undefined {
      const timed = this.shift(sent, now);
      if (sent.body.type === "TRANSFORM") return changeTransform(timed, now, frozen);
      if (sent.body.type !== "IMAGE") return timed;
      const body = (lastImage = now.repeatedImage && lastImage ? lastImage : sent.body);
      if (body.type !== "IMAGE") return timed;
      const { size, depthFactor: factor } = now;
      if (!size && factor === 1) return { ...timed, body };
      const [sx, sy] = imageSpacing(body),
        zoomed = zoom(grayImage(body), factor);
      const shown = size ? resize(zoomed, size.widthPx, size.heightPx) : zoomed;
      return { ...timed, body: imageMessage(sent.device, shown, [factor * sx, factor * sy], timed.timestamp, []).body };
    },
  };
}

/** Undefined when the tool is not to be named. */
function changeTransform(
  sent: Message,
  { tools: faults }: Fate,
  frozen: Map<string, Readonly<Float64Array>>,
): Message | undefined {
  const names = splitTransformName(deviceName(sent));
  if (!names || sent.body.type !== "TRANSFORM") return sent;
  const { parent } = names;
  let { tool } = names,
    { matrix } = sent.body,
    { metadata } = sent;
  const isFrozen = faults.some((fault) => fault.kind === "frozen" && fault.tool === tool);
  if (!isFrozen) frozen.delete(tool);
  else {
    matrix = frozen.get(tool) ?? matrix;
    frozen.set(tool, matrix);
  }
  for (const fault of faults) {
    if (fault.kind === "swapped") {
      const [a, b] = fault.tools;
      tool = tool === a ? b : tool === b ? a : tool;
      continue;
    }
    if (fault.tool !== tool) continue;
    if (fault.kind === "missing") return undefined;
    if (fault.kind === "invalid") matrix = spoil(matrix, fault.as);
    if (fault.kind === "jumped") matrix = matrix.with(3, matrix[3]! + fault.byMm);
    if (fault.kind === "occluded")
      metadata = [entry("TransformStatus", "OUT_OF_VIEW"), entry("TransformValid", "false")];
  }
  const name = `${tool}To${parent}`;
  const named = name.length > 20 ? [entry("IGTL_DEVICE_NAME", name)] : [];
  return {
    ...sent,
    device: name.slice(0, 20),
    metadata: [...named, ...metadata.filter(({ key }) => key !== "IGTL_DEVICE_NAME")],
    body: { type: "TRANSFORM", matrix },
  };
}

/** Of no type that anybody knows, and its names fill their fields with what is no ASCII. */
const stranger: Uint8Array = (() => {
  const bytes = new Uint8Array(HEADER_BYTES + 40).fill(0xe9, 14, 34).fill(0x7f, HEADER_BYTES);
  bytes.set(new TextEncoder().encode("XX_UNKNOWN12"), 2);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 1);
  view.setBigUint64(BODY_BYTES_AT, 40n);
  view.setBigUint64(CHECKSUM_AT, crc64(bytes.subarray(HEADER_BYTES)));
  return bytes;
})();

/** A flipped bit, or a body whose checksum is right and whose sizes are not. */
function damageMessage(bytes: Uint8Array, rng: Rng): Uint8Array {
  const out = Uint8Array.from(bytes),
    view = new DataView(out.buffer),
    body = out.subarray(HEADER_BYTES);
  const kind = rng.integer(5);
  if (kind === 0) body[rng.integer(body.length)]! ^= 1 << rng.integer(8);
  if (kind === 1) out[CHECKSUM_AT + rng.integer(8)]! ^= 1 << rng.integer(8);
  if (kind <= 1) return out;
  const isNew = view.getUint16(0) === 2;
  if (kind === 2 && isNew)
    view.setUint16(HEADER_BYTES, 0xffff); // extended header longer than the body
  else if (kind === 3 && isNew) view.setUint32(HEADER_BYTES + 4, 0xffffffff); // metadata, too
  const shorter = kind === 4 || !isNew ? out.subarray(0, out.length - 1) : out;
  const whole = Uint8Array.from(shorter),
    head = new DataView(whole.buffer);
  head.setBigUint64(BODY_BYTES_AT, BigInt(whole.length - HEADER_BYTES));
  head.setBigUint64(CHECKSUM_AT, crc64(whole.subarray(HEADER_BYTES)));
  return whole;
}
