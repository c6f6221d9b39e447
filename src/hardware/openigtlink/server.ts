import { createServer, type AddressInfo, type Socket } from "node:net";
import { FormatError } from "../../core/errors.ts";
import { toQuaternion } from "../../core/rigid.ts";
import type { ToolReading } from "../../data/device.ts";
import type { Image } from "../../data/image.ts";
import type { Mesh } from "../../geometry/mesh.ts";
import { parseClientInfo, type ClientInfo } from "./client-info.ts";
import { ASCII, entry, NO_TIME, timestampOf, UTF8, type MetadataEntry, type Timestamp } from "./envelope.ts";
import { createFramer } from "./framer.ts";
import { imageMessage } from "./image-message.ts";
import { polyDataFromMesh } from "./messages/polydata.ts";
import { STATUS_NOT_PRESENT, STATUS_OK } from "./messages/status.ts";
import { decodeMessage, encodeMessage, message, messageTypes, type Body, type Message } from "./protocol.ts";
import { createSendQueue, type SendQueue } from "./send-queue.ts";
import { formatStatus } from "../../data/plus-status.ts";

/** Where PlusServer listens and 3D Slicer looks. */
export const DEFAULT_PORT = 18944;
/** The sender is going to close the connection for good. */
export const STATUS_SHUT_DOWN = 19;

export interface ServerOptions {
  /** Loopback unless told otherwise. */
  readonly host?: string;
  /** 0 picks a free one. */
  readonly port?: number;
  /** Host clock, seconds; must never run backwards. */
  readonly nowS: () => number;
  /**
   * What the clock shows by which images and poses are stamped, UTC seconds; undefined while nobody knows. With it, the
   * answer to GET_STATUS says when it was made, and who asks can read the clock (PlusServer leaves that time empty).
   */
  readonly clockUtcS?: () => number | undefined;
  /** A status is sent after so much silence. */
  readonly keepAliveS?: number;
  /** What waits for one slow reader; older images and poses are dropped beyond it. */
  readonly queueBytes?: number;
  /** A reader that takes nothing for so long is disconnected. */
  readonly sendTimeoutS?: number;
  readonly maxClients?: number;
  readonly onClient?: (client: ServerClient) => void;
  /** Everything that clients send, after it has been answered. */
  readonly onMessage?: (received: Message, client: ServerClient) => void;
  /** Answers PLUS commands. Without it they are refused. */
  readonly onCommand?: (name: string, text: string) => { readonly ok: boolean; readonly text: string };
}

export interface ServerClient {
  /** Counts up from 1. */
  readonly id: number;
  readonly headerVersion: 1 | 2;
  readonly dropped: number;
  /** What waits for it. */
  readonly queuedBytes: number;
  /** To this client only; its subscription does not matter. */
  send(sent: Message): void;
  /** Ends the connection when everything has been sent. */
  end(): void;
}

export interface ServerCounters {
  readonly clients: number;
  readonly sent: number;
  /** Messages that a slow reader did not get. */
  readonly dropped: number;
  readonly slowClientsDisconnected: number;
  readonly refused: number;
}

export interface IgtlServer {
  readonly host: string;
  readonly port: number;
  readonly clients: readonly ServerClient[];
  readonly counters: ServerCounters;
  /** To all who subscribed to it. Times are UTC seconds. */
  publishImage(device: string, image: Image, options: ImageOptions): void;
  /** Every tool as a TRANSFORM "<tool>To<parent>", and as TDATA for clients that asked for it. */
  publishPoses(tools: readonly ToolReading[], options: PoseOptions): void;
  /** The whole surface as it is now; a reader gets the newest only. `perVertex`: named numbers of the vertices. */
  publishMesh(device: string, mesh: Mesh, options: MeshOptions): void;
  publish(sent: Message): void;
  /** Resolves when the queues of all clients are at most half full: a player that waits for it loses nothing. */
  ready(): Promise<void>;
  /** Says good-bye, sends what is queued, and ends. May be called twice. */
  close(): Promise<void>;
}

