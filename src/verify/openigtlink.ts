import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createRng } from "../core/rng.ts";
import type { Sample, ToolReading, TrackerFrame } from "../data/device.ts";
import type { Image } from "../data/image.ts";
import { crc64 } from "../hardware/openigtlink/crc64.ts";
import { plusDevices } from "../hardware/openigtlink/driver.ts";
import { createFramer } from "../hardware/openigtlink/framer.ts";
import { meshFromPolyData, polyDataFromMesh } from "../hardware/openigtlink/messages/polydata.ts";
import { decodeMessage, encodeMessage, message, type Message } from "../hardware/openigtlink/protocol.ts";
import { startServer } from "../hardware/openigtlink/server.ts";
import { numericCheck, type Check, type Suite } from "./check.ts";
import { icosphere } from "./shapes.ts";

const specification = "OpenIGTLink protocol, versions 1 to 3";
const closedForm = "closed form";

function decodeAll(bytes: Uint8Array): (Message | undefined)[] {
  return createFramer()
    .push(bytes)
    .map((event) => (event.kind === "message" ? decodeMessage(event.message) : undefined));
}

const sample = encodeMessage(
  message(
    { type: "STATUS", code: 1, subcode: -3n, name: "OK", text: "a message of some length, with metadata" },
    { headerVersion: 2, device: "Verify", metadata: [{ key: "TransformStatus", encoding: 3, value: "OK" }] },
  ),
);

const files = ["image", "status", "string", "tdata", "transform", "transformFormat2"];

const recorded: Check = {
  id: "openigtlink.recorded.bytes",
  statement: "the messages of the reference library's own tests are read, and written again to the same bytes",
  source: "test vectors of the OpenIGTLink library (BSD-3-Clause)",
  expected: `${files.length} of ${files.length}`,
  tolerance: "exact",
  async run({ dataFolder }) {
    if (dataFolder === undefined) return { measured: "the recordings are not here", pass: "skipped" };
    let same = 0;
    for (const file of files) {
      const bytes = new Uint8Array(await readFile(join(dataFolder, "openigtlink", `${file}.bin`)));
      const [decoded] = decodeAll(bytes);
      if (decoded && Buffer.compare(encodeMessage(decoded), bytes) === 0) same++;
    }
    return { measured: `${same} of ${files.length}`, pass: same === files.length };
  },
};

const IMAGES = 60;
const START_S = 2e9;

const gray = (i: number): Image => ({ width: 256, height: 256, pixels: new Uint8Array(65536).fill(i) });
const tools = (i: number): ToolReading[] => [
  i % 7 === 3
    ? { tool: "Probe", status: "occluded" }
    : {
        tool: "Probe",
        status: "tracked",
        trackerFromTool: Float64Array.of(0, -1, 0, i, 1, 0, 0, -i, 0, 0, 1, 1000),
        fitRmsMm: NaN,
      },
];

/** What went wrong between our server and our driver, over TCP on this machine; nothing is the expected answer. */
async function overLoopback(): Promise<string> {
  const nowS = (): number => performance.now() / 1000;
  const random = createRng("verify/openigtlink");
  const server = await startServer({ port: 0, nowS });
  try {
    const { port } = server;
    const devices = plusDevices({ port, nowS, random: () => random.uniform(), whenFull: "wait", patienceS: 5 });
    const signal = AbortSignal.timeout(20_000);
    const images = await devices.images.open(signal),
      poses = await devices.poses.open(signal);
    while (server.clients[0]?.headerVersion !== 2 && !signal.aborted) await new Promise((go) => setTimeout(go, 5));
    for (let i = 0; i < IMAGES; i++) {
      await server.ready();
      server.publishPoses(tools(i), { timeS: START_S + i });
      server.publishImage("Image_Image", gray(i), { timeS: START_S + i });
    }
    await server.close();
    const gotImages = await all<Image>(images),
      gotPoses = await all<TrackerFrame>(poses);
    await images.close();
    await poses.close();
    const wrongImages = gotImages.filter(
        ({ value, acquiredAt }, i) => value.pixels[9] !== i || acquiredAt !== START_S + i,
      ),
      wrongPoses = gotPoses.filter(
        ({ value }, i) => JSON.stringify(flat(value.tools)) !== JSON.stringify(flat(tools(i))),
      );
    const missing = 2 * IMAGES - gotImages.length - gotPoses.length;
    return `${missing} missing, ${wrongImages.length + wrongPoses.length} wrong`;
  } finally {
    await server.close();
  }
}

