import { createRng } from "../../../src/core/rng.ts";
import { describe, expect, it } from "vitest";
import { aperturesMm, elementsOf, fieldOver, lensOf, type Sources } from "../../../src/sim/probe/aperture.ts";
import { bandOf } from "../../../src/sim/probe/band.ts";
import { computeBeam } from "../../../src/sim/probe/beam.ts";
import { apertureMm, defaultProbe } from "../../../src/sim/probe/probe.ts";
import {
  coherentPeak,
  coherentShare,
  COSINES,
  diffuseByCosine,
  diffusePowerMm2,
  mirrorDensity,
} from "../../../src/sim/probe/rough-surface.ts";

const TWO_WAY = 61.2; // rad/mm at 7.5 MHz
/** The next term of each limit: g = 0.002 of the first order, 1/g of the facets' law. */
const FIRST_ORDER = 0.005,
  FACETS = 0.03;
const degrees = [0, 10, 20, 30, 40];
const cosineOf = (deg: number): number => Math.cos((deg * Math.PI) / 180);

describe("a rough surface", () => {
  it("of heights far below the wavelength scatters after Bragg's law: (2kσ)²·πl²·exp(−(2k sin t)²l²/4)", () => {
    const surface = { rmsMm: 0.0005, correlationMm: 0.1 };
    for (const deg of degrees) {
      const c = cosineOf(deg),
        bragg =
          (TWO_WAY * surface.rmsMm) ** 2 *
          Math.PI *
          surface.correlationMm ** 2 *
          Math.exp((-(TWO_WAY ** 2) * (1 - c * c) * surface.correlationMm ** 2) / 4);
      expect(Math.abs(diffusePowerMm2(surface, TWO_WAY, c) / bragg - 1)).toBeLessThan(FIRST_ORDER);
    }
  });

  it("of heights above the wavelength scatters by the share of facets at right angles: exp(−tan²t/2s²)/cos⁴t", () => {
    const surface = { rmsMm: 0.12, correlationMm: 0.45 },
      slope2 = (2 * surface.rmsMm ** 2) / surface.correlationMm ** 2;
    for (const deg of degrees) {
      const c = cosineOf(deg),
        facets = ((2 * Math.PI) / (TWO_WAY ** 2 * slope2)) * (Math.exp((1 - 1 / (c * c)) / (2 * slope2)) / c ** 4);
      expect(Math.abs(diffusePowerMm2(surface, TWO_WAY, c) / facets - 1)).toBeLessThan(FACETS);
    }
  });

  it("that is smooth is a mirror and nothing else", () => {
    const smooth = { rmsMm: 0, correlationMm: 0.1 };
    expect(coherentShare(smooth, TWO_WAY, 1)).toBe(1);
    expect(coherentPeak(smooth, defaultProbe, TWO_WAY)(0.7)).toBeCloseTo(1, 12);
    expect(Math.max(...diffuseByCosine(smooth, defaultProbe, TWO_WAY))).toBe(0);
  });

  it("loses half of its mirror's amplitude at (2kσ)²/2 = ln 2, and less of it over a band than at its middle", () => {
    const half = { rmsMm: Math.sqrt(2 * Math.LN2) / TWO_WAY, correlationMm: 0.1 };
    expect(coherentShare(half, TWO_WAY, 1)).toBeCloseTo(0.5, 12);
    const rough = { rmsMm: 0.04, correlationMm: 0.1 };
    expect(coherentPeak(rough, defaultProbe, TWO_WAY)(1)).toBeGreaterThan(1.3 * coherentShare(rough, TWO_WAY, 1));
  });

  it("is seen at no angle beyond 84°", () => {
    const table = diffuseByCosine({ rmsMm: 0.03, correlationMm: 0.1 }, defaultProbe, TWO_WAY);
    expect(table).toHaveLength(COSINES);
    expect(table[12]).toBe(0);
    expect(table[13]).toBeGreaterThan(0);
  });
});

