import { expect, test } from "vitest";
import { formatFigure, formatMm, formatNumber, formatShare, formatSignedMm, NONE } from "../../src/report/format.ts";
import { forCases } from "../support/cases.ts";
import { headlineLabel, headlineTiles } from "../../src/report/labels.ts";

const mm = (value: number, low: number, high: number) => ({ value, low, high, unit: "mm" });

test("a figure keeps the digits that its interval bears out, no more", () => {
  expect(formatFigure("x", mm(0.8437, 0.79, 0.91))).toEqual({ value: "0.84", interval: "0.79 to 0.91", unit: "mm" });
  expect(formatFigure("x", mm(0.8437, 0.843, 0.8445)).value).toBe("0.8437");
  expect(formatFigure("x", mm(123.456, 100, 150)).value).toBe("123");
  expect(formatFigure("x", mm(2.317, 2.02, 2.71)).value).toBe("2.3");
});

test("no digit of a figure is finer than a thirtieth of half its interval, and none that the interval bears is dropped", () => {
  forCases(200, "report/digits", (rng, seed) => {
    const value = 10 ** (4.5 * rng.uniform() - 2),
      half = value * 10 ** (3 * rng.uniform() - 2.5);
    const shown = formatFigure("x", mm(value, value - half, value + half));
    const decimals = shown.value.split(".")[1]?.length ?? 0,
      unitOfLastDigit = 10 ** -decimals;
    if (decimals > 0) expect(unitOfLastDigit, seed).toBeGreaterThan(half / 31);
    if (decimals < 4) expect(unitOfLastDigit, seed).toBeLessThanOrEqual(Math.max(1, half));
    for (const end of shown.interval.split(" to ")) expect(end.split(".")[1]?.length ?? 0, seed).toBe(decimals);
  });
});

test("a length without an interval keeps three digits, none below 10 µm", () => {
  expect([0.004, 0.346, 5.678, 28.51, 9.996, 117.4].map(formatMm)).toEqual([
    "0.00",
    "0.35",
    "5.68",
    "28.5",
    "10.0",
    "117",
  ]);
});

test("a count keeps all its digits, and a figure without spread three", () => {
  expect(formatFigure("frames.count", { value: 312, low: 312, high: 312, unit: "1" })).toEqual({
    value: "312",
    interval: "",
    unit: "",
  });
  expect(formatFigure("x", mm(0.123_456, 0.123_456, 0.123_456)).value).toBe("0.123");
});

test("a share is shown in percent, also when it is exactly one", () => {
  const id = "all.reachable.coverage2mm";
  expect(formatFigure(id, { value: 1, low: 1, high: 1, unit: "1" })).toEqual({ value: "100", interval: "", unit: "%" });
  expect(formatFigure(id, { value: 0.957, low: 0.932, high: 0.974, unit: "1" }).value).toBe("95.7");
});

test("numbers have a true minus, no minus zero, and grouped thousands", () => {
  expect(formatNumber(-1.25, 1)).toBe("\u22121.3");
  expect(formatNumber(-0.001, 2)).toBe("0.00");
  expect(formatNumber(51_200, 0)).toBe("51\u202f200");
  expect(formatSignedMm(0.2)).toBe("+0.20");
  expect(formatSignedMm(0.001)).toBe("0.00");
  expect(formatMm(null)).toBe(NONE);
});

test("a share is never rounded to all or nothing", () => {
  expect(formatShare(0.998)).toBe("99.8\u202f%");
  expect(formatShare(1)).toBe("100\u202f%");
  expect(formatShare(0.001)).toBe("0.1\u202f%");
  expect(formatShare(0.9997)).toBe("> 99.9\u202f%");
  expect(formatShare(0.0001)).toBe("< 0.1\u202f%");
});

test("a known headline id has plain words, an unknown one stands for itself", () => {
  expect(headlineLabel("femur.reachable.assd")).toEqual({
    name: "Mean surface distance",
    scope: "Femur, reachable bone",
  });
  expect(headlineLabel("all.whole.coverage0.5mm").name).toBe("Covered within 0.5 mm");
  expect(headlineLabel("new.figure")).toEqual({ name: "new.figure", scope: "" });
  expect(headlineLabel("constructor.toString.valueOf").scope).toBe("");
  expect(headlineTiles(["z", "all.reachable.hd95", "all.reachable.assd"])).toEqual([
    "all.reachable.assd",
    "all.reachable.hd95",
  ]);
  expect(headlineTiles(["z"])).toEqual(["z"]);
});
