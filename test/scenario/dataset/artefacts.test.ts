import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import {
  drawTankPose,
  hideBelowGas,
  inWater,
  wireTank,
  withGas,
  withoutBone,
  withWires,
} from "../../../src/scenario/dataset/artefacts.ts";
import { fatTissue, muscleTissue, phantomPose, phantomScene } from "../../../src/sim/probe/phantoms.ts";
import { createEchoSimulator } from "../../../src/sim/probe/echo.ts";
import { defaultProbe } from "../../../src/sim/probe/probe.ts";

const bone = { ...muscleTissue, name: "bone", texture: "none", echoDb: -Infinity } as const;
/** A flat bone 22 mm below the face under fat and muscle. */
const scene = phantomScene({
  bone: (_, y) => 22 - y,
  tissue: (_, y) => (y < 6 ? 0 : y < 22 ? 1 : 2),
  tissues: [fatTissue, muscleTissue, bone],
});
const poses = (count: number): Float64Array => {
  const all = new Float64Array(12 * count);
  for (let i = 0; i < count; i++) all.set(phantomPose(), 12 * i);
  return all;
};

test("without bone there is none in any picture, and what filled it is muscle", () => {
  const bare = withoutBone(scene);
  expect(bare.boneDistanceMm.every((mm) => mm > 50)).toBe(true);
  expect(bare.tissue.includes(2)).toBe(false);
  expect(scene.tissue.includes(2)).toBe(true); // the scene itself is left as it was
});

test("in water the bones are where they were, and all around them is silent and alike", () => {
  const wet = inWater(scene, 20);
  expect(wet.boneDistanceMm).toBe(scene.boneDistanceMm);
  const around = wet.tissues.filter(({ name }) => name !== "bone");
  expect(new Set(around.map(({ speedMps }) => speedMps.toFixed(1)))).toEqual(new Set(["1482.4"])); // Marczak at 20 °C
  expect(around.every(({ echoDb }) => echoDb === -Infinity)).toBe(true);
  expect(wet.tissues.find(({ name }) => name === "bone")).toEqual(scene.tissues.find(({ name }) => name === "bone"));
});

test("gas lies above bone, is told by its speed of sound, and a train of reflectors rings below it", () => {
  const gassy = withGas(scene, poses(6), 1, createRng("gas"));
  const label = gassy.tissues.findIndex(({ name }) => name === "gas");
  expect(label).toBe(3);
  const [nx, ny] = scene.grid.shape, { originMm, spacingMm } = scene.grid; // prettier-ignore
  gassy.tissue.forEach((here, at) => {
    if (here === label) expect(originMm[1] + (Math.floor(at / nx) % ny) * spacingMm[1]).toBeLessThan(22);
  });
  expect(gassy.tissue.includes(label)).toBe(true);
  expect(gassy.wires!.length).toBeGreaterThan(12);
});

test("bone that gas hides is no bone to find: its columns lose their ridge, the others keep it", () => {
  const gassy = withGas(scene, poses(2), 1, createRng("gas"));
  const gas = gassy.tissues.findIndex(({ name }) => name === "gas");
  const width = 4, height = 10; // prettier-ignore
  const labels = new Uint8Array(width * height).fill(1);
  labels[3 * width + 1] = gas;
  labels[9 * width + 2] = gas; // below the ridge
  const ridge = Float32Array.of(6, 6, 6, NaN);
  expect([...hideBelowGas(gassy, labels, ridge, width)]).toEqual([6, NaN, 6, NaN]);
  expect(hideBelowGas(scene, labels, ridge, width)).toBe(ridge);
});

test("wires end above bone, and none is drawn where none is asked for", () => {
  const wired = withWires(scene, poses(10), 1, createRng("wires"));
  expect(wired.wires!.length).toBeGreaterThan(5);
  for (const { fromMm, toMm } of wired.wires!) expect(Math.max(fromMm[1], toMm[1])).toBeLessThan(22);
  expect(withWires(scene, poses(10), 0, createRng("wires"))).toBe(scene);
});

test("the tank shows bright wires and no bone", () => {
  const settings = { widthPx: 64, heightPx: 64, depthMm: 45 };
  const simulator = createEchoSimulator(wireTank(), { ...defaultProbe, lineCount: 48 }, settings, "tank");
  const { pixels, trueRidge } = simulator.frame(drawTankPose(createRng("pose")), 0);
  expect(trueRidge.every(Number.isNaN)).toBe(true);
  expect(pixels.some((gray) => gray > 200)).toBe(true);
});
