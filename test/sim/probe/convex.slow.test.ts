import { describe, expect, it } from "vitest";
import { fromAxisAngle, multiply3x4, transformPoint } from "../../../src/core/rigid.ts";
import { shownPixels } from "../../../src/data/image.ts";
import { computeBeam } from "../../../src/sim/probe/beam.ts";
import { createEchoSimulator } from "../../../src/sim/probe/echo.ts";
import { allEffects } from "../../../src/sim/probe/effects.ts";
import { fatTissue, muscleTissue, phantomPose, phantomScene } from "../../../src/sim/probe/phantoms.ts";
import { defaultProbe, imageGeometry, probes, type Probe } from "../../../src/sim/probe/probe.ts";

/** Half way between two voxels, where their labels change, mm. */
const FASCIA_MM = 5.625;

/** A bone of radius 20 mm about (0, 48) under fat and muscle. */
const scene = phantomScene(
  {
    bone: (x, y) => Math.hypot(x, y - 48) - 20,
    tissue: (_x, y) => (y < FASCIA_MM ? 0 : 1),
    tissues: [fatTissue, muscleTissue],
  },
  { halfMm: [70, 10], depthMm: 90, spacingMm: 0.75 },
);
const probe: Probe = probes["microconvex-r20"];
const settings = { widthPx: 320, heightPx: 256, depthMm: 60 };
const geometry = imageGeometry(probe, settings);
const beam = computeBeam(probe, 1540, 60);
/** The distance field is read between voxels of 0.75 mm: a sphere of 20 mm bends by 3.5 µm over one, twice that at worst. */
const BETWEEN_VOXELS_MM = 0.01;

describe("a convex probe", () => {
  it("draws the same in WebAssembly and in TypeScript, pressed and turned", () => {
    const fast = createEchoSimulator(scene, probe, settings, "seed", { beam }),
      plain = createEchoSimulator(scene, probe, settings, "seed", { beam, path: "typescript" });
    // 32 bits round three times more than below a flat face: a scatterer between two samples may fall to the other one.
    const DIFFERENT_SHARE = 5e-4;
    let different = 0, count = 0, sum = 0; // prettier-ignore
    for (const pose of [phantomPose(), multiply3x4(phantomPose(2, 3, 1), fromAxisAngle([0.3, 1, 0.1], 0.5).m)]) {
      const a = fast.frame(pose, 0).pixels,
        b = plain.frame(pose, 0).pixels;
      for (let at = 0; at < a.length; at++, count++) {
        sum += b[at]!;
        if (Math.abs(a[at]! - b[at]!) > 1) different++;
      }
    }
    expect(sum / count).toBeGreaterThan(10);
    expect(different / count).toBeLessThan(DIFFERENT_SHARE);
  });

  it("meets bone where its straight lines first touch it, and tells each column's topmost point", () => {
    const pose = phantomPose(3, 2, 0);
    const { hitsMm, trueRidge, pixels } = createEchoSimulator(scene, probe, settings, "seed", { beam }).frame(pose, 0);
    let hits = 0;
    for (let i = 0; i < hitsMm.length; i += 4) {
      if (Number.isNaN(hitsMm[i]!)) continue;
      hits++;
      expect(Math.abs(Math.hypot(hitsMm[i]!, hitsMm[i + 1]! - 48) - 20)).toBeLessThan(BETWEEN_VOXELS_MM);
      // From the centre of the face's circle through the hit: the cosine that the hit tells.
      const dx = hitsMm[i]! - 3, dy = hitsMm[i + 1]! - (2 - probe.radiusMm!); // prettier-ignore
      const nx = hitsMm[i]! / 20, ny = (hitsMm[i + 1]! - 48) / 20; // prettier-ignore
      expect(hitsMm[i + 3]).toBeCloseTo(-(dx * nx + dy * ny) / Math.hypot(dx, dy), 2);
    }
    expect(hits).toBeGreaterThan(60);
    let columns = 0;
    trueRidge.forEach((row, column) => {
      if (Number.isNaN(row)) return;
      columns++;
      const x = (column - geometry.faceCentrePx[0]) * geometry.spacingMm[0],
        y = (row - geometry.faceCentrePx[1]) * geometry.spacingMm[1];
      const [px, py] = transformPoint(pose, x, y, 0);
      // Straight between two lines, 0.9 mm apart at most, and up to 3 mm along them on the flank: the chord's sagitta.
      const SAGITTA_MM = (0.9 ** 2 + 3 ** 2) / (8 * 20);
      expect(Math.abs(Math.hypot(px, py - 48) - 20)).toBeLessThan(BETWEEN_VOXELS_MM + SAGITTA_MM);
    });
    expect(columns).toBeGreaterThan(80);
    // Nothing is drawn outside the sector, and echoes come up to its edges.
    const shown = shownPixels(geometry)!;
    let outside = 0, dark = 0, inside = 0; // prettier-ignore
    pixels.forEach((gray, at) => {
      if (!shown[at]) outside = Math.max(outside, gray);
      else if (++inside && gray === 0) dark++;
    });
    expect(outside).toBe(0);
    expect(dark / inside).toBeLessThan(0.35);
  });
});

describe("pressing the face into tissue", () => {
  const pressed = phantomPose(0, 4, 0);
  const simulate = (compression: boolean) =>
    createEchoSimulator(scene, defaultProbe, {}, "seed", {
      effects: { ...allEffects, noise: false, structure: false, compression },
    });

  it("does not move bone", () => {
    const with_ = simulate(true).frame(pressed, 0),
      without = simulate(false).frame(pressed, 0);
    expect(with_.trueRidge).toEqual(without.trueRidge);
    expect(with_.hitsMm).toEqual(without.hitsMm);
  });

  it("keeps all tissue between face and bone: the fascia comes down by its share", () => {
    // 28 mm of tissue are squeezed to 24: what rests at 5.6 mm is seen at 5.6·24/28 = 4.8 mm below the face, not at 1.6 mm.
    const { pixels } = simulate(true).frame(pressed, 0);
    const spacing = 50 / 512;
    const rowsOf = (fromMm: number, toMm: number): number => {
      let best = 0, bestRow = 0; // prettier-ignore
      for (let row = Math.round(fromMm / spacing); row < toMm / spacing; row++) {
        let sum = 0;
        for (let column = 236; column < 276; column++) sum += pixels[row * 512 + column]!;
        if (sum > best) [best, bestRow] = [sum, row];
      }
      return bestRow * spacing;
    };
    // Fat is shown deeper at its 1450 m/s; the tolerance is a row and half a pulse.
    const PULSE_MM = 0.2;
    const expected = ((FASCIA_MM * 24) / 28) * (1540 / 1450);
    expect(Math.abs(rowsOf(1, 9) - expected)).toBeLessThan(PULSE_MM);
  });
});
