import { expect, test } from "vitest";
import { UnsuitableInputError } from "../../src/core/errors.ts";
import { createRng } from "../../src/core/rng.ts";
import { connectedComponents, edgeDefects, type Mesh, triangleCentre, triangleCount, triangleNormal, vertexCount } from "../../src/geometry/mesh.ts"; // prettier-ignore
import { createLiveBone, liveDefaults, liveGrid, type LiveBone } from "../../src/pipeline/live-bone.ts";
import { countBlocks, fuseRidges, ridgeFrames } from "../../src/pipeline/reconstruction/fuse-ridges.ts";
import { blockGrid, storeBytes } from "../../src/pipeline/reconstruction/block-store.ts";
import { scanOf, sphereSlices } from "./surface/scan.ts";

const RADIUS_MM = 20;
const SPACING_MM = 0.75;
const grid = liveGrid([0, 0, 0], 60, SPACING_MM);
const rng = createRng("live-bone");
const { frames, masks } = scanOf(sphereSlices(RADIUS_MM, 0.5), 0, rng);
const all = [...ridgeFrames(frames, masks)];

function scanned(order: readonly number[], changesEvery = 1): LiveBone {
  const live = createLiveBone({ ...liveDefaults, grid });
  order.forEach((f, n) => {
    live.insert(all[f]!);
    if (n % changesEvery === 0) live.surfaceChanges();
  });
  live.surfaceChanges();
  return live;
}
const inOrder = scanned([...all.keys()]);

/** Radii of the vertices that lie more than 3 mm from the rim of the scanned cap. */
function radii({ positions }: Mesh): number[] {
  const found: number[] = [];
  for (let v = 0; v < positions.length; v += 3) {
    if (positions[v + 2]! > 0.4 * RADIUS_MM + 3) found.push(Math.hypot(...positions.subarray(v, v + 3)));
  }
  return found;
}

test("perfect ridges give the sphere within a tenth of a millimetre, as one open sheet that faces the probe", () => {
  const { mesh, observations, scatterMm } = inOrder.surface();
  const errors = radii(mesh).map((r) => Math.abs(r - RADIUS_MM));
  expect(errors.length).toBeGreaterThan(500);
  expect(errors.reduce((sum, e) => sum + e, 0) / errors.length).toBeLessThan(0.1);
  expect(edgeDefects(mesh).nonManifold).toBe(0);
  expect(edgeDefects(mesh).open).toBeGreaterThan(50);
  expect(connectedComponents(mesh).count).toBe(1);
  let away = 0;
  for (let i = 0; i < triangleCount(mesh); i++) {
    const { x, y, z } = triangleCentre(mesh, i), n = triangleNormal(mesh, i); // prettier-ignore
    if (x * n[0] + y * n[1] + z * n[2] < 0) away++;
  }
  expect(away / triangleCount(mesh)).toBeLessThan(0.005);
  expect(observations.length).toBe(vertexCount(mesh));
  expect(Math.min(...observations)).toBeGreaterThan(0);
  expect(Math.min(...scatterMm)).toBeGreaterThanOrEqual(0);
});

test("frames in any order, updated after each or only at the end, give the same bytes", () => {
  const shuffled = [...all.keys()].toSorted((a, b) => ((a * 7919) % 67) - ((b * 7919) % 67));
  const other = scanned(shuffled, 1000);
  expect(other.surface()).toEqual(inOrder.surface());
});

test("all frames at once give the same sums, block by block, and the blocks were counted before", () => {
  const volume = fuseRidges(frames, masks, grid, liveDefaults);
  expect(volume.count).toBe(countBlocks(all, blockGrid(grid), liveDefaults));
  expect(volume.count).toBe(inOrder.volume.count);
  const block = 512 * 3;
  let differing = 0;
  inOrder.volume.blockAt.forEach((place, b) => {
    const here = volume.blockAt[b]!;
    expect(here >= 0).toBe(place >= 0);
    if (place < 0) return;
    const bytes = ({ sums }: typeof volume, at: number): Buffer =>
      Buffer.from(sums.slice(at * block, (at + 1) * block).buffer);
    if (!bytes(inOrder.volume, place).equals(bytes(volume, here))) differing++;
  });
  expect(differing).toBe(0);
});

test("a frame changes the surface only near itself", () => {
  const live = scanned(Array.from({ length: 20 }, (_, i) => i));
  live.insert(all[20]!);
  const changed = live.surfaceChanges();
  const planeMm = 20 * 0.5 - 0.8 * RADIUS_MM;
  expect(changed.length).toBeGreaterThan(5);
  for (const { surface } of changed) {
    const { positions } = surface!.mesh;
    // The frame's plane is y = const; a block and its neighbour are 12 mm.
    for (let v = 1; v < positions.length; v += 3) expect(Math.abs(positions[v]! - planeMm)).toBeLessThan(2 * 8 * SPACING_MM + 1); // prettier-ignore
  }
});

test("what does not fit is refused before it is allocated, with the number and the remedy", () => {
  const fine = liveGrid([0, 0, 0], 60, 0.1);
  const options = { ...liveDefaults, memoryLimitBytes: 50e6 };
  expect(() => fuseRidges(frames, masks, fine, options)).toThrow(UnsuitableInputError);
  expect(() => fuseRidges(frames, masks, fine, options)).toThrow(/need \d+\.\d\d GB.*larger voxels/);
});

test("a whole knee in 0.25 mm has an index of 5 MB, not a volume of 5 GB", () => {
  const knee = blockGrid({ shape: [800, 800, 1000], spacingMm: [0.25, 0.25, 0.25], originMm: [0, 0, 0] });
  expect(storeBytes(knee, 0)).toBeLessThan(6e6);
});
