import { FormatError, UnsuitableInputError } from "../core/errors.ts";
import { crc64 } from "../hardware/openigtlink/crc64.ts";
import { entry, HEADER_BYTES, metadataValue } from "../hardware/openigtlink/envelope.ts";
import { createFramer } from "../hardware/openigtlink/framer.ts";
import { grayImage, imageMessage } from "../hardware/openigtlink/image-message.ts";
import { decodeMessage, encodeMessage, message } from "../hardware/openigtlink/protocol.ts";
import type { Check } from "./check.ts";
import { pause } from "./devices-rig.ts";
import { faultCheck, FAULT_LIST, plusOutage } from "./devices-wire.ts";

const SIZE_AT = 42,
  CHECKSUM_AT = 50;

/** Bytes changed in the body, and a size and a checksum that are right again. */
function forged(bytes: Uint8Array, change: (body: DataView) => void, bodyBytes?: number): Uint8Array {
  const out = Uint8Array.from(bytes.subarray(0, bodyBytes === undefined ? bytes.length : HEADER_BYTES + bodyBytes)),
    view = new DataView(out.buffer);
  change(new DataView(out.buffer, HEADER_BYTES));
  view.setBigUint64(SIZE_AT, BigInt(out.length - HEADER_BYTES));
  view.setBigUint64(CHECKSUM_AT, crc64(out.subarray(HEADER_BYTES)));
  return out;
}

/** "refused" where a message, or the image of one, is turned down and the next message is read all the same. */
function verdict(bytes: Uint8Array): string {
  const next = encodeMessage(message({ type: "GET_STATUS" }));
  const words = createFramer()
    .push(Buffer.concat([bytes, next]))
    .map((event) => {
      if (event.kind !== "message") return event.kind === "dropped" ? "refused" : event.kind;
      try {
        const decoded = decodeMessage(event.message);
        if (decoded?.body.type === "IMAGE") grayImage(decoded.body);
        return decoded?.body.type ?? "unknown";
      } catch (error) {
        if (error instanceof FormatError || error instanceof UnsuitableInputError) return "refused";
        throw error;
      }
    });
  return words.join(", ");
}

/** How many of the damaged messages are refused while the one behind them is read. */
function refusals(id: string, statement: string, damaged: Readonly<Record<string, Uint8Array>>): Check {
  const count = Object.keys(damaged).length;
  return {
    id,
    statement,
    source: FAULT_LIST,
    expected: `${count} of ${count} refused, the next message read`,
    tolerance: "exact",
    async run() {
      const wrong = Object.entries(damaged).filter(([, bytes]) => verdict(bytes) !== "refused, GET_STATUS");
      const names = wrong.map(([name, bytes]) => `${name}: ${verdict(bytes)}`).join("; ");
      const said = `${count - wrong.length} of ${count} refused, the next message read`;
      return { measured: names ? `${said}; ${names}` : said, pass: wrong.length === 0 };
    },
  };
}

const pixels = new Uint8Array(16 * 12).fill(7);
const image = encodeMessage(
  imageMessage("Image_Image", { width: 16, height: 12, pixels }, [0.1, 0.1], { seconds: 1, fraction: 0 }, []),
);

const SCALAR_AT = 3,
  SHAPE_AT = 6,
  OFFSET_AT = 60,
  PART_AT = 66;

export const badImages = refusals(
  "devices.F6",
  "F6: an image whose size, part or number type does not fit its pixels is refused; the connection stays",
  {
    "of 65535 cubed": forged(image, (body) => {
      for (const at of [0, 2, 4]) body.setUint16(SHAPE_AT + at, 0xffff);
    }),
    "whose part is 65535 cubed": forged(image, (body) => {
      for (const at of [0, 2, 4]) body.setUint16(PART_AT + at, 0xffff);
    }),
    "of no width": forged(image, (body) => body.setUint16(SHAPE_AT, 0)),
    "whose part has no height": forged(image, (body) => body.setUint16(PART_AT + 2, 0)),
    "whose part lies outside": forged(image, (body) => body.setUint16(OFFSET_AT, 9)),
    "of an unknown number type": forged(image, (body) => body.setUint8(SCALAR_AT, 99)),
    "of numbers that are larger than its pixels": forged(image, (body) => body.setUint8(SCALAR_AT, 11)),
    "of no components": forged(image, (body) => body.setUint8(2, 0)),
    "with a row too few": forged(image, () => undefined, 72 + 16 * 11),
    "with half a head": forged(image, () => undefined, 36),
  },
);

const told = encodeMessage(
  message(
    { type: "STATUS", code: 1, subcode: 0n, name: "OK", text: "text" },
    { headerVersion: 2, metadata: [entry("Key", "first"), entry("Key", "last")] },
  ),
);
/** Behind the extended header, the content of 35 bytes and the count of entries. */
const FIRST_ENTRY_AT = 12 + 35 + 2;

export const badHeaders: Check = (() => {
  const check = refusals(
    "devices.F7",
    "F7: an extended header or metadata that do not fit the body are refused; of a key that comes twice the last counts",
    {
      "extended header of 65535 bytes": forged(told, (body) => body.setUint16(0, 0xffff)),
      "extended header of 11 bytes": forged(told, (body) => body.setUint16(0, 11)),
      "metadata head of 65535 bytes": forged(told, (body) => body.setUint16(2, 0xffff)),
      "metadata of 2³² − 1 bytes": forged(told, (body) => body.setUint32(4, 0xffffffff)),
      "65535 entries": forged(told, (body) => body.setUint16(FIRST_ENTRY_AT - 2, 0xffff)),
      "a key of 65535 bytes": forged(told, (body) => body.setUint16(FIRST_ENTRY_AT, 0xffff)),
      "a value of 2³² − 1 bytes": forged(told, (body) => body.setUint32(FIRST_ENTRY_AT + 4, 0xffffffff)),
    },
  );
  return {
    ...check,
    async run(context) {
      const outcome = await check.run(context);
      const [event] = createFramer().push(told);
      const value = event?.kind === "message" ? metadataValue(event.message, "Key") : undefined;
      return { measured: outcome.measured, pass: outcome.pass === true && value === "last" };
    },
  };
})();

/** What is held more while a server announces 2⁶² bytes: noise of the collector, and one buffer of the system. */
const HELD_BYTES = 16 * 2 ** 20;

export const lyingSize = faultCheck({
  fault: "F4",
  statement: "a server that announces 2⁶² bytes is left at once, nothing is kept for them, and it is tried again",
  besides: "less than 16 MiB held, 0 silences",
  async run() {
    let most = 0,
      watching = true;
    const before = process.memoryUsage().arrayBuffers;
    const watch = (async () => {
      while (watching) {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        await pause(20);
      }
    })();
    const { compared, counters } = await plusOutage("lying-size");
    watching = false;
    await watch;
    // Left at once: not for silence, after waiting for the rest.
    return {
      compared,
      besides: { "less than 16 MiB": [most < HELD_BYTES, true], silences: [counters.idleTimeouts, 0] },
    };
  },
});