export interface ImageOptions {
  readonly timeS: number;
  /** mm a pixel; 1 when it is not known, as PLUS does. */
  readonly spacingMm?: readonly [number, number];
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface PoseOptions {
  readonly timeS: number;
  /** Frame that the poses are in; "Tracker". */
  readonly parent?: string;
}

export interface MeshOptions {
  readonly timeS?: number;
  readonly perVertex?: Readonly<Record<string, Float32Array>>;
}

interface Connection extends ServerClient {
  readonly socket: Socket;
  readonly queue: SendQueue;
  info: ClientInfo;
  headerVersion: 1 | 2;
  lastSentS: number;
  tracking: "TDATA" | "QTDATA" | undefined;
  trackingResolutionS: number;
  trackingSentS: number;
  readonly commands: number[];
}

const everything: ClientInfo = {
  headerVersion: 1,
  messageTypes: [],
  transformNames: [],
  imageNames: [],
  trackingData: false,
  trackingResolutionMs: 0,
};

const fine: Body = { type: "STATUS", code: STATUS_OK, subcode: 0n, name: "OK", text: "" };

const MAX_REQUEST_BYTES = 16 * 2 ** 20;
/** Repeated commands are answered once (as PlusServer). */
const REMEMBERED_COMMANDS = 10;
/** Of each type and device the last message is kept for GET_ requests, for so many devices at most. */
const MAX_KEPT_DEVICES = 256;

const identityMatrix = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);

/** Which message a request asks for. */
const askedFor: Readonly<Record<string, Body["type"]>> = {
  GET_TRANS: "TRANSFORM",
  GET_POS: "POSITION",
  GET_POSITION: "POSITION",
  GET_IMAGE: "IMAGE",
  GET_TDATA: "TDATA",
  GET_QTDATA: "QTDATA",
  GET_POINT: "POINT",
  GET_STRING: "STRING",
  GET_POLYDATA: "POLYDATA",
};

