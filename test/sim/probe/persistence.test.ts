import { expect, it } from "vitest";
import { createPersistence, PERSISTENCE_S } from "../../../src/sim/probe/persistence.ts";

const step = (gray: number): Uint8Array => new Uint8Array(4).fill(gray);

it("answers a step by 1 − share^n, whatever the rounding of each picture", () => {
  const persist = createPersistence(0.6);
  persist(step(0), 0);
  for (let n = 1; n <= 12; n++) {
    expect([...persist(step(200), PERSISTENCE_S * n)]).toEqual([...step(Math.round(200 * (1 - 0.6 ** n)))]);
  }
});

it("has forgotten as much at a time however often it was polled, and after a pause everything", () => {
  const often = createPersistence(0.8),
    rarely = createPersistence(0.8);
  for (const persist of [often, rarely]) persist(step(0), 5);
  let shown = step(0);
  for (let n = 1; n <= 8; n++) shown = often(step(200), 5 + 0.01 * n);
  expect([...rarely(step(200), 5.08)]).toEqual([...shown]);
  expect([...rarely(step(10), 8)]).toEqual([...step(10)]);
});

it("starts with the first picture as it is, and without a share gives every picture back as it came", () => {
  expect([...createPersistence(0.6)(step(77), 5)]).toEqual([...step(77)]);
  const pixels = step(9);
  expect(createPersistence(0)(pixels, 0)).toBe(pixels);
});
