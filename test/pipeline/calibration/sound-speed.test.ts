import { expect, test } from "vitest";
import { fromAxisAngle, transformPoint } from "../../../src/core/rigid.ts";
import { imageFromPixel, type ImageGeometry } from "../../../src/data/image.ts";
import { waterSpeedMps } from "../../../src/data/water.ts";
import { multiply3x4 } from "../../../src/core/rigid.ts";
import { correctSpeed } from "../../../src/pipeline/calibration/sound-speed.ts";

const geometry: ImageGeometry = { width: 512, height: 400, spacingMm: [0.1, 0.12], faceCentrePx: [255.5, 17] };
const probeFromImage = fromAxisAngle<"probe", "image">([1, 2, -1], 0.7, [30, -70, 95]).m;
const inTissue = multiply3x4(probeFromImage, imageFromPixel(geometry));

/** What a perfect calibration in water finds: rows stand for less depth. */
function inWater(mps: number): Float64Array {
  const squeezed = imageFromPixel(geometry).map((x, i) => (i >= 4 && i < 8 ? (x * mps) / 1540 : x));
  return multiply3x4(probeFromImage, squeezed);
}

const ROUNDING_MM = 1e-9;

function worst(a: Readonly<Float64Array>, b: Readonly<Float64Array>): number {
  return Math.max(
    ...[
      [0, 0],
      [511, 0],
      [0, 399],
      [511, 399],
    ].map(([u, v]) => {
      // prettier-ignore
      const p = transformPoint(a, u!, v!, 0),
        q = transformPoint(b, u!, v!, 0);
      return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
    }),
  );
}

test("a calibration made in cold water is right in tissue once the temperature or the wires have given the speed", () => {
  for (const temperatureC of [4, 15, 21, 30]) {
    const found = inWater(waterSpeedMps(temperatureC));
    for (const water of [{ kind: "temperature", temperatureC }, { kind: "wires" }] as const) {
      const corrected = correctSpeed(found, geometry, water);
      expect(worst(corrected.probeFromPixel, inTissue)).toBeLessThan(ROUNDING_MM);
      expect(corrected.impliedMps).toBeCloseTo(waterSpeedMps(temperatureC), 6);
      expect(corrected.sentences).toHaveLength(1);
    }
  }
});

test("uncorrected, water of 15 °C leaves an error of 4.8 % of the depth, and says so", () => {
  const mps = waterSpeedMps(15);
  const { probeFromPixel, sentences } = correctSpeed(inWater(mps), geometry, { kind: "uncorrected" });
  const depthMm = (399 - 17) * 0.12;
  expect(worst(probeFromPixel, inTissue)).toBeCloseTo(depthMm * (1 - mps / 1540), 6);
  expect(sentences.join(" ")).toMatch(/wrong in tissue.*temperature/);
});

test("a thermometer that contradicts the wires is reported, and without the scanner's spacing nothing is guessed", () => {
  const found = inWater(waterSpeedMps(15));
  const contradicted = correctSpeed(found, geometry, { kind: "temperature", temperatureC: 37 });
  expect(contradicted.sentences.join(" ")).toMatch(/wires imply 1466 m\/s instead/);
  const blind = correctSpeed(found, undefined, { kind: "wires" });
  expect(blind.usedMps).toBe(1540);
  expect(blind.sentences.join(" ")).toMatch(/give its temperature/);
});
