import { describe, expect, test } from "vitest";
import type { ImageGeometry } from "../../../src/data/image.ts";
import type { PairObservation } from "../../../src/pipeline/pose/decorrelation/observe-pair.ts";
import type { SweepObservation } from "../../../src/pipeline/pose/decorrelation/observe-sweep.ts";
import { inspectSweep, refuseStatic } from "../../../src/pipeline/pose/inspect.ts";
import type { SweepImages } from "../../../src/pipeline/pose/sweep-images.ts";

const COUNT = 60;
const geometry: ImageGeometry = { width: 100, height: 100, spacingMm: [0.1, 0.1], faceCentrePx: [50, 0] };
const sweep = (changes: Partial<SweepImages> = {}): SweepImages => ({
  name: "stroke",
  count: COUNT,
  geometry,
  timeS: Float64Array.from({ length: COUNT }, (_, i) => i / 28),
  read: () => Promise.reject(new Error("no picture is read")),
  ...changes,
});

/** Ten patches a picture, of which `found` are found again in each pair. */
function observation(found: (pair: number) => number, changes: Partial<SweepObservation> = {}): SweepObservation {
  const ten = (ones: number): Uint8Array => Uint8Array.from({ length: 10 }, (_, k) => (k < ones ? 1 : 0));
  const pairs = Array.from({ length: COUNT }, (_, i) =>
    i === 0 ? undefined : ({ found: ten(found(i)) } as PairObservation),
  );
  return {
    count: COUNT,
    staticShare: 0,
    pictureOf: Int32Array.from({ length: COUNT }, (_, i) => i),
    frames: Array.from({ length: COUNT }, () => ({ usable: ten(10) })),
    pairs: new Map([[1, pairs]]),
    ...changes,
  } as unknown as SweepObservation;
}
const usual = { misfit: new Float64Array(COUNT).fill(1) };
const said = (images: SweepImages, seen: SweepObservation, steps = usual): string => inspectSweep(images, seen, steps).join("\n"); // prettier-ignore

describe("what is odd about a sweep", () => {
  test("nothing is said of a plain one", () => {
    expect(
      said(
        sweep(),
        observation(() => 9),
      ),
    ).toBe("");
  });

  test("a clip in which nothing moves is refused", () => {
    const still = observation(() => 9, { count: 1 });
    expect(() => refuseStatic(sweep(), still)).toThrow("stroke: all 60 images are the same picture, a static clip");
    expect(() =>
      refuseStatic(
        sweep(),
        observation(() => 9),
      ),
    ).not.toThrow();
  });

  test("a scene cut is named by its frame", () => {
    expect(
      said(
        sweep(),
        observation((i) => (i === 33 ? 0 : 9)),
      ),
    ).toContain("scene cut at frame 33:");
  });

  test("a change of the frame rate is named with its factor and place", () => {
    const timeS = Float64Array.from({ length: COUNT }, (_, i) => (i <= 30 ? i / 28 : 30 / 28 + (i - 30) / 14));
    expect(
      said(
        sweep({ timeS }),
        observation(() => 9),
      ),
    ).toMatch(/frame rate changes by a factor of 2\.00 near frame 30/);
  });

  test("burned-in text, non-square pixels and speckle of an unknown probe are named", () => {
    expect(
      said(
        sweep(),
        observation(() => 9, { staticShare: 0.02 }),
      ),
    ).toContain("2.0 % of the picture never changes");
    const wide = { ...geometry, spacingMm: [0.12, 0.1] as const };
    expect(
      said(
        sweep({ geometry: wide }),
        observation(() => 9),
      ),
    ).toContain("pixels are 0.120 by 0.100 mm");
    const foreign = { misfit: new Float64Array(COUNT).fill(3) };
    expect(
      said(
        sweep(),
        observation(() => 9),
        foreign,
      ),
    ).toContain("an unknown probe, gain or tissue");
  });
});
