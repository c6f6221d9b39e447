import { expect, test } from "vitest";
import { matchImages } from "../../src/scenario/known-truth.ts";

test("recorded images find their twins in order, lost ones are passed over, equal ones are taken one after the other", () => {
  expect(matchImages([7, 7, 9, 4], [5, 7, 7, 8, 9, 7, 4], "scan")).toEqual([1, 2, 4, 6]);
  expect(matchImages([], [1, 2], "scan")).toEqual([]);
});

test("an image that the scenario has not, or not any more, is refused with its number", () => {
  expect(() => matchImages([1, 3], [1, 2], "scan")).toThrow(/image 1 of scan is none of the scenario's/);
  expect(() => matchImages([2, 1], [1, 2], "scan")).toThrow(/image 1/);
});
