import { expect, test } from "vitest";
import { FormatError } from "../../../src/core/errors.ts";
import { createRng } from "../../../src/core/rng.ts";
import type { Frame } from "../../../src/hardware/natnet/frame.ts";
import {
  decodePacket,
  encodePacket,
  floatResponse,
  integerResponse,
  packetKind,
  responseFloat,
  responseInteger,
  responseText,
  textResponse,
  type Packet,
} from "../../../src/hardware/natnet/protocol.ts";
import { newestKnown, since, versionText, type NatNetVersion } from "../../../src/hardware/natnet/version.ts";
import { forCases } from "../../support/cases.ts";
import { anyFrame, anyModels, versions } from "./arbitrary.ts";

const v3: NatNetVersion = { major: 3, minor: 0 };
const v41 = newestKnown;

const frameBytes = (frame: Frame, version: NatNetVersion): Uint8Array =>
  encodePacket({ kind: "frame", frame }, version);

/** All sections empty; the end of it is at known places. */
const empty: Frame = {
  ...anyFrame(createRng("empty"), v41),
  markerSets: [],
  otherMarkers: [],
  rigidBodies: [],
  skeletons: [],
  assets: [],
  labelledMarkers: [],
  forcePlates: [],
  devices: [],
};

/** Says nothing in `offset` bytes behind the head, then this i32. */
function patched(bytes: Uint8Array, payloadOffset: number, value: number): Uint8Array {
  const out = bytes.slice();
  new DataView(out.buffer).setInt32(4 + payloadOffset, value, true);
  return out;
}

function resized(bytes: Uint8Array, extra: readonly number[]): Uint8Array {
  const out = Uint8Array.from([...bytes, ...extra]);
  new DataView(out.buffer).setUint16(2, out.length - 4, true);
  return out;
}

/** True for a FormatError; anything else that is thrown goes on. */
function refused(bytes: Uint8Array, version: NatNetVersion): boolean {
  try {
    decodePacket(bytes, version);
    return false;
  } catch (error) {
    if (error instanceof FormatError) return true;
    throw error;
  }
}

for (const version of versions) {
  test(`a ${versionText(version)} frame, encoded, is decoded to what it was`, () => {
    forCases(50, `natnet/frame/${versionText(version)}`, (rng) => {
      const frame = anyFrame(rng, version);
      const decoded = decodePacket(frameBytes(frame, version), version);
      expect(decoded).toEqual({ kind: "frame", frame });
    });
  });

  test(`${versionText(version)} model definitions, encoded, are decoded to what they were`, () => {
    forCases(30, `natnet/models/${versionText(version)}`, (rng) => {
      const models = { definitions: anyModels(rng, version), complete: true };
      expect(decodePacket(encodePacket({ kind: "models", models }, version), version)).toEqual({
        kind: "models",
        models,
      });
    });
  });

  test(`a ${versionText(version)} frame or model list, cut off anywhere, is refused with the place`, () => {
    forCases(2, `natnet/cut/${versionText(version)}`, (rng) => {
      const models = { definitions: anyModels(rng, version), complete: true };
      const packets = [frameBytes(anyFrame(rng, version), version), encodePacket({ kind: "models", models }, version)];
      for (const bytes of packets) {
        const accepted: number[] = [];
        for (let length = 0; length < bytes.length; length++) {
          const cut = bytes.slice(0, length);
          if (!refused(cut, version)) accepted.push(length);
          // Also when the head says the truth about the shorter datagram.
          if (length >= 4) new DataView(cut.buffer).setUint16(2, length - 4, true);
          if (!refused(cut, version)) accepted.push(length);
        }
        expect(accepted).toEqual([]);
      }
    });
  });
}

test("a frame with content is refused by every layout but its own, or those that share it", () => {
  const alike = (a: NatNetVersion, b: NatNetVersion): boolean =>
    versionText(a) === versionText(b) ||
    [a, b].every((v) => [9, 10].includes(v.minor) && v.major === 2) ||
    [a, b].every((v) => v.major === 3 || (v.major === 4 && v.minor === 0));
  forCases(10, "natnet/other-layout", (rng) => {
    for (const version of versions) {
      const frame = { ...anyFrame(rng, version), precision: since(version, 4, 1) ? { seconds: 0, fraction: 0 } : null };
      const more = { ...frame, rigidBodies: [anyFrame(createRng("body"), v41).rigidBodies, frame.rigidBodies].flat() };
      for (const other of versions.filter((v) => !alike(version, v))) {
        const bytes = frameBytes({ ...more, otherMarkers: [[1, 2, 3]] }, version);
        const accepted = refused(bytes, other) ? "" : `${versionText(version)} read as ${versionText(other)}`;
        expect(accepted).toBe("");
      }
    }
  });
});

