import { describe, expect, it } from "vitest";
import { computeBeam } from "../../../src/sim/probe/beam.ts";
import { allEffects } from "../../../src/sim/probe/effects.ts";
import { muscleTissue, phantomPose, plainTissue } from "../../../src/sim/probe/phantoms.ts";
import { defaultProbe } from "../../../src/sim/probe/probe.ts";
import { scanLines } from "../../../src/sim/probe/scan-lines.ts";
import { createStructure, sheetResponse } from "../../../src/sim/probe/structure.ts";
import { tissueTable } from "../../../src/sim/probe/tissue-table.ts";

const beam = computeBeam(defaultProbe, 1540, 30);
const scan = scanLines(defaultProbe);
const ROW_MM = 0.25,
  ROWS = 120;
const MUSCLE = 0,
  PLAIN = 1;

/** Muscle from 5 to 20 mm between plain tissue, or all of one tissue; flat skin at y = 0. */
function structureOf(
  tissueAt: (depthMm: number) => number,
  seed = 7,
  fibre: readonly [number, number, number] = [1, 0, 0],
) {
  const tissues = [{ ...muscleTissue, fibreDirection: fibre }, plainTissue()];
  const cells = scan.count * ROWS;
  const map = {
    rows: ROWS,
    rowMm: ROW_MM,
    label: Int16Array.from({ length: cells }, (_, at) => tissueAt(Math.floor(at / scan.count) * ROW_MM)),
    pushed: new Float32Array(cells),
    boneDepthMm: new Float32Array(scan.count).fill(NaN),
    echo: new Float32Array(cells).fill(1),
    loss: new Float32Array(cells),
  };
  const table = tissueTable(tissues, defaultProbe.frequencyHz, 1540, allEffects);
  const skinAt = (_x: number, y: number): number => -y;
  const put = createStructure({ scan, probe: defaultProbe, beam, table, skinAt, seed, mirror: 1 }, map);
  return { map, sheets: put(phantomPose()) };
}

describe("structure inside tissue", () => {
  const layered = (depth: number): number => (depth >= 5 && depth < 20 ? MUSCLE : PLAIN);

  it("has sheets in the tissue that has a texture, and leaves plain tissue as it was", () => {
    const { map, sheets } = structureOf(layered);
    expect(sheets.length).toBeGreaterThan(scan.count); // a line crosses more than one
    for (const { depthMm, amplitude } of sheets) {
      expect(depthMm).toBeGreaterThanOrEqual(5 - ROW_MM);
      expect(depthMm).toBeLessThanOrEqual(20);
      expect(amplitude).toBeGreaterThan(0);
    }
    const untouched = map.echo.subarray(0, Math.floor(4.9 / ROW_MM) * scan.count);
    expect(untouched.every((value) => value === 1)).toBe(true);
  });

  it("is a function of seed and place: the same again, another with another seed", () => {
    const key = (seed: number): string =>
      structureOf(layered, seed)
        .sheets.map(({ line, depthMm }) => `${line} ${depthMm}`)
        .join();
    expect(key(7)).toBe(key(7));
    expect(key(7)).not.toBe(key(8));
  });

  it("is darker where the beam runs along the fibres than across them", () => {
    const mean = (fibre: readonly [number, number, number]): number => {
      const { echo } = structureOf(() => MUSCLE, 7, fibre).map;
      return echo.reduce((sum, value) => sum + value, 0) / echo.length;
    };
    expect(mean([0, 1, 0])).toBeLessThan(0.9 * mean([1, 0, 0]));
  });

  it("answers most at right angles, alike to both sides, and never dies out at a slant as a mirror does", () => {
    const at = (slope: number, side = 0): number => sheetResponse(beam, defaultProbe, 20, slope, side);
    expect(at(0.1)).toBeCloseTo(at(-0.1), 12);
    expect(at(0)).toBeGreaterThan(at(0.1));
    expect(at(0.1)).toBeGreaterThan(at(0.4));
    expect(at(0.4)).toBeGreaterThan(0.1 * at(0));
    expect(at(0, 0.2)).toBeLessThan(at(0));
  });
});
