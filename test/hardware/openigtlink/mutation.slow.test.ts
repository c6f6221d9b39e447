import { expect, test } from "vitest";
import { FormatError } from "../../../src/core/errors.ts";
import { createRng } from "../../../src/core/rng.ts";
import { crc64 } from "../../../src/hardware/openigtlink/crc64.ts";
import { HEADER_BYTES } from "../../../src/hardware/openigtlink/envelope.ts";
import { createFramer } from "../../../src/hardware/openigtlink/framer.ts";
import { grayImage } from "../../../src/hardware/openigtlink/image-message.ts";
import { meshFromPolyData } from "../../../src/hardware/openigtlink/messages/polydata.ts";
import { decodeMessage, encodeMessage } from "../../../src/hardware/openigtlink/protocol.ts";
import { UnsuitableInputError } from "../../../src/core/errors.ts";
import { watchAllocations } from "../../support/allocations.ts";
import { mutate } from "../../support/mutate.ts";
import { bodyKinds, randomMessage } from "./samples.ts";

const PACKETS = 100_000;
const MAX_BODY_BYTES = 1 << 20;
/** No field of a small packet may make more than its first piece of a body, or what its own bytes hold as numbers. */
const MOST_ALLOCATED_BYTES = 1 << 20;

test("100,000 damaged packets: each is read or refused, none crashes, hangs or makes anything large", async () => {
  const rng = createRng("openigtlink/mutation");
  const seeds = Array.from({ length: bodyKinds * 3 }, (_, i) => encodeMessage(randomMessage(rng, i % bodyKinds)));
  const outcomes = { read: 0, unknown: 0, refused: 0, dropped: 0, lost: 0, unfinished: 0 };
  const take = (packet: Uint8Array): void => {
    const framer = createFramer(MAX_BODY_BYTES);
    const events = framer.push(packet);
    if (events.length === 0) outcomes.unfinished++;
    for (const event of events) {
      if (event.kind !== "message") {
        outcomes[event.kind]++;
        continue;
      }
      try {
        const decoded = decodeMessage(event.message);
        outcomes[decoded ? "read" : "unknown"]++;
        if (decoded?.body.type === "IMAGE") grayImage(decoded.body);
        if (decoded?.body.type === "POLYDATA") meshFromPolyData(decoded.body);
        if (decoded) encodeMessage(decoded);
      } catch (error) {
        if (!(error instanceof FormatError || error instanceof UnsuitableInputError)) throw error;
        outcomes.refused++;
      }
    }
  };
  const { largestBytes } = await watchAllocations(async () => {
    for (let i = 0; i < PACKETS; i++) {
      const packet = mutate(seeds[i % seeds.length]!, rng, seeds);
      // Three of four get a size and a checksum that are right again, so that the bodies are reached.
      if (i % 4 !== 0 && packet.length >= HEADER_BYTES) {
        const view = new DataView(packet.buffer, packet.byteOffset);
        view.setBigUint64(42, BigInt(packet.length - HEADER_BYTES));
        view.setBigUint64(50, crc64(packet.subarray(HEADER_BYTES)));
      }
      take(packet);
    }
  });
  expect(largestBytes).toBeLessThanOrEqual(MOST_ALLOCATED_BYTES);
  // The run reached every way out, so a parser that refuses all, or accepts all, would show.
  for (const [, count] of Object.entries(outcomes)) expect(count).toBeGreaterThan(100);
});