test("the precision stamp of a 4.0 frame is told by the length", () => {
  const version = { major: 4, minor: 0 };
  const stamp = { seconds: 5, fraction: 6 };
  for (const precision of [null, stamp]) {
    const packet = decodePacket(frameBytes({ ...empty, precision }, version), version);
    expect(packet.kind === "frame" && packet.frame.precision).toEqual(precision);
  }
});

test("a frame newer than 4.1 is read as 4.1, marked so, and what it adds is stepped over", () => {
  const version = { major: 4, minor: 4 };
  const frame = anyFrame(createRng("newer"), v41);
  const bytes = frameBytes(frame, v41);
  expect(decodePacket(bytes, version)).toEqual({ kind: "frame", frame: { ...frame, layout: "assumed-4.1" } });
  const longer = resized(bytes.slice(0, -4), [9, 9, 9, 9, 9, 0, 0, 0, 0]);
  expect(decodePacket(longer, version)).toEqual({ kind: "frame", frame: { ...frame, layout: "assumed-4.1" } });
  expect(() => decodePacket(longer, v41)).toThrow(/end tag/);
});

test("rigid bodies that grew in a newer version are read by the size of their section", () => {
  const frame = { ...empty, rigidBodies: anyFrame(createRng("bodies/3"), v41).rigidBodies.slice(0, 1) };
  const [body] = frame.rigidBodies;
  expect(body).toBeDefined();
  const bytes = frameBytes(frame, v41);
  // Number, two empty sections of 8 bytes, count, size, one body of 38.
  const at = 4 + 4 + 16;
  const grown = resized(Uint8Array.from([...bytes.subarray(0, at + 46), 7, 7, 7, 7, ...bytes.subarray(at + 46)]), []);
  new DataView(grown.buffer).setInt32(at + 4, 42, true);
  const packet = decodePacket(grown, { major: 4, minor: 2 });
  expect(packet.kind === "frame" && packet.frame.rigidBodies).toEqual([body]);
  expect(() => decodePacket(grown, v41)).toThrow(/longer than its elements/);
});

test("counts and section sizes that cannot be true are refused before anything is read by them (F11)", () => {
  for (const version of [v3, v41]) {
    const bytes = frameBytes({ ...empty, otherMarkers: [[1, 2, 3]] }, version);
    for (const count of [-1, 2, 2 ** 31 - 1, -(2 ** 31)])
      expect(() => decodePacket(patched(bytes, 4, count), version)).toThrow(FormatError);
  }
  const sized = frameBytes({ ...empty, otherMarkers: [[1, 2, 3]] }, v41);
  for (const size of [-1, 0, 11, 13, 2 ** 31 - 1])
    expect(() => decodePacket(patched(sized, 16, size), v41)).toThrow(FormatError);
});

test("a wrong end tag, bytes behind it, and a name without an end are refused (F11)", () => {
  const bytes = frameBytes(empty, v41);
  expect(() => decodePacket(patched(bytes, bytes.length - 8, 1), v41)).toThrow(/end tag is 1/);
  expect(() => decodePacket(resized(bytes, [0]), v41)).toThrow(FormatError);
  const named = frameBytes({ ...empty, markerSets: [{ name: "x".repeat(255), markers: [] }] }, v41);
  const endless = named.slice();
  endless[4 + 12 + 255] = 65;
  expect(() => decodePacket(endless, v41)).toThrow(/no end/);
});

test("what follows the size that the head announces is ignored, and less than that is refused", () => {
  const bytes = frameBytes(empty, v3);
  expect(decodePacket(Uint8Array.from([...bytes, 1, 2, 3]), v3)).toEqual(decodePacket(bytes, v3));
  expect(() => decodePacket(bytes.subarray(0, bytes.length - 1), v3)).toThrow(/announced/);
});