it("at the focus a mirror gathers what the fields of array and lens add up to over the band", () => {
  const SPEED_MPS = 1540,
    Z = 20;
  const beam = computeBeam(defaultProbe, SPEED_MPS, 30);
  const found = 1 / mirrorDensity(beam, defaultProbe, 2, Z)[1]!;
  const band = bandOf(defaultProbe, SPEED_MPS),
    bins = band.hz.length;
  const { transmit, receive } = aperturesMm(defaultProbe, Z);
  const STEP_MM = 0.04;
  /** Over one direction of the face: the sum of the two-way field and of its power at each frequency. */
  const gathered = (sent: Sources, heard: Sources) => {
    const re = new Float64Array(bins), im = new Float64Array(bins), power = new Float64Array(bins); // prettier-ignore
    const a = new Float64Array(bins), b = new Float64Array(bins), c = new Float64Array(bins), d = new Float64Array(bins); // prettier-ignore
    for (let i = -60; i <= 60; i++) {
      fieldOver(sent, band, SPEED_MPS, i * STEP_MM, Z, a, b);
      fieldOver(heard, band, SPEED_MPS, i * STEP_MM, Z, c, d);
      for (let f = 0; f < bins; f++) {
        const x = a[f]! * c[f]! - b[f]! * d[f]!, y = a[f]! * d[f]! + b[f]! * c[f]!; // prettier-ignore
        re[f]! += STEP_MM * x;
        im[f]! += STEP_MM * y;
        power[f]! += STEP_MM * (x * x + y * y);
      }
    }
    return { re, im, power };
  };
  const lens = lensOf(defaultProbe, beam.wavelengthMm);
  const across = gathered(elementsOf(defaultProbe, transmit, Z), elementsOf(defaultProbe, receive, Z)),
    along = gathered(lens, lens);
  let peak = 0,
    energy = 0;
  for (let t = -2; t <= 2; t += 0.1) {
    let re = 0, im = 0; // prettier-ignore
    for (let f = 0; f < bins; f++) {
      const a = across.re[f]! * along.re[f]! - across.im[f]! * along.im[f]!,
        b = across.re[f]! * along.im[f]! + across.im[f]! * along.re[f]!;
      const p = a * band.re[f]! - b * band.im[f]!,
        q = a * band.im[f]! + b * band.re[f]!;
      const turn = (2 * Math.PI * (f - bins / 2) * t) / bins;
      re += (p * Math.cos(turn) - q * Math.sin(turn)) / bins;
      im += (p * Math.sin(turn) + q * Math.cos(turn)) / bins;
    }
    peak = Math.max(peak, Math.hypot(re, im));
  }
  for (let f = 0; f < bins; f++) {
    energy += ((band.re[f]! ** 2 + band.im[f]! ** 2) * across.power[f]! * along.power[f]!) / bins;
  }
  const pulseEnergy = band.pulse.reduce((sum, p) => sum + p * p, 0),
    spacing = apertureMm(defaultProbe) / defaultProbe.lineCount;
  // The tables keep the mean power of speckle: unit energy per line and per mm of elevation, times that of the pulse.
  const expected = peak * Math.sqrt((spacing * pulseEnergy) / energy);
  const TABLES = 0.07; // three products, three taps, lobes beyond twelve lines: 5 % were found, 0.4 dB
  expect(Math.abs(found / expected - 1)).toBeLessThan(TABLES);
});

it("Kirchhoff's integral over the normals of a rough surface is 1/cos t of that without them, not cos t (check C15)", () => {
  // p = R ∫ u·n e^{-i2k·u·r} dS; n dS = (−h', 1) dx, and by parts −∫h' e^{…} = tan t · ∫e^{…}: cos t + sin t · tan t = 1/cos t.
  const rng = createRng("kirchhoff");
  const waves = Array.from({ length: 30 }, () => ({
    k: rng.normal() * 8,
    phase: 2 * Math.PI * rng.uniform(),
    height: 0.03 * Math.sqrt(2 / 30),
  }));
  for (const deg of [8, 24, 36, 48]) {
    const t = (deg * Math.PI) / 180, sine = Math.sin(t), cosine = Math.cos(t); // prettier-ignore
    let re = 0, im = 0, plainRe = 0, plainIm = 0; // prettier-ignore
    const STEP_MM = 0.002;
    for (let x = -12; x <= 12; x += STEP_MM) {
      let h = 0, slope = 0; // prettier-ignore
      for (const { k, phase, height } of waves) {
        h += height * Math.cos(k * x + phase);
        slope -= height * k * Math.sin(k * x + phase);
      }
      const taper = Math.exp(-(x * x) / (2 * 3 * 3)), // so that the ends, which the parts leave over, count nothing
        turn = TWO_WAY * (x * sine + h * cosine), c = taper * Math.cos(turn), s = -taper * Math.sin(turn); // prettier-ignore
      re += (cosine - sine * slope) * c;
      im += (cosine - sine * slope) * s;
      plainRe += c;
      plainIm += s;
    }
    const TAPER = 0.05; // its own slope, over q_z
    const ratio = Math.hypot(re, im) / Math.hypot(plainRe, plainIm);
    expect(Math.abs(ratio * cosine - 1)).toBeLessThan(TAPER);
    if (deg > 20) expect(Math.abs(ratio / cosine - 1)).toBeGreaterThan(2 * TAPER);
  }
});
