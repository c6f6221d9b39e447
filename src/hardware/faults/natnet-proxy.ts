import { createSocket, type Socket } from "node:dgram";
import type { Rng } from "../../core/rng.ts";
import { TRACKING_VALID, type Frame, type RigidBody } from "../natnet/frame.ts";
import type { ModelList } from "../natnet/model.ts";
import { decodePacket, encodePacket, packetKind } from "../natnet/protocol.ts";
import { UdpProxy } from "../natnet/udp-proxy.ts";
import { newestKnown } from "../natnet/version.ts";
import { planFaults, type Fate, type Fault, type NoPose } from "./script.ts";

export interface NatNetFaultProxy {
  /** Where the driver connects to. */
  readonly port: number;
  readonly counters: Readonly<ProxyCounters>;
  close(): void;
}

export interface ProxyCounters {
  /** Frames that came from the server. */
  frames: number;
  /** Of these, numbers of the frames that were passed on whole, in order and in time. */
  passed: number;
  damaged: number;
  foreign: number;
}

export interface NatNetProxyOptions {
  /** Of the server, unicast, on this computer. */
  readonly serverPort: number;
  readonly script: readonly Fault[];
  readonly rng: Rng;
  /** Tools in the order of their ids, from 1. */
  readonly tools: readonly string[];
  /** Host clock, seconds: outages last for its time. */
  readonly nowS: () => number;
  /** How much faster than recorded the server plays. */
  readonly speed?: number;
}

/** A late frame comes after so many others: more than a driver waits for. */
const LATE_BY = 10;

/** Sits between a NatNet server and a driver, and does to the poses what the script says. */
export async function startNatNetProxy(options: NatNetProxyOptions): Promise<NatNetFaultProxy> {
  const { script, rng, tools, serverPort, nowS, speed = 1 } = options;
  const plan = planFaults(script, "poses", rng),
    damageDice = rng.fork("damage");
  const counters: ProxyCounters = { frames: 0, passed: 0, damaged: 0, foreign: 0 };
  const proxy = await UdpProxy.start(() => serverPort);
  const stranger = createSocket("udp4").on("error", () => undefined);
  await new Promise<void>((resolve) => stranger.bind(0, "127.0.0.1", resolve));

  const frozen = new Map<string, RigidBody>();
  let delayed: { readonly bytes: Uint8Array; readonly late: boolean; due: number }[] = [];
  let firstS: number | undefined,
    index = 0,
    pausedFrames = 0,
    redefined = 0,
    shiftS = 0,
    down = false,
    downUntilS = -Infinity,
    outage: Fate["outage"];

  // Frames say when the outage is over; should the server send none, the clock does.
  const isDown = (): boolean => down && nowS() < downUntilS;
  proxy.fromClient = (bytes) => (isDown() ? [] : [bytes]);
  proxy.fromServer = (bytes) => {
    const kind = packetKind(bytes);
    if (kind === "frame") return treatFrame(bytes);
    if (isDown()) return [];
    if (kind === "echoResponse") return [shiftEcho(bytes, shiftS)];
    if (kind === "models" && redefined % 2 === 1) return [redefine(bytes)];
    // What still waits goes before the server's goodbye.
    return kind === "disconnect" ? [...releaseAll(), bytes] : [bytes];
  };

  function treatFrame(bytes: Uint8Array): readonly Uint8Array[] {
    const packet = decodePacket(bytes, newestKnown);
    if (packet.kind !== "frame") return [bytes];
    const { frame } = packet;
    firstS ??= frame.timestampS ?? 0;
    const fate = plan(index++, (frame.timestampS ?? 0) - firstS);
    counters.frames++;
    if (!fate.outage) down = false;
    if (fate.paused) {
      pausedFrames++;
      return [];
    }
    if (fate.outage && fate.outage !== outage) return beginOutage(fate.outage);
    if (fate.outage || fate.lost) return [];
    const changed = encode(changeFrame(frame, fate), fate);
    if (fate.foreign) disturb(frame);
    if (fate.damaged) {
      counters.damaged++;
      return [damageFrame(changed, damageDice.fork(String(index)))];
    }
    if (fate.late || (fate.reordered && delayed.length === 0)) {
      delayed.push({ bytes: changed, late: fate.late, due: fate.late ? LATE_BY : 1 });
      return [];
    }
    counters.passed++;
    return [changed, ...(fate.repeated ? [changed] : []), ...release()];
  }

  function changeFrame(frame: Frame, fate: Fate): Frame {
    const rises = fate.redefinitions > redefined;
    redefined = fate.redefinitions;
    const rigidBodies = applyToolFaults(frame.rigidBodies, tools, fate, frozen);
    shiftS = fate.offsetS + fate.steppedS;
    const ticks = frame.ticks && {
      midExposure: fate.noExposureTime ? 0n : frame.ticks.midExposure + ticksOf(shiftS),
      dataReceived: fate.noExposureTime ? 0n : frame.ticks.dataReceived + ticksOf(shiftS),
      transmit: frame.ticks.transmit + ticksOf(shiftS),
    };
    return {
      ...frame,
      frameNumber: frame.frameNumber - pausedFrames,
      rigidBodies:
        redefined % 2 === 1 ? rigidBodies.map((body) => ({ ...body, id: tools.length + 1 - body.id })) : rigidBodies,
      timestampS: frame.timestampS === null ? null : frame.timestampS + shiftS,
      ticks,
      params: (frame.params ?? 0) | (rises ? MODEL_CHANGED : 0),
    };
  }

  function beginOutage(begun: NonNullable<Fate["outage"]>): readonly Uint8Array[] {
    outage = begun;
    if (begun.how === "goodbye") return [encodePacket({ kind: "disconnectByTimeout" }, newestKnown)];
    down = true;
    downUntilS = nowS() + LONGEST_OUTAGE * (begun.forS / speed);
    return [];
  }

  /** Another server's frames, from another port, and a goodbye that is not ours. */
  function disturb(frame: Frame): void {
    counters.foreign++;
    const other = encodePacket({ kind: "frame", frame: { ...frame, frameNumber: frame.frameNumber + 7 } }, newestKnown);
    const goodbye = encodePacket({ kind: "disconnect" }, newestKnown);
    for (const port of proxy.clientPorts())
      for (const bytes of [other, goodbye]) stranger.send(bytes, port, "127.0.0.1");
  }

  function release(): Uint8Array[] {
    for (const each of delayed) each.due--;
    const out = delayed.filter(({ due }) => due <= 0).map(({ bytes }) => bytes);
    delayed = delayed.filter(({ due }) => due > 0);
    return out;
  }
  function releaseAll(): Uint8Array[] {
    // What would have been late never comes.
    const out = delayed.filter(({ late }) => !late).map(({ bytes }) => bytes);
    delayed = [];
    return out;
  }

  return {
    port: proxy.port,
    counters,
    close() {
      proxy.close();
      closeQuietly(stranger);
    },
  };
}

