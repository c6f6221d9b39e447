import { expect, it } from "vitest";
import { createPersistence } from "../../../src/sim/probe/persistence.ts";

const step = (gray: number): Uint8Array => new Uint8Array(4).fill(gray);

it("answers a step by 1 − share^n, whatever the rounding of each picture", () => {
  const persist = createPersistence(0.6, 0.1);
  persist(step(0), 0);
  for (let n = 1; n <= 12; n++) {
    expect([...persist(step(200), 0.033 * n)]).toEqual([...step(Math.round(200 * (1 - 0.6 ** n)))]);
  }
});

it("forgets the picture before after a pause, and starts with the first picture as it is", () => {
  const persist = createPersistence(0.6, 0.1);
  expect([...persist(step(77), 5)]).toEqual([...step(77)]);
  expect([...persist(step(10), 5.2)]).toEqual([...step(10)]);
});

it("without a share gives every picture back as it came", () => {
  const pixels = step(9);
  expect(createPersistence(0, 0.1)(pixels, 0)).toBe(pixels);
});
