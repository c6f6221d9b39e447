import { expect, test } from "vitest";
import { compose, fromAxisAngle, type Rigid } from "../../../src/core/rigid.ts";
import { waterSpeedMps } from "../../../src/data/water.ts";
import { computeBeam } from "../../../src/sim/probe/beam.ts";
import { createEchoSimulator } from "../../../src/sim/probe/echo.ts";
import { defaultProbe, defaultSettings } from "../../../src/sim/probe/probe.ts";
import { crossedWires, fCal20, tankBottom, type PhantomDesign } from "../../../src/sim/calibration-phantoms/design.ts";
import { waterTank } from "../../../src/sim/calibration-phantoms/tank.ts";

const SIZE = 512;
const PIXEL_MM = 50 / SIZE;
/** A session's gain: no attenuation in water, so next to none is given back. */
const settings = { gainDb: 0, tgcDbPerCm: 2 };
const beam = computeBeam(defaultProbe, defaultSettings.assumedSpeedMps, 50);

/** Face at (x, y, z) of the phantom, looking down. */
const down = (x: number, y: number, z: number): Rigid<"knee", "image"> => ({
  m: Float64Array.of(1, 0, 0, x, 0, 0, 1, y, 0, -1, 0, z),
});

function picture(design: PhantomDesign, pose: Rigid<"knee", "image">, waterC: number): Uint8Array {
  return createEchoSimulator(waterTank(design, waterC), defaultProbe, settings, "tank", { beam }).frame(pose.m, 0)
    .pixels;
}

/** Centre of what is above half the brightest within 2 mm of (u, v), and the brightest gray value. */
function dotAt(pixels: Uint8Array, u0: number, v0: number): { u: number; v: number; peak: number } {
  const reach = Math.round(2 / PIXEL_MM);
  let peak = 0;
  const each = (use: (u: number, v: number, gray: number) => void): void => {
    for (let v = Math.round(v0) - reach; v <= v0 + reach; v++)
      for (let u = Math.round(u0) - reach; u <= u0 + reach; u++) use(u, v, pixels[v * SIZE + u]!);
  };
  each((_u, _v, gray) => (peak = Math.max(peak, gray)));
  let mass = 0, su = 0, sv = 0; // prettier-ignore
  each((u, v, gray) => {
    if (gray <= peak / 2) return;
    mass += gray - peak / 2;
    su += (gray - peak / 2) * u;
    sv += (gray - peak / 2) * v;
  });
  return { u: su / mass, v: sv / mass, peak };
}

/** Half a pixel of the display and of the echo's own quantisation, mm. */
const ACROSS_MM = 0.06;
/** Front echo a radius (0.15 mm) nearer, tail of half a millimetre further: the echo's centre is off by this at most. */
const ALONG_MM = 0.25;

test("every wire of the N-wire phantom shows where its middle line cuts the image, at the scanner's depth", () => {
  const waterC = 20,
    pose = down(46, 14, 38);
  const pixels = picture(fCal20, pose, waterC);
  for (const { frontMm: a, backMm: b } of fCal20.patterns.flatMap(({ wires }) => wires)) {
    const s = (14 - a[1]) / (b[1] - a[1]);
    const u = (a[0] + s * (b[0] - a[0]) - 46) / PIXEL_MM + (SIZE - 1) / 2,
      v = ((38 - a[2]) * 1540) / waterSpeedMps(waterC) / PIXEL_MM;
    const dot = dotAt(pixels, u, v);
    expect(dot.peak).toBeGreaterThan(120);
    expect(Math.abs(dot.u - u) * PIXEL_MM).toBeLessThan(ACROSS_MM);
    expect(Math.abs(dot.v - v) * PIXEL_MM).toBeLessThan(ALONG_MM);
  }
});

test("colder water shows wires deeper: 3 °C instead of 40 °C by 7 %", () => {
  const depth = (waterC: number): number => {
    const row = (38 * 1540) / waterSpeedMps(waterC) / PIXEL_MM,
      column = (35 - 46) / PIXEL_MM + (SIZE - 1) / 2;
    return dotAt(picture(fCal20, down(46, 20, 38), waterC), column, row).v;
  };
  expect(depth(3) / depth(40)).toBeCloseTo(waterSpeedMps(40) / waterSpeedMps(3), 2);
});

test("a wire fades when it is tilted out of the right angle to the beam, as a mirror does", () => {
  const level = (tilt: number): number => {
    const pose = compose(down(46, 20, 38), fromAxisAngle<"image", "image">([1, 0, 0], tilt));
    return picture(fCal20, pose, 20).reduce((n, gray, i) => (i > 100 * SIZE && gray > 90 ? n + 1 : n), 0);
  };
  expect(level(0.1)).toBeLessThan(0.8 * level(0));
  expect(level(0.3)).toBeLessThan(0.1 * level(0));
});

/** 7 dB below the peak of one wire (60 dB are 255): two dots are told apart where the echo falls by half between them. */
const LIT = 175;

test("two crossed wires are one dot where they cross and two a millimetre beside it", () => {
  const dots = (offMm: number): number => {
    const pixels = picture(crossedWires, down(0, offMm, 22), 20);
    const row = Math.round((22 * 1540) / waterSpeedMps(20) / PIXEL_MM);
    let runs = 0;
    for (let u = 1; u < SIZE; u++) {
      const lit = (column: number): boolean =>
        [-3, -2, -1, 0, 1, 2, 3].some((dv) => pixels[(row + dv) * SIZE + column]! > LIT);
      if (lit(u) && !lit(u - 1)) runs++;
    }
    return runs;
  };
  expect(dots(0)).toBe(1);
  expect(dots(1.2)).toBe(2);
});

test("the bottom of the tank is a bright line at the scanner's depth, level with the face", () => {
  const pixels = picture(tankBottom, down(0, 0, 25), 20);
  const row = (25 * 1540) / waterSpeedMps(20) / PIXEL_MM;
  for (const u of [120, 256, 400]) expect(Math.abs(dotAt(pixels, u, row).v - row) * PIXEL_MM).toBeLessThan(ALONG_MM);
});
