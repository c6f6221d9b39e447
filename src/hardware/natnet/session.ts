import { responseFloat, responseInteger, responseText, type Packet, type ServerInfo } from "./protocol.ts";
import type { Replies } from "./replies.ts";
import { newestKnown, sameVersion, since, versionText, type NatNetVersion } from "./version.ts";

/** What one handshake found out. */
export interface Session {
  readonly info: ServerInfo;
  /** Of the frames, as acknowledged. */
  readonly bitstream: NatNetVersion;
  readonly rateHz: number;
  readonly unitMm: number;
  /** Null when the server does not say. */
  readonly upAxis: "x" | "y" | "z" | null;
  /** What the server did not answer, and what was assumed instead. */
  readonly assumed: readonly string[];
}

export const ATTEMPT_MS = 250;
const ATTEMPTS = 4;

export const nativeVersion = ({ natNetVersion: [major, minor] }: ServerInfo): NatNetVersion => ({ major, minor });

const NEGOTIABLE: readonly NatNetVersion[] = [newestKnown, { major: 4, minor: 0 }, { major: 3, minor: 1 }];

/** The versions in which frames of a session may come, the agreed one first. */
export function possibleVersions({ info, bitstream }: Pick<Session, "info" | "bitstream">): NatNetVersion[] {
  const native = nativeVersion(info);
  const all = [bitstream, native, ...(since(native, 4, 0) ? NEGOTIABLE : [])];
  return all.filter((version, i) => all.findIndex((other) => sameVersion(version, other)) === i);
}

/** Asks the server, one question at a time, for what frames need to be understood. */
export async function negotiate(
  info: ServerInfo,
  unicast: boolean,
  replies: Replies,
  send: (packet: Packet) => void,
): Promise<Session> {
  // An answer does not say to which question it belongs, so one question is out at a time.
  const ask = async <T>(text: string, read: (bytes: Uint8Array) => T | undefined): Promise<T | undefined> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const answer = replies.next(ATTEMPT_MS, (packet): { readonly value?: T } | undefined => {
        if (packet.kind === "unrecognizedRequest") return {};
        const value = packet.kind === "response" ? read(packet.bytes) : undefined;
        return value === undefined ? undefined : { value };
      });
      send({ kind: "request", text });
      const found = await answer;
      if (found) return found.value;
    }
    return undefined;
  };

  const native = nativeVersion(info);
  // Negotiable since 4.0, and by unicast only: a multicast stream is everyone's.
  const wanted = since(native, newestKnown.major, newestKnown.minor) ? newestKnown : native;
  const acknowledged =
    unicast && since(native, 4, 0) ? await ask(`Bitstream,${versionText(wanted)}`, readBitstream) : undefined;
  // The unit of length first: an answer to a later question must not be taken for it.
  const unitMm = await ask("UnitsToMillimeters", (bytes) => within(responseFloat(bytes), 1e-3, 1e5));
  const upAxis = await ask("UpAxis", (bytes) => within(responseInteger(bytes), 0, 2));
  const rateHz = await ask("FrameRate", (bytes) => within(responseFloat(bytes), 1, 10_000));
  const assumed: string[] = [];
  if (unitMm === undefined) assumed.push("UnitsToMillimeters: 1000, lengths in metres");
  if (rateHz === undefined) assumed.push("FrameRate: 120 Hz");
  return {
    info,
    bitstream: acknowledged ?? native,
    rateHz: rateHz ?? 120,
    unitMm: unitMm ?? 1000,
    upAxis: upAxis === undefined ? null : (["x", "y", "z"] as const)[upAxis]!,
    assumed,
  };
}

function readBitstream(bytes: Uint8Array): NatNetVersion | undefined {
  const match = /^Bitstream,(\d+)\.(\d+)/i.exec(responseText(bytes) ?? "");
  return match ? { major: Number(match[1]), minor: Number(match[2]) } : undefined;
}

const within = (value: number | null, low: number, high: number): number | undefined =>
  value !== null && value >= low && value <= high ? value : undefined;
