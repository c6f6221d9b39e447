import { expect, test } from "vitest";
import { waterSpeedMps } from "../../src/data/water.ts";

/** Del Grosso & Mader, J. Acoust. Soc. Am. 52, 1442 (1972): another fit, to other measurements. */
function delGrosso(t: number): number {
  return 1402.388 + t * (5.03711 + t * (-5.80852e-2 + t * (3.342e-4 + t * (-1.478e-6 + t * 3.1464e-9))));
}

/** The two fits differ by the change of temperature scale and their own error, m/s. */
const BETWEEN_FITS_MPS = 0.05;

test("the speed of sound in water is that of an independent fit, from freezing to boiling", () => {
  for (let t = 0; t <= 95; t += 2.5) expect(Math.abs(waterSpeedMps(t) - delGrosso(t))).toBeLessThan(BETWEEN_FITS_MPS);
});

test("water at 20 °C carries sound at 1482.4 m/s, and a scanner's 1540 m/s is not reached below 46 °C", () => {
  expect(waterSpeedMps(20)).toBeCloseTo(1482.36, 1);
  expect(waterSpeedMps(46)).toBeLessThan(1540);
});

test("ice and steam are refused", () => {
  expect(() => waterSpeedMps(-1)).toThrow(/no liquid/);
  expect(() => waterSpeedMps(100)).toThrow(/no liquid/);
});
