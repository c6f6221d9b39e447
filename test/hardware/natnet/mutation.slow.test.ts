import { expect, test } from "vitest";
import { FormatError } from "../../../src/core/errors.ts";
import { createRng } from "../../../src/core/rng.ts";
import { decodePacket, encodePacket } from "../../../src/hardware/natnet/protocol.ts";
import { mutate } from "../../support/mutate.ts";
import { anyFrame, anyModels, versions } from "./arbitrary.ts";

const COUNT = 100_000;
/** What a decoded packet may hold: one element of any list takes at least a byte on the wire. */
const ELEMENTS_PER_BYTE = 1;

/** All elements of all lists. */
function elements(value: unknown): number {
  if (value instanceof Uint8Array) return value.length;
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + 1 + elements(item), 0);
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce((sum: number, item) => sum + elements(item), 0);
}

test("100,000 damaged packets are decoded or refused by a FormatError, and none makes more than it has bytes for", () => {
  const rng = createRng("natnet/mutation");
  const seeds = versions.flatMap((version) =>
    Array.from({ length: 6 }, () => [
      encodePacket({ kind: "frame", frame: anyFrame(rng, version) }, version),
      encodePacket({ kind: "models", models: { definitions: anyModels(rng, version), complete: true } }, version),
    ]).flat(),
  );
  const small = seeds.filter((bytes) => bytes.length < 4000);
  let accepted = 0,
    refused = 0;
  for (let i = 0; i < COUNT; i++) {
    const bytes = mutate(small[rng.integer(small.length)]!, rng, small);
    // Half of them with a head that agrees with the length, or nearly all would be refused for that alone.
    if (bytes.length >= 4 && rng.uniform() < 0.5) new DataView(bytes.buffer).setUint16(2, bytes.length - 4, true);
    const version = versions[rng.integer(versions.length)]!;
    try {
      const packet = decodePacket(bytes, version);
      if (elements(packet) > bytes.length * ELEMENTS_PER_BYTE) throw new Error(`too much from case ${i}`);
      accepted++;
    } catch (error) {
      if (!(error instanceof FormatError)) throw new Error(`case ${i}`, { cause: error });
      refused++;
    }
  }
  expect(accepted + refused).toBe(COUNT);
  // Both ways are taken often, else the mutations would test nothing.
  expect(accepted).toBeGreaterThan(COUNT / 100);
  expect(refused).toBeGreaterThan(COUNT / 100);
});
