import { describe, expect, it } from "vitest";
import { mean, standardDeviation } from "../../../src/core/stats.ts";
import { computeBeam } from "../../../src/sim/probe/beam.ts";
import { looksOf } from "../../../src/sim/probe/compounding.ts";
import { createEchoSimulator } from "../../../src/sim/probe/echo.ts";
import { allEffects, onlyEffects, type EchoEffects } from "../../../src/sim/probe/effects.ts";
import { phantomPose, phantomScene, plainTissue, muscleTissue } from "../../../src/sim/probe/phantoms.ts";
import { defaultProbe, defaultSettings, imageGeometry, probes } from "../../../src/sim/probe/probe.ts";

const beam = computeBeam(defaultProbe, 1540, 50);
const speckle = phantomScene({ tissue: () => 0, tissues: [plainTissue()] }, { spacingMm: 1 });
const raw = { smoothingMm: [0, 0] as const, tgcDbPerCm: 0, dynamicRangeDb: 100, gainDb: 40 };
const { spacingMm, faceCentrePx } = imageGeometry(defaultProbe, {});

/** Lines so dense that reading between them calms speckle little by itself (at 0.21 mm by a fifth). */
const dense = { ...defaultProbe, lineCount: 384 };
const denseBeam = computeBeam(dense, 1540, 50);

/** Mean over spread of the intensity of speckle between 18 and 22 mm and within 10 mm of the middle, over four slices. */
function intensitySnr(compoundLooks: number, compoundAngleRad: number): number {
  const simulator = createEchoSimulator(speckle, dense, { ...raw, compoundLooks, compoundAngleRad }, "seed", {
    beam: denseBeam,
    effects: onlyEffects(["speckle"]),
  });
  const intensity: number[] = [];
  for (const z of [-4.5, -1.5, 1.5, 4.5]) {
    const { pixels } = simulator.frame(phantomPose(0, 0, z), 0);
    for (let v = Math.ceil(18 / spacingMm[1]); v * spacingMm[1] < 22; v++) {
      for (let u = Math.ceil(faceCentrePx[0] - 10 / spacingMm[0]); (u - faceCentrePx[0]) * spacingMm[0] < 10; u++) {
        intensity.push(10 ** ((pixels[v * 512 + u]! * raw.dynamicRangeDb) / 2550));
      }
    }
  }
  return mean(intensity) / standardDeviation(intensity);
}

/**
 * At the focus a look's lateral spectrum is that of the two apertures convolved, a trapezoid; steering moves it by
 * 2·sin(angle)/λ. Independent looks among `angles`: N²/ΣΣρ.
 */
function independentLooks(angles: readonly number[]): number {
  const { transmitFNumber: t, receiveFNumber: r } = defaultProbe;
  const trapezoid = (f: number): number => Math.max(0, Math.min(1 / t, 1 / r, (1 / t + 1 / r) / 2 - Math.abs(f))); // in units of 1/λ
  const overlap = (shift: number): number => {
    let sum = 0;
    for (let f = -2; f <= 2; f += 0.002) sum += trapezoid(f) * trapezoid(f - shift);
    return sum;
  };
  const all = angles.flatMap((a) => angles.map((b) => (overlap(2 * (Math.sin(a) - Math.sin(b))) / overlap(0)) ** 2));
  return angles.length ** 2 / all.reduce((sum, rho) => sum + rho, 0);
}

