import type { RemoteInfo, Socket } from "node:dgram";
import { UnsuitableInputError } from "../../core/errors.ts";
import { ClockSync, type ClockState, type Echo } from "./clock-sync.ts";
import { FrameIntake, type IntakeCounters } from "./frame-intake.ts";
import type { Frame } from "./frame.ts";
import type { HostClock } from "./host-clock.ts";
import type { ModelList } from "./model.ts";
import { decodePacket, encodePacket, packetKind, type Packet, type ServerInfo } from "./protocol.ts";
import { Replies } from "./replies.ts";
import { ATTEMPT_MS, negotiate, possibleVersions, type Session } from "./session.ts";
import { ticksToSeconds } from "./time-base.ts";
import { bindUdp, closeUdp, resolveIpv4, sendUdp } from "./udp.ts";
import { newestKnown } from "./version.ts";

export interface ClientOptions {
  /** Host name or IPv4 address of the PC that runs Motive. */
  readonly server: string;
  readonly commandPort: number;
  /** IPv4 address of the network interface towards the server. */
  readonly localAddress: string;
  /** These three for servers before 3.0, which do not say it themselves. */
  readonly dataPort: number;
  readonly multicast: boolean;
  readonly group: string;
  readonly clock: HostClock;
  /** How long `start` tries before it gives up. */
  readonly connectTimeoutS: number;
  /** Without frames for so long the stream counts as stalled. */
  readonly stalledAfterS: number;
  /** Without any datagram for so long the server counts as lost, and is sought again. */
  readonly lostAfterS: number;
}

export interface ClientCounters extends IntakeCounters {
  datagrams: number;
  /** Datagrams of other senders than the server. */
  foreign: number;
  modelRequests: number;
  modelChanges: number;
  echoes: number;
  reconnects: number;
}

export type ClientState = "idle" | "connecting" | "streaming" | "stalled" | "lost" | "closed";

export interface ClientEvents {
  /** A handshake ended; frames until the next one belong to it. */
  session(session: Session): void;
  /** Definitions for the frames that follow; null: those known are out of date and no new ones arrive. */
  models(models: ModelList | null): void;
  frame(frame: Frame, receivedS: number): void;
  /** The server's clock was read. */
  echo(echo: Echo): void;
  state(state: ClientState): void;
  /** The server said goodbye. "stay" takes the frames that are still on their way. */
  disconnected(reason: "disconnect" | "timeout"): "reconnect" | "stay";
}

const MODEL_ATTEMPTS = 8;
const FIRST_BACKOFF_MS = 250,
  LONGEST_BACKOFF_MS = 4000;
const HOUSEKEEPING_MS = 100;
const KEEP_ALIVE_S = 1,
  ECHO_S = 0.1,
  MODEL_REFRESH_S = 5,
  MODEL_REPEAT_S = 1,
  TAKE_OVER_S = 0.25;

/** Sockets, handshake, keep-alive and reconnection with one NatNet server. Frames arrive whole, not yet in order. */
export class NatNetClient {
  private readonly own = { datagrams: 0, foreign: 0, modelRequests: 0, modelChanges: 0, echoes: 0, reconnects: 0 };
  private readonly options: ClientOptions;
  private readonly events: ClientEvents;
  private readonly sync = new ClockSync();
  private readonly replies = new Replies();
  private readonly intake: FrameIntake;
  private command: Socket | undefined;
  private data: { readonly socket: Socket; readonly key: string } | undefined;
  private serverAddress = "";
  /** Sender of the frames: of two servers on one machine, the one that was heard first. */
  private framesFrom: string | undefined;
  private successor: { readonly sender: string; readonly sinceS: number } | undefined;
  private state: ClientState = "idle";
  private session: Session | undefined;
  private modelsBytes: Uint8Array | undefined;
  private housekeeper: NodeJS.Timeout | undefined;
  private connecting = false;
  /** Counts what frames were held for, so that only the last reason lets them go. */
  private holds = 0;
  private readonly echoesOut = new Map<bigint, number>();
  private echoStamp = 0n;
  private readonly lastS = { heard: 0, frame: 0, echo: -Infinity, keepAlive: -Infinity, models: -Infinity, nudge: 0 };