const flat = (readings: readonly ToolReading[]): unknown =>
  readings.map((each) => [each.tool, each.status, each.status === "tracked" ? Array.from(each.trackerFromTool) : []]);

async function all<T>(stream: AsyncIterable<Sample<T>>): Promise<Sample<T>[]> {
  const samples: Sample<T>[] = [];
  for await (const each of stream) samples.push(each);
  return samples;
}

const checks: readonly Check[] = [
  {
    id: "openigtlink.crc.check-value",
    statement: "the checksum of the text 123456789 is the check value of CRC-64/ECMA-182",
    source: "Catalogue of parametrised CRC algorithms, CRC-64/ECMA-182",
    expected: "6c40df5f0b497347",
    tolerance: "exact",
    async run() {
      const measured = crc64(new TextEncoder().encode("123456789")).toString(16);
      return { measured, pass: measured === "6c40df5f0b497347" };
    },
  },
  recorded,
  numericCheck(
    {
      id: "openigtlink.framer.cuts",
      statement: "a stream of two messages gives both, wherever TCP cuts it: cuts that lose or change one",
      source: specification,
      expected: 0,
      tolerance: 0,
    },
    () => {
      const stream = Buffer.concat([sample, sample]);
      let bad = 0;
      for (let cut = 0; cut <= stream.length; cut++) {
        const framer = createFramer();
        const events = [...framer.push(stream.subarray(0, cut)), ...framer.push(stream.subarray(cut))];
        const again = events.map((event) => (event.kind === "message" ? decodeMessage(event.message) : undefined));
        const bytes = Buffer.concat(again.map((each) => (each ? encodeMessage(each) : new Uint8Array(0))));
        if (!bytes.equals(stream)) bad++;
      }
      return bad;
    },
  ),
  numericCheck(
    {
      id: "openigtlink.framer.flipped-bits",
      statement: "a message with one flipped bit in its body or checksum is dropped, and the next one read: exceptions",
      source: "CRC-64 finds every single-bit error",
      expected: 0,
      tolerance: 0,
    },
    () => {
      let bad = 0;
      for (let bit = 50 * 8; bit < sample.length * 8; bit++) {
        const broken = sample.slice();
        broken[bit >> 3]! ^= 1 << (bit & 7);
        const kinds = createFramer()
          .push(Buffer.concat([broken, sample]))
          .map(({ kind }) => kind);
        if (kinds.join(" ") !== "dropped message") bad++;
      }
      return bad;
    },
  ),
  {
    id: "openigtlink.framer.lying-size",
    statement: "a header that announces 2⁶² bytes ends the stream, and nothing is kept for them",
    source: "fault F4",
    expected: "lost, 0 bytes kept",
    tolerance: "exact",
    async run() {
      const header = encodeMessage(message({ type: "GET_STATUS" }));
      new DataView(header.buffer).setBigUint64(42, 2n ** 62n);
      const framer = createFramer();
      const kinds = framer.push(header).map(({ kind }) => kind);
      const measured = `${kinds.join(" ")}, ${framer.pendingBytes} bytes kept`;
      return { measured, pass: measured === "lost, 0 bytes kept" };
    },
  },
  numericCheck(
    {
      id: "openigtlink.polydata.mesh",
      statement: "a mesh that goes through POLYDATA comes back vertex for vertex: largest difference, mm",
      source: closedForm,
      expected: 0,
      tolerance: 0,
    },
    () => {
      const mesh = icosphere(20, 3);
      const [decoded] = decodeAll(encodeMessage(message(polyDataFromMesh(mesh))));
      if (decoded?.body.type !== "POLYDATA") return NaN;
      const back = meshFromPolyData(decoded.body);
      if (Buffer.compare(new Uint8Array(back.triangles.buffer), new Uint8Array(mesh.triangles.buffer)) !== 0)
        return NaN;
      return back.positions.reduce((worst, x, i) => Math.max(worst, Math.abs(x - mesh.positions[i]!)), 0);
    },
  ),
  {
    id: "openigtlink.loopback.lossless",
    statement: `${IMAGES} images, and as many poses of which some are hidden, go through server and driver over TCP`,
    source: "what was published",
    expected: "0 missing, 0 wrong",
    tolerance: "exact",
    async run() {
      const measured = await overLoopback();
      return { measured, pass: measured === "0 missing, 0 wrong" };
    },
  },
];

export const openigtlinkSuite: Suite = {
  name: "openigtlink",
  about: "the wire to PlusServer and 3D Slicer: bytes, damaged streams, images and poses over TCP",
  checks,
};
