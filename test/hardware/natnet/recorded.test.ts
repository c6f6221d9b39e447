import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { decodePacket, encodePacket, type Packet } from "../../../src/hardware/natnet/protocol.ts";
import { dataFolder } from "../../support/data.ts";

const version = { major: 3, minor: 0 };

const names = [
  "connect_packet_v3", "discovery_packet_v3", "echorequest_packet_v3", "echoresponse_packet_v3",
  "mocapframe_packet_occluded_v3", "mocapframe_packet_v3", "modeldef_packet_v3", "requestmodeldef_packet_v3",
  "serverinfo_packet_v3",
] as const; // prettier-ignore

const bytesOf = (name: (typeof names)[number]): Uint8Array =>
  new Uint8Array(readFileSync(join(dataFolder!, "natnet", `${name}.bin`)));

function decode<K extends Packet["kind"]>(name: (typeof names)[number], kind: K): Extract<Packet, { kind: K }> {
  const packet = decodePacket(bytesOf(name), version);
  expect(packet.kind).toBe(kind);
  return packet as Extract<Packet, { kind: K }>;
}

/** Digits that data/README.md gives. */
const round = (values: readonly number[]): number[] => values.map((value) => Number(value.toFixed(7)));

test.skipIf(!dataFolder)("needs recordings: the server of a Motive 2.1 session says who it is", () => {
  const { info } = decode("serverinfo_packet_v3", "serverInfo");
  expect(info).toEqual({
    name: "Motive",
    appVersion: [2, 1, 0, 0],
    natNetVersion: [3, 0, 0, 0],
    connection: { clockHz: 3312787n, dataPort: 1511, multicast: true, group: [239, 255, 42, 99] },
  });
});

test.skipIf(!dataFolder)("needs recordings: a frame of that session has the recorded pose, time and ticks", () => {
  const { frame } = decode("mocapframe_packet_v3", "frame");
  expect(frame.frameNumber).toBe(162734);
  expect(frame.rigidBodies).toHaveLength(1);
  const [body] = frame.rigidBodies;
  expect(body!.id).toBe(2);
  expect(round(body!.position)).toEqual([0.1744466, 1.4471314, -0.734304]);
  expect(round(body!.quaternion)).toEqual([-0.0545942, 0.5099482, 0.0437036, -0.8573577]);
  expect(body!.meanError.toFixed(8)).toBe("0.00051522");
  expect(body!.params).toBe(1);
  expect(frame.labelledMarkers).toHaveLength(6);
  expect(frame.timestampS!.toFixed(7)).toBe("1356.1166667");
  expect(frame.ticks).toEqual({
    midExposure: 1416497730518n,
    dataReceived: 1416497745808n,
    transmit: 1416497748722n,
  });
});

test.skipIf(!dataFolder)(
  "needs recordings: a body with an occluded marker is valid, and the marker is not listed",
  () => {
    const { frame } = decode("mocapframe_packet_occluded_v3", "frame");
    expect(frame.frameNumber).toBe(269007);
    expect(frame.rigidBodies.map(({ id, params }) => [id, params])).toEqual([[7, 1]]);
    expect(frame.markerSets.map(({ markers }) => markers.length)).toEqual([5, 5]);
    expect(frame.labelledMarkers).toHaveLength(4);
  },
);

test.skipIf(!dataFolder)("needs recordings: the model list names the body and its markers", () => {
  const { models } = decode("modeldef_packet_v3", "models");
  expect(models.complete).toBe(true);
  expect(models.definitions.map(({ kind }) => kind)).toEqual(["rigid-body", "marker-set", "marker-set"]);
  const [body, own, all] = models.definitions;
  expect(body).toMatchObject({ name: "RaceQuad", id: 2, parent: -1 });
  expect(body?.kind === "rigid-body" && body.markers).toHaveLength(5);
  expect(own).toMatchObject({ name: "RaceQuad", markers: ["Marker1", "Marker2", "Marker3", "Marker4", "Marker5"] });
  expect(all).toMatchObject({ name: "all" });
});

test.skipIf(!dataFolder)("needs recordings: every recorded packet, decoded and encoded, is what it was", () => {
  // One differs on purpose: names are fields of fixed size, and Motive sends garbage behind their end.
  const garbageAfterName = (name: string): boolean => name === "serverinfo_packet_v3";
  for (const name of names) {
    const bytes = bytesOf(name),
      again = encodePacket(decodePacket(bytes, version), version);
    if (garbageAfterName(name)) {
      expect(again.length).toBe(bytes.length);
      expect(again.subarray(260)).toEqual(bytes.subarray(260));
    } else expect({ name, bytes: again }).toEqual({ name, bytes });
  }
});