/** Listens as PlusServer does, for 3D Slicer or any PLUS client. */
export async function startServer(options: ServerOptions): Promise<IgtlServer> {
  const { host = "127.0.0.1", port = DEFAULT_PORT, nowS } = options;
  const { keepAliveS = 0.25, queueBytes = 16 * 2 ** 20, sendTimeoutS = 5, maxClients = 16 } = options;
  const connections = new Set<Connection>();
  const kept = new Map<string, Message>();
  const counters = { sent: 0, dropped: 0, slowClientsDisconnected: 0, refused: 0 };
  let nextId = 1,
    messageId = 0,
    closing = false,
    waitingForSpace: (() => void)[] = [];

  function clockTime(): Timestamp {
    const utcS = options.clockUtcS?.();
    return utcS === undefined ? NO_TIME : timestampOf(utcS);
  }
  const hasSpace = (): boolean => [...connections].every(({ queue }) => queue.queuedBytes <= queueBytes / 2);
  function tellSpace(): void {
    if (!hasSpace()) return;
    const calls = waitingForSpace;
    waitingForSpace = [];
    for (const call of calls) call();
  }

  function deliver(to: Connection, sent: Message, mayDrop: boolean): void {
    const { body, device } = sent;
    const bytes = encodeMessage(
      to.headerVersion === 2
        ? { ...sent, headerVersion: 2, messageId: sent.messageId || ++messageId }
        : { ...sent, headerVersion: 1, messageId: 0, metadata: [] },
    );
    const before = to.queue.dropped;
    to.lastSentS = nowS();
    counters.sent++;
    to.queue.add(bytes, { mayDrop, ...(body.type === "POLYDATA" ? { supersedes: `POLYDATA ${device}` } : {}) });
    counters.dropped += to.queue.dropped - before;
  }

  function keep(sent: Message): void {
    const key = `${sent.body.type} ${sent.device}`;
    kept.delete(key); // so that the newest is last
    kept.set(key, sent);
    const oldest = kept.keys().next();
    if (kept.size > MAX_KEPT_DEVICES && !oldest.done) kept.delete(oldest.value);
  }

  function publish(sent: Message): void {
    keep(sent);
    for (const to of connections) if (wants(to, sent)) deliver(to, sent, true);
  }

  function accept(socket: Socket): void {
    if (closing || connections.size >= maxClients) {
      socket.destroy();
      return;
    }
    const onFull = (): void => {
      counters.slowClientsDisconnected++;
      socket.destroy();
    };
    const queue = createSendQueue(socket, queueBytes, nowS, { onSpace: tellSpace, onFull });
    const connection: Connection = {
      id: nextId++,
      socket,
      queue,
      info: everything,
      headerVersion: 1,
      lastSentS: nowS(),
      tracking: undefined,
      trackingResolutionS: 0,
      trackingSentS: -Infinity,
      commands: [],
      get dropped() {
        return queue.dropped;
      },
      get queuedBytes() {
        return queue.queuedBytes;
      },
      send: (sent) => deliver(connection, sent, false),
      end: () => queue.whenEmpty(() => socket.end()),
    };
    connections.add(connection);
    const framer = createFramer(MAX_REQUEST_BYTES);
    socket.setNoDelay(true);
    socket.on("data", (chunk) => {
      for (const event of framer.push(chunk)) {
        if (event.kind === "lost") {
          counters.refused++;
          socket.destroy();
          return;
        }
        if (event.kind === "dropped") {
          counters.refused++;
          continue;
        }
        if (event.message.headerVersion === 2) connection.headerVersion = 2;
        try {
          const received = decodeMessage(event.message);
          if (!received) continue;
          answer(connection, received);
          options.onMessage?.(received, connection);
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
          counters.refused++;
        }
      }
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      connections.delete(connection);
      tellSpace();
    });
    options.onClient?.(connection);
  }

  function answer(from: Connection, received: Message): void {
    const { body, device } = received;
    const reply = (answered: Body, name = device): void => from.send(message(answered, { device: name }));
    const track = (kind: "TDATA" | "QTDATA" | undefined, resolutionMs: number): void => {
      from.tracking = kind;
      from.trackingResolutionS = Math.max(0, resolutionMs) / 1000;
      from.trackingSentS = -Infinity;
    };
    switch (body.type) {
      case "GET_STATUS":
        return from.send(message(fine, { device, timestamp: clockTime() }));
      case "GET_CAPABIL":
        return reply({ type: "CAPABILITY", types: messageTypes });
      case "CLIENTINFO":
        // As PlusServer: what the client does not say again falls back, the header version too.
        from.info = parseClientInfo(body.text);
        from.headerVersion = from.info.headerVersion;
        return track(from.info.trackingData ? "TDATA" : undefined, from.info.trackingResolutionMs);
      case "STT_TDATA":
        track("TDATA", body.resolutionMs);
        return reply({ type: "RTS_TDATA", status: 0 });
      case "STT_QTDATA":
        track("QTDATA", body.resolutionMs);
        return reply({ type: "RTS_QTDATA", status: 0 });
      case "STP_TDATA":
        track(undefined, 0);
        return reply({ type: "RTS_TDATA", status: 0 });
      case "STP_QTDATA":
        track(undefined, 0);
        return reply({ type: "RTS_QTDATA", status: 0 });
      case "COMMAND": {
        const result = obey(from, body.id, body.name, body.text);
        if (!result) return;
        const text = `<Command><Result>${result.ok}</Result><Message>${escapeXml(result.text)}</Message></Command>`;
        return reply({ type: "RTS_COMMAND", id: body.id, name: body.name, encoding: UTF8, text });
      }
      case "STRING": {
        const id = /^CMD_(\d{1,9})$/.exec(device)?.[1];
        if (id === undefined) return;
        const name = /\bName="([^"]{0,128})"/.exec(body.text)?.[1] ?? "";
        const result = obey(from, Number(id), name, body.text);
        if (!result) return;
        const status = result.ok ? "SUCCESS" : "FAIL";
        const text = `<CommandReply Status="${status}" Message="${escapeXml(result.text)}"/>`;
        return reply({ type: "STRING", encoding: ASCII, text }, `ACK_${id}`);
      }
      default: {
        const type = Object.hasOwn(askedFor, body.type) ? askedFor[body.type] : undefined;
        if (!type) return;
        const newest = [...kept.values()].findLast((each) => each.body.type === type);
        const found = kept.get(`${type} ${device}`) ?? newest;
        if (found) return from.send(found);
        const text = `there is no ${type} yet`;
        return reply({ type: "STATUS", code: STATUS_NOT_PRESENT, subcode: 0n, name: "NOT_PRESENT", text });
      }
    }
  }

  function obey(from: Connection, id: number, name: string, text: string): { ok: boolean; text: string } | undefined {
    if (from.commands.includes(id)) return undefined;
    from.commands.push(id);
    if (from.commands.length > REMEMBERED_COMMANDS) from.commands.shift();
    return options.onCommand?.(name, text) ?? { ok: false, text: "this server takes no commands" };
  }

  function publishPoses(tools: readonly ToolReading[], { timeS, parent = "Tracker" }: PoseOptions): void {
    const timestamp = timestampOf(timeS);
    for (const tool of tools) publishTransform(tool, parent, timestamp);
    for (const to of connections) {
      if (!to.tracking || timeS - to.trackingSentS < to.trackingResolutionS * (1 - 1e-6)) continue;
      to.trackingSentS = timeS;
      deliver(to, trackingMessage(tools, to, timestamp), true);
    }
  }

  function publishTransform(tool: ToolReading, parent: string, timestamp: Timestamp): void {
    const name = `${tool.tool}To${parent}`;
    const tracked = tool.status === "tracked";
    const sent = message(
      { type: "TRANSFORM", matrix: tracked ? tool.trackerFromTool : identityMatrix },
      {
        device: name.slice(0, 20),
        timestamp,
        metadata: [
          ...(name.length > 20 ? [entry("IGTL_DEVICE_NAME", name)] : []),
          entry("TransformStatus", formatStatus(tool.status)),
          entry("TransformValid", tracked ? "true" : "false"),
        ],
      },
    );
    keep(sent);
    for (const to of connections) {
      // Without metadata an identity would pass for a pose: such a client gets nothing, as from PlusServer by default.
      if ((tracked || to.headerVersion === 2) && wants(to, sent)) deliver(to, sent, true);
    }
  }

  const server = createServer({ noDelay: true }, accept);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const ticker = setInterval(() => {
    const now = nowS();
    for (const to of connections) {
      if (to.queue.blockedSinceS !== undefined && now - to.queue.blockedSinceS > sendTimeoutS) {
        counters.slowClientsDisconnected++;
        to.socket.destroy();
      } else if (now - to.lastSentS >= keepAliveS && to.queue.queuedBytes === 0) {
        to.send(message(fine));
      }
    }
  }, keepAliveS * 500);

  return {
    host,
    port: (server.address() as AddressInfo).port,
    get clients() {
      return [...connections];
    },
    get counters() {
      return { ...counters, clients: connections.size };
    },
    publish,
    publishPoses,
    publishImage(device, image, { timeS, spacingMm = [1, 1], metadata = {} }) {
      const fields = Object.entries(metadata).map(([key, value]) => entry(key, value));
      publish(imageMessage(device, image, spacingMm, timestampOf(timeS), fields));
    },
    publishMesh(device, mesh, { timeS, perVertex = {} }) {
      const timestamp = timeS === undefined ? NO_TIME : timestampOf(timeS);
      publish(message(polyDataFromMesh(mesh, perVertex), { device, timestamp }));
    },
    async ready() {
      while (!closing && !hasSpace()) await new Promise<void>((resolve) => waitingForSpace.push(resolve));
    },
    async close() {
      if (closing) return;
      closing = true;
      clearInterval(ticker);
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const to of connections) {
        to.send(message({ type: "STATUS", code: STATUS_SHUT_DOWN, subcode: 0n, name: "SHUT_DOWN", text: "" }));
        to.end();
      }
      const impatience = setTimeout(() => {
        for (const { socket } of connections) socket.destroy();
      }, GOODBYE_MS);
      await ended;
      clearTimeout(impatience);
      tellSpace();
    },
  };
}

