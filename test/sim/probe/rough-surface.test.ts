import { describe, expect, it } from "vitest";
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

it("at the focus a mirror gathers what the products of two sinc beams do, laterally and in elevation", () => {
  const beam = computeBeam(defaultProbe, 1540, 30);
  const found = 1 / mirrorDensity(beam, defaultProbe, 2, 20)[1]!;
  // ∫sinc(x/a)·sinc(x/b) = b and ∫ of its square = b(1 − b/3a), a = λF of transmit, b = λF of receive, b < a.
  const { transmitFNumber, receiveFNumber, elevationApertureMm, elevationFocusMm, lineCount } = defaultProbe;
  const a = beam.wavelengthMm * transmitFNumber,
    b = beam.wavelengthMm * receiveFNumber,
    e = (beam.wavelengthMm * elevationFocusMm) / elevationApertureMm;
  const spacing = apertureMm(defaultProbe) / lineCount;
  const lateral = b * Math.sqrt(spacing / (b * (1 - b / (3 * a)))),
    elevation = e / Math.sqrt((2 / 3) * e);
  /** The middle of the band lies 9 % below the carrier, and elements see less sideways: beams 7 % wider than a sinc. */
  const BAND = 0.2;
  expect(Math.abs(found / (lateral * elevation) - 1)).toBeLessThan(BAND);
});