describe("spatial compounding", () => {
  it("calms speckle as much as the looks are independent", () => {
    const one = intensitySnr(1, 0);
    // 5800 cells of speckle: their ratio has a standard error of 2 %. Steered looks are read between samples after
    // detection, as scan converters do, which calms them a little more.
    const LEAST = 0.95, MOST = 1.2; // prettier-ignore
    for (const [looks, angle] of [[3, 0.17], [5, 0.3]] as const) {
      const angles = Array.from({ length: looks }, (_, i) => angle * ((2 * i) / (looks - 1) - 1));
      const expected = Math.sqrt(independentLooks(angles));
      expect(expected).toBeGreaterThan(1.3);
      const found = intensitySnr(looks, angle) / one / expected;
      expect(found).toBeGreaterThan(LEAST);
      expect(found).toBeLessThan(MOST);
    } // prettier-ignore
  });

  it("leaves points where they are", () => {
    const positionsMm = [0.1, 12, 0, -9, 25, 0, 8, 38, 0];
    const { pixels } = createEchoSimulator(speckle, defaultProbe, { ...raw, compoundLooks: 5, compoundAngleRad: 0.2 }, "s", {
      beam,
      effects: onlyEffects([]),
      points: { positionsMm, amplitude: 10 },
    }).frame(phantomPose(), 0); // prettier-ignore
    for (let i = 0; i < positionsMm.length; i += 3) {
      const u0 = positionsMm[i]! / spacingMm[0] + faceCentrePx[0], v0 = positionsMm[i + 1]! / spacingMm[1]; // prettier-ignore
      let weight = 0, su = 0, sv = 0; // prettier-ignore
      for (let v = Math.round(v0) - 10; v <= v0 + 10; v++) {
        for (let u = Math.round(u0) - 10; u <= u0 + 10; u++) {
          const w = 10 ** ((pixels[v * 512 + u]! * raw.dynamicRangeDb) / 2550);
          weight += w;
          su += w * u;
          sv += w * v;
        }
      }
      // C13's tolerances.
      expect(Math.abs(su / weight - u0) * spacingMm[0]).toBeLessThan(0.15);
      expect(Math.abs(sv / weight - v0) * spacingMm[1]).toBeLessThan(0.1);
    }
  });

  it("smears the edge of a shadow by what the outermost beams see past it", () => {
    // A bar of bone 15 mm deep ends at x = 0; at 35 mm the shadow's edge spreads to both sides by 20 mm · tan(angle).
    const scene = phantomScene(
      { bone: (x, y) => Math.hypot(Math.max(0, x), Math.max(0, Math.abs(y - 16) - 1)) - 0.1, tissue: () => 0, tissues: [plainTissue()] },
      { spacingMm: 0.5 },
    ); // prettier-ignore
    const lossAt = (looks: number, xMm: number): number => {
      const effects: EchoEffects = { ...onlyEffects(["speckle", "shadow"]) };
      const settings = { ...raw, compoundLooks: looks, compoundAngleRad: 0.2 };
      const simulator = createEchoSimulator(scene, defaultProbe, settings, "seed", { beam, effects });
      const values: number[] = [];
      for (const z of [-3, 0, 3]) {
        const { pixels } = simulator.frame(phantomPose(0, 0, z), 0);
        for (let v = Math.round(34 / spacingMm[1]); v < 36 / spacingMm[1]; v++) {
          for (let u = -8; u <= 8; u++) {
            values.push(10 ** ((pixels[v * 512 + Math.round(faceCentrePx[0] + xMm / spacingMm[0]) + u]! * 100) / 2550));
          }
        }
      }
      return 10 * Math.log10(mean(values));
    };
    // 2 mm into the shadow the outermost of the five looks (11.5°: 4 mm aside at the bar) still passes by it.
    expect(lossAt(5, -2) - lossAt(1, -2)).toBeGreaterThan(10);
    expect(Math.abs(lossAt(1, 15) - lossAt(5, 15))).toBeLessThan(1.5);
  });

  it("is refused for curved faces, even numbers and angles beyond what elements hear", () => {
    const of = (settings: object) => ({ ...defaultSettings, ...settings });
    expect(() => looksOf(probes["c5-2-r50"], of({ compoundLooks: 3 }))).toThrow(/curved face of c5-2-r50/);
    expect(() => looksOf(defaultProbe, of({ compoundLooks: 4 }))).toThrow(/4 directions/);
    expect(() => looksOf(defaultProbe, of({ compoundLooks: 3, compoundAngleRad: 0.6 }))).toThrow(/34\.4°/);
    expect(looksOf(defaultProbe, of({ compoundLooks: 5, compoundAngleRad: 0.2 })).map((l) => l.steerRad)).toEqual([
      0, -0.1, 0.1, -0.2, 0.2,
    ]);
  });
});

describe("edge enhancement and gray map", () => {
  const scene = phantomScene({ bone: (_x, y) => 25 - y, tissue: () => 0, tissues: [muscleTissue] }, { spacingMm: 1 });
  const pixelsOf = (settings: object): Uint8Array =>
    createEchoSimulator(scene, defaultProbe, settings, "seed", {
      beam,
      effects: { ...allEffects, noise: false },
    }).frame(phantomPose(), 0).pixels;

  it("maps gray levels by gamma and the S-curve, one level to one", () => {
    const plain = pixelsOf({}),
      mapped = pixelsOf({ gamma: 0.7, sCurve: 0.5 });
    const expected = plain.map((gray) => {
      const t = (gray / 255) ** 0.7;
      return Math.round(255 * (t + 0.5 * (3 * t * t - 2 * t ** 3 - t)));
    });
    expect(Buffer.compare(mapped, expected)).toBe(0);
  });

  it("lifts lines above their surroundings and leaves even areas as they are", () => {
    const plain = pixelsOf({ gainDb: -25 }),
      sharp = pixelsOf({ gainDb: -25, edgeEnhancement: 1 });
    let plainSpread = 0, sharpSpread = 0; // prettier-ignore
    const at = (row: number): number => row * 512 + 256;
    for (let row = 245; row < 267; row++) {
      plainSpread = Math.max(plainSpread, plain[at(row)]! - plain[at(row - 12)]!);
      sharpSpread = Math.max(sharpSpread, sharp[at(row)]! - sharp[at(row - 12)]!);
    }
    expect(sharpSpread).toBeGreaterThan(plainSpread + 5);
    const ROUNDING_AND_SPECKLE_GRAY = 2;
    const even = [...plain].map((_, i) => i).filter((i) => i % 512 > 200 && i % 512 < 300 && i > 100 * 512 && i < 180 * 512); // prettier-ignore
    expect(Math.abs(mean(even.map((i) => sharp[i]!)) - mean(even.map((i) => plain[i]!)))).toBeLessThan(ROUNDING_AND_SPECKLE_GRAY); // prettier-ignore
  });
});