/** Time for what is queued to leave when the server closes. */
const GOODBYE_MS = 1000;

function wants({ info }: Connection, { body, device, metadata }: Message): boolean {
  const { messageTypes: types, transformNames, imageNames } = info;
  if (types.length > 0 && !types.includes(body.type)) return false;
  if (body.type === "TRANSFORM" && transformNames.length > 0) {
    return transformNames.includes(metadata.find(({ key }) => key === "IGTL_DEVICE_NAME")?.value ?? device);
  }
  if (body.type === "IMAGE" && imageNames.length > 0) {
    return imageNames.some(({ name, frame }) => device === `${name}_${frame}` || device === name);
  }
  return true;
}

function trackingMessage(tools: readonly ToolReading[], to: Connection, timestamp: Timestamp): Message {
  // A client without metadata is told of tracked tools only.
  const told = tools.filter(({ status }) => status === "tracked" || to.headerVersion === 2);
  const elements = told.map((tool) => ({
    name: tool.tool.slice(0, 20),
    kind: 2,
    matrix: tool.status === "tracked" ? tool.trackerFromTool : identityMatrix,
  }));
  const metadata: MetadataEntry[] = told.flatMap(({ tool, status }, i) => [
    entry(`${tool}Status`, formatStatus(status)),
    entry(`${tool}Index`, String(i)),
  ]);
  const device = `TDATA_${elements.length}Elem`;
  if (to.tracking === "TDATA") return message({ type: "TDATA", elements }, { device, timestamp, metadata });
  const turned = elements.map(({ name, kind, matrix }) => ({
    name,
    kind,
    position: [matrix[3]!, matrix[7]!, matrix[11]!] as const,
    quaternion: toQuaternion(matrix),
  }));
  return message({ type: "QTDATA", elements: turned }, { device: `Q${device}`, timestamp, metadata });
}

const escapeXml = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