test("a definition that cannot be read costs only itself since 4.1, and those behind it before", () => {
  const [first, second] = ["Probe", "Tibia"].map((name, i) => ({
    kind: "rigid-body" as const, name, id: i, parent: -1, offset: [0, 0, 0] as const, markers: [],
  })); // prettier-ignore
  const strange = { kind: "unread" as const, type: 77, bytes: Uint8Array.of(1, 2, 3), problem: "type 77 is not known" };
  const torn = { kind: "unread" as const, type: 1, bytes: Uint8Array.of(65, 0, 3), problem: "" };
  const definitions = [first!, strange, torn, second!];
  const decode = (version: NatNetVersion): Packet =>
    decodePacket(encodePacket({ kind: "models", models: { definitions, complete: true } }, version), version);
  expect(decode(v41)).toEqual({
    kind: "models",
    models: { definitions: [first, strange, { ...torn, problem: expect.any(String) }, second], complete: true },
  });
  expect(decode(v3)).toEqual({ kind: "models", models: { definitions: [first], complete: false } });
});

test("every other message, encoded, is decoded to what it was", () => {
  const sender = { name: "SonoBench", appVersion: [1, 2, 3, 4], natNetVersion: [3, 0, 0, 0] } as const;
  const connection = { clockHz: 3312787n, dataPort: 1511, multicast: true, group: [239, 255, 42, 99] } as const;
  const packets: Packet[] = [
    { kind: "connect", sender, bitstream: null },
    { kind: "connect", sender, bitstream: { major: 4, minor: 1 } },
    { kind: "discovery", sender, bitstream: null },
    { kind: "serverInfo", info: { ...sender, connection } },
    { kind: "serverInfo", info: { ...sender, natNetVersion: [2, 11, 0, 0], connection: null } },
    { kind: "request", text: "Bitstream,4.1" },
    { kind: "message", text: "" },
    { kind: "response", bytes: Uint8Array.of(1, 2, 3, 4) },
    { kind: "echoRequest", clientStamp: 2n ** 64n - 1n },
    { kind: "echoResponse", clientStamp: 5n, serverTicks: 2n ** 63n },
    { kind: "requestModels" },
    { kind: "requestFrame" },
    { kind: "disconnect" },
    { kind: "keepAlive" },
    { kind: "disconnectByTimeout" },
    { kind: "unrecognizedRequest" },
  ];
  for (const packet of packets) {
    const bytes = encodePacket(packet, v3);
    expect(decodePacket(bytes, v3)).toEqual(packet);
    expect(packetKind(bytes)).toBe(packet.kind);
  }
});

test("unrecognised requests are message 100 in decimal, and other ids are refused", () => {
  expect(encodePacket({ kind: "unrecognizedRequest" }, v3)[0]).toBe(100);
  expect(() => decodePacket(Uint8Array.of(0, 1, 0, 0), v3)).toThrow(/message id 256/);
  expect(packetKind(Uint8Array.of(0, 1, 0, 0))).toBeNull();
  expect(packetKind(Uint8Array.of(7))).toBeNull();
});

test("a client that connects with no more than a word, or announces a byte too many, is understood", () => {
  expect(decodePacket(Uint8Array.of(0, 0, 5, 0, 80, 105, 110, 103, 0), v3)).toEqual({
    kind: "connect", sender: null, bitstream: null,
  }); // prettier-ignore
  const sender = { name: "Ping", appVersion: [0, 0, 0, 0], natNetVersion: [4, 1, 0, 0] } as const;
  const bytes = encodePacket({ kind: "connect", sender, bitstream: { major: 4, minor: 1 } }, v3);
  expect(bytes.length).toBe(274); // 270 of payload; the SDK's sample says 271
  bytes[2]! += 1;
  expect(decodePacket(bytes, v3)).toEqual({ kind: "connect", sender, bitstream: { major: 4, minor: 1 } });
});

test("an answer is read as what was asked for, and null when it is something else", () => {
  expect(responseFloat(floatResponse(120))).toBe(120);
  expect(responseInteger(integerResponse(-2))).toBe(-2);
  expect(responseText(textResponse("Bitstream,4.1"))).toBe("Bitstream,4.1");
  expect(responseFloat(Uint8Array.of(1, 2))).toBeNull();
  expect(responseInteger(new Uint8Array(5))).toBeNull();
  expect(responseText(Uint8Array.of(65, 66))).toBeNull();
});

test("versions before 2.5 are refused by name", () => {
  expect(() => decodePacket(frameBytes(empty, v3), { major: 2, minor: 4 })).toThrow(/2\.4 is older than 2\.5/);
});