  constructor(options: ClientOptions, events: ClientEvents) {
    this.options = options;
    this.events = events;
    this.intake = new FrameIntake({
      frame: (frame, receivedS) => {
        if (this.state === "stalled") this.setState("streaming");
        events.frame(frame, receivedS);
      },
      modelChanged: () => void this.awaitModels(),
      bitstreamChanged: () => this.reconnect(),
      nonsense: () => this.reconnect(),
    });
  }

  get counters(): ClientCounters {
    return { ...this.own, ...this.intake.counters };
  }

  /** Frames wait for definitions or for a handshake. */
  get isHolding(): boolean {
    return this.intake.isHolding && !this.closed;
  }

  get clockState(): ClockState | undefined {
    return this.sync.state;
  }

  /** Host time of a time of the server's clock, by its echoes; undefined before the first. */
  toHost(serverS: number): number | undefined {
    return this.sync.toHost(serverS);
  }

  /** Resolves after the first handshake, or when stopped. Rejects with UnsuitableInputError when nobody answers. */
  async start(): Promise<void> {
    const { server, commandPort, connectTimeoutS, localAddress, clock } = this.options;
    this.serverAddress = await resolveIpv4(server);
    const command = await bindUdp(0, localAddress, false, (bytes, from) => this.receive(bytes, from, true));
    if (this.closed) return closeUdp(command);
    this.command = command;
    this.setState("connecting");
    const untilS = clock.nowS() + connectTimeoutS;
    try {
      if (await this.handshake(() => clock.nowS() < untilS)) {
        this.housekeeper = setInterval(() => this.housekeeping(), HOUSEKEEPING_MS);
        return;
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
    if (this.closed) return;
    await this.stop();
    throw new UnsuitableInputError(
      `no NatNet server answers at ${server}:${commandPort}`,
      "See that Motive runs there with Broadcast Frame Data on, that it streams to this network interface " +
        `(${localAddress}), and that no firewall drops UDP`,
    );
  }

  /** May be called twice, and while `start` runs. */
  async stop(): Promise<void> {
    if (this.closed) return;
    const { command, data } = this;
    this.setState("closed");
    this.command = undefined;
    this.data = undefined;
    clearInterval(this.housekeeper);
    this.replies.close();
    this.intake.clear();
    closeUdp(data?.socket);
    if (!command) return;
    const bytes = encodePacket({ kind: "disconnect" }, newestKnown);
    await sendUdp(command, bytes, this.options.commandPort, this.serverAddress);
    closeUdp(command);
  }

  /** Asks for the definitions again, at most once a second; frames go on meanwhile. */
  refreshModels(): void {
    if (this.options.clock.nowS() - this.lastS.models >= MODEL_REPEAT_S) this.requestModels();
  }

  private get closed(): boolean {
    return this.state === "closed";
  }

  private setState(state: ClientState): void {
    if (state === this.state || this.closed) return;
    this.state = state;
    this.events.state(state);
  }

  private send(packet: Packet): void {
    if (this.command)
      void sendUdp(this.command, encodePacket(packet, newestKnown), this.options.commandPort, this.serverAddress);
  }

  // Handshake

  /** Until the server answers or `goOn` says no; false then, and when stopped. */
  private async handshake(goOn: () => boolean): Promise<boolean> {
    this.connecting = true;
    try {
      for (let backoffMs = FIRST_BACKOFF_MS; !this.closed && goOn(); backoffMs = nextBackoff(backoffMs)) {
        const answer = this.replies.next(backoffMs, (packet) =>
          packet.kind === "serverInfo" ? packet.info : undefined,
        );
        this.sendConnect();
        const info = await answer;
        if (!info) continue;
        await this.begin(info);
        return !this.closed;
      }
      return false;
    } finally {
      this.connecting = false;
      this.lastS.heard = this.options.clock.nowS();
    }
  }

  private sendConnect(): void {
    const natNetVersion = [newestKnown.major, newestKnown.minor, 0, 0] as const;
    const sender = { name: "SonoBench", appVersion: [1, 0, 0, 0] as const, natNetVersion };
    this.send({ kind: "connect", sender, bitstream: newestKnown });
  }

  private async begin(info: ServerInfo): Promise<void> {
    this.holds++;
    this.intake.hold();
    this.framesFrom = undefined;
    const { dataPort, multicast, group } = streamOf(info, this.options);
    await this.openData(dataPort, multicast, group);
    const session = await negotiate(info, !multicast, this.replies, (packet) => this.send(packet));
    if (this.closed) return;
    this.session = session;
    this.modelsBytes = undefined;
    this.intake.agree(possibleVersions(session));
    this.lastS.frame = this.options.clock.nowS();
    this.events.session(session);
    this.setState("streaming");
    await this.awaitModels();
  }

  /** Multicast frames come to a socket of their own; unicast frames to either, as servers differ. */
  private async openData(port: number, multicast: boolean, group: string): Promise<void> {
    const { localAddress } = this.options,
      key = `${port} ${multicast} ${group}`;
    if (this.data?.key === key) return;
    closeUdp(this.data?.socket);
    this.data = undefined;
    // Bound to its group a socket gets nothing else; Windows cannot do that.
    const address = multicast && process.platform !== "win32" ? group : localAddress;
    let socket: Socket | undefined;
    try {
      socket = await bindUdp(port, address, multicast, (bytes, from) => this.receive(bytes, from, false));
      if (multicast) socket.addMembership(group, localAddress === "0.0.0.0" ? undefined : localAddress);
    } catch (error) {
      closeUdp(socket);
      if (!multicast) return; // Another program has the port; frames come to the command socket.
      throw new UnsuitableInputError(
        `the multicast group ${group}:${port} cannot be joined on ${localAddress} (${String(error)})`,
        "Name the address of the network interface towards Motive, or let Motive stream by unicast",
      );
    }
    if (this.closed) closeUdp(socket);
    else this.data = { socket, key };
  }

  // Model definitions

  private requestModels(): void {
    this.lastS.models = this.options.clock.nowS();
    this.own.modelRequests++;
    this.send({ kind: "requestModels" });
  }

  /** Holds frames until definitions arrive; lets them go without when none do. */
  private async awaitModels(): Promise<void> {
    const hold = ++this.holds;
    this.intake.hold();
    let arrived: true | undefined;
    for (let attempt = 0; attempt < MODEL_ATTEMPTS && !arrived && !this.closed; attempt++) {
      const answer = this.replies.next(ATTEMPT_MS, (packet) => (packet.kind === "models" ? true : undefined));
      this.requestModels();
      arrived = await answer;
    }
    if (this.closed || hold !== this.holds) return;
    if (!arrived) {
      this.modelsBytes = undefined;
      this.events.models(null);
    }
    this.intake.release();
  }

  private takeModels(models: ModelList, bytes: Uint8Array): void {
    if (this.modelsBytes && Buffer.compare(this.modelsBytes, bytes) === 0) return;
    if (this.modelsBytes) this.own.modelChanges++;
    this.modelsBytes = bytes.slice();
    this.events.models(models);
  }

  // Incoming

  private receive(bytes: Uint8Array, from: RemoteInfo, toCommand: boolean): void {
    const receivedS = this.options.clock.nowS();
    this.own.datagrams++;
    if (packetKind(bytes) === "frame") {
      const sender = `${from.address}:${from.port}`;
      if (from.address !== this.serverAddress || !this.believes(sender, receivedS)) {
        this.own.foreign++;
        return;
      }
      this.lastS.heard = this.lastS.frame = receivedS;
      this.intake.push(bytes, receivedS);
      return;
    }
    // Nothing but frames is sent to the data port.
    if (!toCommand || from.address !== this.serverAddress || from.port !== this.options.commandPort) {
      this.own.foreign++;
      return;
    }
    this.lastS.heard = receivedS;
    try {
      this.handle(decodePacket(bytes, this.session?.bitstream ?? newestKnown), bytes, receivedS);
    } catch (error) {
      this.intake.refuse(error);
    }
  }

  /**
   * Frames are believed from where the first one came. Another port of the server takes over when it has been sending
   * alone for a while: after a pause of this process, too, what waits in the socket may begin with a stranger's.
   */
  private believes(sender: string, receivedS: number): boolean {
    if (sender === (this.framesFrom ??= sender)) {
      this.successor = undefined;
      return true;
    }
    if (receivedS - this.lastS.frame < this.options.stalledAfterS) return false;
    if (this.successor?.sender !== sender) this.successor = { sender, sinceS: receivedS };
    if (receivedS - this.successor.sinceS < TAKE_OVER_S) return false;
    this.framesFrom = sender;
    return true;
  }

  private handle(packet: Packet, bytes: Uint8Array, receivedS: number): void {
    if (packet.kind === "models" && this.session) this.takeModels(packet.models, bytes);
    else if (packet.kind === "echoResponse") this.takeEcho(packet.clientStamp, packet.serverTicks, receivedS);
    else if (packet.kind === "serverInfo" && !this.connecting && !sameServer(packet.info, this.session?.info))
      this.reconnect();
    else if (packet.kind === "disconnect" || packet.kind === "disconnectByTimeout") {
      const reason = packet.kind === "disconnect" ? "disconnect" : "timeout";
      if (this.events.disconnected(reason) === "reconnect") this.reconnect();
    }
    this.replies.deliver(packet);
  }

  private takeEcho(stamp: bigint, serverTicks: bigint, receivedS: number): void {
    const sentS = this.echoesOut.get(stamp),
      clockHz = this.session?.info.connection?.clockHz;
    this.echoesOut.delete(stamp);
    if (sentS === undefined || clockHz === undefined) return;
    this.own.echoes++;
    const echo = { sentS, receivedS, serverS: ticksToSeconds(serverTicks, clockHz) };
    this.sync.add(echo);
    this.events.echo(echo);
  }

  // Keeping it up

  private housekeeping(): void {
    if (this.connecting) return;
    const { clock, stalledAfterS, lostAfterS } = this.options,
      { lastS } = this,
      nowS = clock.nowS();
    if (nowS - lastS.keepAlive >= KEEP_ALIVE_S) {
      lastS.keepAlive = nowS;
      this.send({ kind: "keepAlive" });
    }
    if (this.session?.info.connection && nowS - lastS.echo >= ECHO_S) {
      lastS.echo = nowS;
      this.sendEcho(nowS);
    }
    if (!this.intake.isHolding && nowS - lastS.models >= (this.modelsBytes ? MODEL_REFRESH_S : MODEL_REPEAT_S))
      this.requestModels();
    if (nowS - lastS.frame >= stalledAfterS && this.state === "streaming") {
      this.setState("stalled");
    }
    // A server that answers but sends no frames is paused, or has forgotten us.
    if (nowS - lastS.frame >= lostAfterS && nowS - lastS.nudge >= lostAfterS) {
      lastS.nudge = nowS;
      this.sendConnect();
    }
    if (nowS - lastS.heard >= lostAfterS) this.reconnect();
  }

  private sendEcho(nowS: number): void {
    const clientStamp = ++this.echoStamp;
    this.echoesOut.set(clientStamp, nowS);
    const [oldest] = this.echoesOut.keys();
    if (this.echoesOut.size > 16 && oldest !== undefined) this.echoesOut.delete(oldest);
    this.send({ kind: "echoRequest", clientStamp });
  }

  /** On the same command socket, with growing pauses, until it succeeds or the client is stopped. */
  private reconnect(): void {
    if (this.connecting || this.closed) return;
    this.setState("lost");
    this.own.reconnects++;
    this.holds++;
    this.intake.hold();
    // A data socket that cannot be opened just now leaves silence, and silence makes us try again.
    void this.handshake(() => true).catch(() => undefined);
  }
}

const nextBackoff = (ms: number): number => Math.min(LONGEST_BACKOFF_MS, 2 * ms);

/** How frames come: as the server says since 3.0, before that as configured. */
function streamOf(
  { connection }: ServerInfo,
  options: ClientOptions,
): Pick<ClientOptions, "dataPort" | "multicast" | "group"> {
  return connection ? { ...connection, group: connection.group.join(".") } : options;
}

const identity = (info: ServerInfo | undefined): string =>
  JSON.stringify(info, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));

const sameServer = (a: ServerInfo, b: ServerInfo | undefined): boolean => identity(a) === identity(b);
