import type { RemoteInfo, Socket } from "node:dgram";
import { FormatError } from "../../core/errors.ts";
import type { Sample, TrackerFrame } from "../../data/device.ts";
import { composeFrame, modelsOf, UNIT_MM } from "./compose-frame.ts";
import type { Frame, RigidBody } from "./frame.ts";
import { realPaceClock } from "../replay/pace.ts";
import type { HostClock } from "./host-clock.ts";
import type { ModelList } from "./model.ts";
import { PlayedClock } from "./played-clock.ts";
import {
  decodePacket,
  encodePacket,
  floatResponse,
  integerResponse,
  textResponse,
  type FourBytes,
  type Packet,
  type ServerInfo,
} from "./protocol.ts";
import { bindUdp, closeUdp, sendUdp } from "./udp.ts";
import { newestKnown, oldestKnown, since, versionText, type NatNetVersion } from "./version.ts";

/** What is played: the poses of some tools over time, from the beginning at every call. */
export interface PlayedSession {
  readonly tools: readonly string[];
  readonly rateHz: number;
  frames(): AsyncIterable<Sample<TrackerFrame>> | Iterable<Sample<TrackerFrame>>;
}

/** Recorded arrival time `recordS` is played at `hostS` of the server's clock. */
export interface PlayOrigin {
  readonly hostS: number;
  readonly recordS: number;
}

export interface ServerOptions {
  readonly session: PlayedSession;
  readonly clock: HostClock;
  readonly transport?: "multicast" | "unicast";
  /** IPv4 address to listen on; loopback unless told otherwise. */
  readonly address?: string;
  /** 0 takes a free port; see `NatNetServer.commandPort`. */
  readonly commandPort?: number;
  /** Of multicast frames. 0 takes a free one. */
  readonly dataPort?: number;
  readonly group?: FourBytes;
  readonly version?: NatNetVersion;
  readonly clockHz?: bigint;
  /** False plays a USB camera (V120:Duo), which does not say when its exposure was. */
  readonly midExposure?: boolean;
  /** 1 plays as fast as it was recorded; finite. */
  readonly speed?: number;
  /** From mid-exposure to transmission; Motive 2.1 at 120 Hz: 5.4 ms. */
  readonly latencyS?: number;
  /** A unicast client that was silent for so long is dropped. */
  readonly clientTimeoutS?: number;
  /**
   * Called when the first client is ready; playing waits for it. Servers that share it play in step: see `playTogether`.
   * Null: the first sample is sent at once.
   */
  readonly origin?: (() => Promise<PlayOrigin>) | null;
  /** Begins anew after the end; else clients are told goodbye and no more frames are sent. */
  readonly repeat?: boolean;
}

interface Client {
  readonly port: number;
  readonly address: string;
  heardS: number;
  bitstream: NatNetVersion;
}

export type PlayEnd =
  | { readonly status: "finished" | "closed" }
  /** The session that was to be played could not be read on. */
  | { readonly status: "failed"; readonly error: unknown };

const CLIENT_CHECK_MS = 250;
/** A client that asks for no definitions is given frames after this; one that asks is ready for them then. */
const START_MS = 500;

/**
 * Plays a session as Motive would, but from its beginning: once the first client has shaken hands, so that it misses
 * nothing. Playing stops when the last client has left, and ends with the session: then all are told goodbye.
 */
export class NatNetServer {
  readonly ended: Promise<PlayEnd>;
  private readonly options: Required<ServerOptions>;
  private readonly clients = new Map<string, Client>();
  private readonly command: Socket;
  private readonly data: Socket | undefined;
  private readonly dataPort: number;
  private readonly checker: NodeJS.Timeout;
  private models: ModelList;
  private modelFlag = false;
  private playing: AbortController | undefined;
  private played = false;
  private starter: NodeJS.Timeout | undefined;
  private deviceClock: PlayedClock;
  private dueS = 0;
  private playStartS = 0;
  private recordStartS = 0;
  private end: (how: PlayEnd) => void = () => undefined;
  private closed = false;

  private constructor(options: Required<ServerOptions>, sockets: Sockets) {
    this.options = options;
    this.command = sockets.command;
    this.data = sockets.data;
    this.dataPort = sockets.dataPort;
    this.models = modelsOf(options.session.tools);
    this.deviceClock = new PlayedClock(options.latencyS);
    this.ended = new Promise((resolve) => (this.end = resolve));
    this.checker = setInterval(() => this.dropSilent(), CLIENT_CHECK_MS);
    sockets.onCommand((bytes, from) => this.receive(bytes, from));
  }

  static async start(options: ServerOptions): Promise<NatNetServer> {
    const all: Required<ServerOptions> = {
      transport: "multicast",
      address: "127.0.0.1",
      commandPort: 1510,
      dataPort: 1511,
      group: [239, 255, 42, 99],
      version: newestKnown,
      clockHz: 10_000_000n,
      midExposure: true,
      speed: 1,
      latencyS: 0.0054,
      clientTimeoutS: 10,
      origin: null,
      repeat: false,
      ...options,
    };
    return new NatNetServer(all, await openSockets(all));
  }