/** Of the announced length. */
const LONGEST_OUTAGE = 2;
const MODEL_CHANGED = 2;
/** Of our own server's clock. */
const CLOCK_HZ = 10_000_000;
const ticksOf = (timeS: number): bigint => BigInt(Math.round(timeS * CLOCK_HZ));

const olderVersion = { major: 4, minor: 0 };
const encode = (frame: Frame, { otherVersion }: Fate): Uint8Array =>
  encodePacket({ kind: "frame", frame }, otherVersion ? olderVersion : newestKnown);

/** Who asks the clock is told the same as the frames. */
function shiftEcho(bytes: Uint8Array, byS: number): Uint8Array {
  const packet = decodePacket(bytes, newestKnown);
  if (packet.kind !== "echoResponse") return bytes;
  return encodePacket({ ...packet, serverTicks: packet.serverTicks + ticksOf(byS) }, newestKnown);
}

/** The same bodies with their numbers in reverse. */
function redefine(bytes: Uint8Array): Uint8Array {
  const packet = decodePacket(bytes, newestKnown);
  if (packet.kind !== "models") return bytes;
  const { definitions } = packet.models;
  const models: ModelList = {
    ...packet.models,
    definitions: definitions.map((d) => (d.kind === "rigid-body" ? { ...d, id: definitions.length + 1 - d.id } : d)),
  };
  return encodePacket({ kind: "models", models }, newestKnown);
}

function applyToolFaults(
  bodies: readonly RigidBody[],
  tools: readonly string[],
  { tools: faults }: Fate,
  frozen: Map<string, RigidBody>,
): readonly RigidBody[] {
  const names = new Set(faults.flatMap((fault) => (fault.kind === "frozen" ? [fault.tool] : [])));
  for (const name of frozen.keys()) if (!names.has(name)) frozen.delete(name);
  const idOf = (tool: string): number => tools.indexOf(tool) + 1;
  const held = bodies.map((body) => {
    const tool = tools[body.id - 1];
    if (tool === undefined || !names.has(tool)) return body;
    const kept = frozen.get(tool) ?? body;
    frozen.set(tool, kept);
    return kept;
  });
  return faults.reduce<readonly RigidBody[]>((all, fault) => {
    const only = (tool: string, change: (body: RigidBody) => RigidBody): readonly RigidBody[] =>
      all.map((body) => (body.id === idOf(tool) ? change(body) : body));
    switch (fault.kind) {
      case "occluded":
        return only(fault.tool, (body) => ({ ...body, params: (body.params ?? 0) & ~TRACKING_VALID }));
      case "missing":
        return all.filter(({ id }) => id !== idOf(fault.tool));
      case "invalid":
        return only(fault.tool, (body) => ({ ...body, quaternion: noQuaternion(body.quaternion, fault.as) }));
      case "swapped": {
        const [a, b] = fault.tools.map(idOf);
        return all.map((body) => ({ ...body, id: body.id === a ? b! : body.id === b ? a! : body.id }));
      }
      case "jumped":
        return only(fault.tool, (body) => {
          const [x, y, z] = body.position;
          return { ...body, position: [x + fault.byMm / 1000, y, z] };
        });
      case "frozen":
        return all;
    }
  }, held);
}

function noQuaternion(q: RigidBody["quaternion"], as: NoPose): RigidBody["quaternion"] {
  const factor = { nan: NaN, scaled: 1.01, mirrored: 0, zero: 0 }[as];
  return [q[0] * factor, q[1] * factor, q[2] * factor, q[3] * factor];
}

/** Cut, counts that lie, a size that lies, an end that is none: what a checksum does not find must be found by shape. */
function damageFrame(bytes: Uint8Array, rng: Rng): Uint8Array {
  const out = bytes.slice(),
    view = new DataView(out.buffer);
  switch (rng.integer(5)) {
    case 0:
      return out.subarray(0, rng.integer(out.length));
    case 1:
      view.setInt32(8, -1, true);
      return out;
    case 2:
      view.setInt32(8, 2 ** 31 - 1, true);
      return out;
    case 3:
      view.setInt32(12, 1 + rng.integer(1000), true);
      return out;
    default:
      view.setInt32(out.length - 4, 1, true);
      return out;
  }
}

function closeQuietly(socket: Socket): void {
  socket.removeAllListeners("message");
  socket.close();
}
