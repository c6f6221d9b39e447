import { expect, it } from "vitest";
import { shownPixels, type FieldOfView, type ImageGeometry } from "../../../src/data/image.ts";
import { withinField } from "../../../src/pipeline/reconstruction/field-of-view.ts";
import { footprintOf } from "../../../src/pipeline/reconstruction/footprint.ts";
import { defaultReconstruction } from "../../../src/pipeline/reconstruction/options.ts";

const size = { width: 120, height: 100, spacingMm: [0.8, 0.8] as const, faceCentrePx: [59.5, 12.5] as const };
const sector: FieldOfView = { kind: "sector", radiusMm: 30, angleRad: 1.2, depthMm: 60 };
const rectangle: FieldOfView = { kind: "rectangle", widthMm: 40, depthMm: 60 };

/** The footprint of the options as a picture of 0 and 1. */
function insertedPixels(geometry: ImageGeometry): Uint8Array {
  const { width, height } = geometry;
  const { ranges } = footprintOf(withinField(defaultReconstruction, geometry), width, height);
  const inserted = new Uint8Array(width * height);
  for (let v = 0; v < height; v++) {
    for (const at of [4 * v, 4 * v + 2]) inserted.fill(1, v * width + ranges[at]!, v * width + ranges[at + 1]!);
  }
  return inserted;
}

it.each([
  ["sector", sector],
  ["rectangle", rectangle],
])("a %s is inserted but for a seam of a pixel or two, and nothing outside it", (_, fieldOfView) => {
  const geometry = { ...size, fieldOfView };
  const shown = shownPixels(geometry)!,
    inserted = insertedPixels(geometry);
  let missed = 0;
  for (let v = 2; v < size.height - 2; v++) {
    for (let u = 2; u < size.width - 2; u++) {
      const at = v * size.width + u;
      if (inserted[at]) expect(shown[at]).toBe(1);
      // PLUS keeps one pixel away from the sides; a pixel deep inside has all of its neighbours inside too.
      const deep = [-2, 2].every((d) => shown[at + d] && shown[at + d * size.width] && shown[at + d * size.width - d] && shown[at + d * size.width + d]); // prettier-ignore
      if (deep && !inserted[at]) missed++;
    }
  }
  expect(inserted.reduce((sum, v) => sum + v, 0)).toBeGreaterThan(3000);
  expect(missed).toBe(0);
});

it("a clip rectangle that is asked for goes before the field of view, and without either the whole image counts", () => {
  const clip = { originPx: [3, 4], sizePx: [10, 10] } as const;
  const geometry = { ...size, fieldOfView: sector };
  expect(withinField({ ...defaultReconstruction, clip }, geometry)).toMatchObject({ clip, fan: "none" });
  expect(withinField(defaultReconstruction, size)).toEqual(defaultReconstruction);
});

it("pixels that are not square get the rectangle around their sector", () => {
  const geometry: ImageGeometry = { ...size, spacingMm: [0.8, 0.5], fieldOfView: sector };
  const { clip, fan } = withinField(defaultReconstruction, geometry);
  expect(fan).toBe("none");
  expect(clip).toMatchObject({ sizePx: [(2 * 90 * Math.sin(0.6)) / 0.8, (60 + 30 * (1 - Math.cos(0.6))) / 0.5] });
});