  get commandPort(): number {
    return this.command.address().port;
  }

  get clientCount(): number {
    return this.clients.size;
  }

  /** Changes the definitions and says so in the next frame, as Motive does. */
  redefine(models: ModelList): void {
    this.models = models;
    this.modelFlag = true;
  }

  /** May be called twice. Tells the clients goodbye. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.checker);
    clearTimeout(this.starter);
    this.playing?.abort();
    await this.dismiss();
    closeUdp(this.command);
    closeUdp(this.data);
    this.end({ status: "closed" });
  }

  // Requests

  private receive(bytes: Uint8Array, from: RemoteInfo): void {
    let packet: Packet;
    try {
      packet = decodePacket(bytes, this.options.version);
    } catch (error) {
      if (error instanceof FormatError) return; // Not ours to answer: anyone can send to this port.
      throw error;
    }
    const client = this.clients.get(keyOf(from));
    if (client) client.heardS = this.options.clock.nowS();
    this.answer(packet, from, client);
  }

  private answer(packet: Packet, from: RemoteInfo, client: Client | undefined): void {
    const reply = (answer: Packet): void => this.reply(answer, from);
    switch (packet.kind) {
      case "connect":
        reply({ kind: "serverInfo", info: this.info() });
        return this.welcome(from, client);
      case "discovery":
        return reply({ kind: "serverInfo", info: this.info() });
      case "requestModels":
        reply({ kind: "models", models: this.models });
        if (client) this.startPlaying();
        return;
      case "echoRequest":
        return reply({
          kind: "echoResponse",
          clientStamp: packet.clientStamp,
          serverTicks: this.ticks(this.deviceNowS()),
        });
      case "request":
        return reply(this.respond(packet.text, client));
      case "disconnect":
        return this.forget(from);
      default:
        return;
    }
  }

  private respond(text: string, client: Client | undefined): Packet {
    const { session, version, transport } = this.options;
    const wanted = /^Bitstream,(\d+)\.(\d+)$/.exec(text);
    if (wanted && client && transport === "unicast" && since(version, 4, 0)) {
      const asked = { major: Number(wanted[1]), minor: Number(wanted[2]) };
      const possible =
        since(asked, oldestKnown.major, oldestKnown.minor) && !since(asked, version.major, version.minor + 1);
      if (possible) client.bitstream = asked;
      return { kind: "response", bytes: textResponse(`Bitstream,${versionText(client.bitstream)}`) };
    }
    if (text === "FrameRate") return { kind: "response", bytes: floatResponse(session.rateHz) };
    if (text === "UnitsToMillimeters") return { kind: "response", bytes: floatResponse(UNIT_MM) };
    if (text === "UpAxis") return { kind: "response", bytes: integerResponse(1) };
    return { kind: "unrecognizedRequest" };
  }

  private info(): ServerInfo {
    const { version, clockHz, transport, group } = this.options;
    return {
      name: "SonoBench",
      appVersion: [1, 0, 0, 0],
      natNetVersion: [version.major, version.minor, 0, 0],
      connection: since(version, 3, 0)
        ? { clockHz, dataPort: this.dataPort, multicast: transport === "multicast", group }
        : null,
    };
  }

  // Clients

  private welcome(from: RemoteInfo, known: Client | undefined): void {
    if (known) return;
    const { clock, version } = this.options;
    const client = { address: from.address, port: from.port, heardS: clock.nowS(), bitstream: version };
    this.clients.set(keyOf(from), client);
    this.starter ??= setTimeout(() => {
      this.starter = undefined;
      if (this.clients.size > 0) this.startPlaying();
    }, START_MS);
  }

  private forget(from: { readonly address: string; readonly port: number }): void {
    if (this.clients.delete(keyOf(from)) && this.clients.size === 0) this.playing?.abort();
  }

  private dropSilent(): void {
    const { clock, clientTimeoutS } = this.options;
    for (const client of this.clients.values()) {
      if (clock.nowS() - client.heardS < clientTimeoutS) continue;
      this.reply({ kind: "disconnectByTimeout" }, client);
      this.forget(client);
    }
  }

  private async dismiss(): Promise<void> {
    const bytes = encodePacket({ kind: "disconnect" }, this.options.version);
    const clients = [...this.clients.values()];
    this.clients.clear();
    await Promise.all(clients.map(({ port, address }) => sendUdp(this.command, bytes, port, address)));
  }

  private reply(packet: Packet, { port, address }: { readonly port: number; readonly address: string }): void {
    if (!this.closed) void sendUdp(this.command, encodePacket(packet, this.options.version), port, address);
  }

  // Playing

  private startPlaying(): void {
    if (this.playing || this.played || this.closed) return;
    this.play().catch(async (error: unknown) => {
      this.end({ status: "failed", error });
      await this.close();
    });
  }

  private async play(): Promise<void> {
    const { session, repeat } = this.options;
    let playing = new AbortController();
    this.playing = playing;
    do {
      this.deviceClock = new PlayedClock(this.options.latencyS);
      const origin = (await this.options.origin?.()) ?? undefined;
      // While the other servers were awaited, one client may have left and another have come.
      if (this.clients.size > 0) this.playing = playing = new AbortController();
      const lastPoses = new Map<string, RigidBody>();
      for await (const sample of session.frames()) {
        await this.untilDue(sample, origin, playing.signal);
        if (playing.signal.aborted) break;
        await this.sendFrame(this.compose(sample, lastPoses));
      }
    } while (repeat && !playing.signal.aborted);
    this.playing = undefined;
    if (playing.signal.aborted) {
      // A client may have come while the last frame was on its way.
      if (this.clients.size > 0) this.startPlaying();
      return;
    }
    this.played = true;
    await this.dismiss();
    this.end({ status: "finished" });
  }

  /** Samples are sent when they once arrived, that is some milliseconds after they were taken. */
  private async untilDue(
    sample: Sample<TrackerFrame>,
    origin: PlayOrigin | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, speed } = this.options,
      { receivedAt } = sample;
    if (!this.deviceClock.isKnown) {
      this.playStartS = origin?.hostS ?? clock.nowS();
      this.recordStartS = origin?.recordS ?? receivedAt;
    }
    this.deviceClock.add(sample);
    this.dueS = this.playStartS + (receivedAt - this.recordStartS) / speed;
    const waitS = this.dueS - clock.nowS();
    if (waitS > 0) await realPaceClock.sleepUntil(realPaceClock.nowS() + waitS, signal);
    // Many at once would overflow the reader's socket, which Motive never does.
    else await new Promise((resolve) => setImmediate(resolve));
  }

  /** What the clock of the recorded device would show now. */
  private deviceNowS(): number {
    const nowS = this.options.clock.nowS();
    return this.deviceClock.at(this.recordStartS + (nowS - this.playStartS) * this.options.speed) ?? nowS;
  }

  private compose(sample: Sample<TrackerFrame>, lastPoses: Map<string, RigidBody>): Frame {
    const { session, midExposure, clock, speed } = this.options;
    // At another speed the server's clock is that of the recording, in which nothing was late.
    const lateS = speed === 1 ? Math.max(0, clock.nowS() - this.dueS) : 0;
    const transmitS = Math.max((this.deviceClock.at(sample.receivedAt) ?? 0) + lateS, sample.acquiredAt);
    // Of Motive's 5.4 ms from exposure to transmission 4.6 are the cameras'.
    const receivedS = sample.acquiredAt + 0.85 * (transmitS - sample.acquiredAt);
    const ticks = {
      midExposure: midExposure ? this.ticks(sample.acquiredAt) : 0n,
      dataReceived: midExposure ? this.ticks(receivedS) : 0n,
      transmit: this.ticks(transmitS),
    };
    const frame = composeFrame(sample.sequence, sample.value, session.tools, lastPoses, sample.acquiredAt, ticks);
    if (!this.modelFlag) return frame;
    this.modelFlag = false;
    return { ...frame, params: 2 };
  }

  private ticks(timeS: number): bigint {
    const { clockHz } = this.options;
    const whole = Math.floor(timeS);
    const ticks = BigInt(whole) * clockHz + BigInt(Math.round((timeS - whole) * Number(clockHz)));
    return ticks > 0n ? ticks : 0n;
  }

  private async sendFrame(frame: Frame): Promise<void> {
    const { version, group } = this.options;
    if (this.closed) return;
    if (this.data) {
      const bytes = encodePacket({ kind: "frame", frame }, version);
      await sendUdp(this.data, bytes, this.dataPort, group.join("."));
      return;
    }
    for (const { bitstream, port, address } of this.clients.values())
      await sendUdp(this.command, encodePacket({ kind: "frame", frame }, bitstream), port, address);
  }
}

const keyOf = ({ address, port }: { readonly address: string; readonly port: number }): string => `${address}:${port}`;

interface Sockets {
  readonly command: Socket;
  /** Sends multicast frames. */
  readonly data: Socket | undefined;
  readonly dataPort: number;
  onCommand(listener: (bytes: Uint8Array, from: RemoteInfo) => void): void;
}

async function openSockets(options: Required<ServerOptions>): Promise<Sockets> {
  const { address, commandPort, dataPort, transport } = options;
  let listener: (bytes: Uint8Array, from: RemoteInfo) => void = () => undefined;
  const command = await bindUdp(commandPort, address, false, (bytes, from) => listener(bytes, from));
  const onCommand = (next: typeof listener): void => {
    listener = next;
  };
  if (transport === "unicast")
    return { command, data: undefined, dataPort: dataPort || command.address().port, onCommand };
  const data = await bindUdp(0, address, true, () => undefined);
  data.setMulticastInterface(address);
  data.setMulticastLoopback(true);
  data.setMulticastTTL(1);
  // The number of a port that is ours on this address is free for the group, too.
  return { command, data, dataPort: dataPort || data.address().port, onCommand };
}
