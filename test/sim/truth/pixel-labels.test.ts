import { describe, expect, it } from "vitest";
import type { ImageGeometry } from "../../../src/data/image.ts";
import { imageGeometry, defaultProbe, probes } from "../../../src/sim/probe/probe.ts";
import { fatTissue, muscleTissue, phantomPose, phantomScene } from "../../../src/sim/probe/phantoms.ts";
import { OUTSIDE, pixelLabels, ridgeCosines, SHADOW, shownRidge } from "../../../src/sim/truth/pixel-labels.ts";

/** Half way between two voxels of 0.75 mm, where their labels change, mm. */
const FASCIA_MM = 5.625;
/** A bone of radius 20 mm about (0, 48). */
const scene = phantomScene(
  {
    bone: (x, y) => Math.hypot(x, y - 48) - 20,
    tissue: (_x, y) => (y < FASCIA_MM ? 0 : 1),
    tissues: [fatTissue, muscleTissue],
  },
  { halfMm: [50, 4], depthMm: 70, spacingMm: 0.75 },
);
const flat = imageGeometry(defaultProbe, { widthPx: 200, heightPx: 200, depthMm: 50 });
const sector = imageGeometry(probes["microconvex-r20"], { widthPx: 240, heightPx: 200, depthMm: 50 });

/** First bone of each column of a straight or fanned beam on the circle about (0, 48 − yMm), in rows. */
function ridgeOf({ width, spacingMm, faceCentrePx, fieldOfView }: ImageGeometry, yMm: number): Float32Array {
  return Float32Array.from({ length: width }, (_, u) => {
    const x = (u - faceCentrePx[0]) * spacingMm[0];
    // Fanned beams graze the circle where they touch it: further out they miss it.
    const furthest = fieldOfView?.kind === "sector" ? 20 * Math.cos(Math.asin(20 / (68 - yMm))) : 20;
    return Math.abs(x) < furthest ? (48 - yMm - Math.sqrt(400 - x * x)) / spacingMm[1] + faceCentrePx[1] : NaN;
  });
}
const pixelAt = ({ width, spacingMm, faceCentrePx }: ImageGeometry, x: number, y: number): number =>
  Math.round(y / spacingMm[1] + faceCentrePx[1]) * width + Math.round(x / spacingMm[0] + faceCentrePx[0]);

describe("labels of pixels", () => {
  it("are those of the tissue that the pressed face has squeezed to where it is", () => {
    const labels = pixelLabels(scene, phantomPose(0, 4, 0), flat, ridgeOf(flat, 4));
    // In the middle 28 mm of tissue stand in 24 mm.
    const fascia = (FASCIA_MM * 24) / 28;
    const ROW_MM = 0.25;
    expect(labels[pixelAt(flat, 0, fascia - 2 * ROW_MM)]).toBe(0);
    expect(labels[pixelAt(flat, 0, fascia + 2 * ROW_MM)]).toBe(1);
    // Without the squeeze fat would end 1.6 mm below the face.
    expect(labels[pixelAt(flat, 0, 3)]).toBe(0);
    const floating = pixelLabels(scene, phantomPose(), flat, ridgeOf(flat, 0));
    expect(floating[pixelAt(flat, 0, FASCIA_MM - 2 * ROW_MM)]).toBe(0);
    expect(floating[pixelAt(flat, 0, FASCIA_MM + 2 * ROW_MM)]).toBe(1);
  });

  it("tell the shadow along the beams: parallel below a flat face, fanned below a curved one", () => {
    const straight = pixelLabels(scene, phantomPose(), flat, ridgeOf(flat, 0)),
      fanned = pixelLabels(scene, phantomPose(), sector, ridgeOf(sector, 0));
    for (const [labels, geometry] of [[straight, flat], [fanned, sector]] as const) {
      expect(labels[pixelAt(geometry, 0, 27)]).toBe(1);
      expect(labels[pixelAt(geometry, 0, 29)]).toBe(1 | SHADOW);
      expect(labels[pixelAt(geometry, 0, 45)]).toBe(1 | SHADOW);
    } // prettier-ignore
    // At (18, 49): on a straight beam it lies behind the circle's flank, and so it does on a fanned one; (19, 40) is
    // passed by the fanned beam, which comes from the middle, only after it has been through the bone's edge.
    expect(straight[pixelAt(flat, 18, 49)]! & SHADOW).toBe(SHADOW);
    expect(fanned[pixelAt(sector, 18, 49)]! & SHADOW).toBe(SHADOW);
    // The outermost beam that touches the circle leaves it to one side: beyond its angle there is light.
    const touch = Math.asin(20 / 68);
    for (const range of [60, 68]) {
      const at = (angle: number): number => fanned[pixelAt(sector, range * Math.sin(angle), range * Math.cos(angle) - 20)]!; // prettier-ignore
      expect(at(touch + 0.03) & SHADOW).toBe(0);
      if (range === 68) expect(at(touch - 0.03) & SHADOW).toBe(SHADOW);
    }
  });

  it("say where the scene ends", () => {
    const far = pixelLabels(scene, phantomPose(60, 0, 0), flat, new Float32Array(200).fill(NaN));
    expect(far[pixelAt(flat, 0, 20)]).toBe(OUTSIDE);
  });
});

describe("the ridge as it is shown", () => {
  it("lies deeper by what fat delays and shallower by what muscle does, on the beam", () => {
    for (const geometry of [flat, sector]) {
      const ridge = ridgeOf(geometry, 0),
        labels = pixelLabels(scene, phantomPose(), geometry, ridge);
      const shown = shownRidge(scene, labels, geometry, ridge, 1540);
      const middle = Math.round(geometry.faceCentrePx[0]);
      const delay = FASCIA_MM * (1540 / 1450 - 1) + (28 - FASCIA_MM) * (1540 / 1580 - 1);
      // A row of the fascia's pixels may fall to the other tissue.
      const ROW_MM = 0.3 * (1580 / 1450 - 1);
      expect(Math.abs((shown[middle]! - ridge[middle]!) * geometry.spacingMm[1] - delay)).toBeLessThan(ROW_MM);
    }
  });

  it("is met at the angle between its normal and the beam", () => {
    const beamAngles = [0, Math.atan2(8, 48 - Math.sqrt(400 - 64) + 20)];
    for (const [i, geometry] of [flat, sector].entries()) {
      const cosines = ridgeCosines(scene, phantomPose(), geometry, ridgeOf(geometry, 0));
      const column = Math.round(8 / geometry.spacingMm[0] + geometry.faceCentrePx[0]);
      const x = (column - geometry.faceCentrePx[0]) * geometry.spacingMm[0];
      const normal = Math.asin(x / 20);
      expect(cosines[column]).toBeCloseTo(Math.cos(normal + beamAngles[i]!), 2);
    }
  });
});
