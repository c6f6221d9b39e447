import { silentLog } from "../core/log.ts";
import { createRng } from "../core/rng.ts";
import { createWorkerPool } from "../core/worker-pool.ts";
import type { Surface } from "../data/surface.ts";
import { createClosestPoint } from "../geometry/closest-point.ts";
import { decimateWithin } from "../geometry/decimate-within.ts";
import { isosurface } from "../geometry/isosurface.ts";
import {
  edgeDefects,
  signedVolume,
  surfaceArea,
  triangleCentre,
  triangleCount,
  triangleNormal,
  vertexCount,
  type Mesh,
} from "../geometry/mesh.ts";
import { taubinSmooth } from "../geometry/smooth.ts";
import { createLiveBone, liveDefaults, liveGrid } from "../pipeline/live-bone.ts";
import { blockGrid, storeBytes } from "../pipeline/reconstruction/block-store.ts";
import { countBlocks, ridgeFrames } from "../pipeline/reconstruction/fuse-ridges.ts";
import { extractSurface, type SurfaceOptions } from "../pipeline/surface/extract.ts";
import { volumeRoute, volumeRouteDefaults } from "../pipeline/volume-route.ts";
import { buildPhantom } from "../scenario/build.ts";
import { parseScenario, type SimulatedSource } from "../scenario/schema.ts";
import { type Check, numericCheck, type Suite } from "./check.ts";
import { boneSlices, heightErrors, perfectScan, type PerfectScan, sphereSlices } from "./surface-scans.ts";

const RADIUS_MM = 20;
/** "The route itself must not be the error": what the route may add on perfect input, mm. */
const ROUTE_MM = 0.15;
const rng = createRng("verify/surface");

async function byPoints(scan: PerfectScan, options: Partial<SurfaceOptions> = {}): Promise<Surface> {
  const workers = createWorkerPool(1);
  try {
    return await extractSurface.run(scan, { ...extractSurface.defaults, ...options }, { rng, log: silentLog, workers });
  } finally {
    await workers.close();
  }
}
const byVolume = ({ frames, masks }: PerfectScan): Surface =>
  volumeRoute(frames, masks, { ...volumeRouteDefaults, spacingMm: 0.5, sigmaMm: 0.6 });

/** What a test needs once and others again. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

const sphere = once(() => perfectScan(sphereSlices(RADIUS_MM, 0.5)));
const spherePoints = once(() => byPoints(sphere()));

function meanOverArea(mesh: Mesh, errorMm: (x: number, y: number, z: number) => number): number {
  let sum = 0, area = 0; // prettier-ignore
  for (let i = 0; i < triangleCount(mesh); i++) {
    const { x, y, z, areaMm2 } = triangleCentre(mesh, i);
    sum += areaMm2 * Math.abs(errorMm(x, y, z));
    area += areaMm2;
  }
  return sum / area;
}

/** The metaphysis and the condyles of a drawn femur, every half millimetre, from four sides. */
const femur = once(async () => {
  const scenario = parseScenario({ name: "femur", seed: "verify-surface", source: { kind: "simulated" } }, "verify");
  const { phantom } = scenario.source as SimulatedSource;
  const knee = await buildPhantom(phantom, rng.fork("phantom"));
  const { mesh } = knee.bones.find(({ name }) => name === "femur")!;
  return { mesh, scan: perfectScan(boneSlices(mesh, [-15, 40], 0.5)) };
});

async function femurError(route: (scan: PerfectScan) => Surface | Promise<Surface>): Promise<number> {
  const { mesh, scan } = await femur();
  const truth = createClosestPoint(mesh);
  const found = await route(scan);
  return meanOverArea(found.mesh, (x, y, z) => truth.distanceMm(x, y, z));
}

/** A closed sphere on a grid, and its change of volume by smoothing, as a share. */
function volumeChange(): number {
  const n = 61, spacing = 0.75; // prettier-ignore
  const grid = { shape: [n, n, n], spacingMm: [spacing, spacing, spacing], originMm: [-22.5, -22.5, -22.5] } as const;
  const values = Float32Array.from({ length: n ** 3 }, (_, i) => {
    const [x, y, z] = [i % n, Math.floor(i / n) % n, Math.floor(i / n / n)].map((k) => k * spacing - 22.5) as [number, number, number]; // prettier-ignore
    return Math.hypot(x, y, z) - RADIUS_MM;
  });
  const raw = isosurface(grid, values, 0, { inside: "below" });
  return signedVolume(taubinSmooth(raw)) / signedVolume(raw) - 1;
}

/** Area of the cap that `sphereSlices` scans, by numbers: Archimedes, an area element of a sphere is R · dφ · dy. */
function capArea(): number {
  let cap = 0;
  for (let y = -0.8 * RADIUS_MM; y <= 0.8 * RADIUS_MM; y += 0.01) {
    const ring = Math.sqrt(RADIUS_MM ** 2 - y * y);
    cap += 2 * Math.acos(Math.min(1, (0.4 * RADIUS_MM) / ring)) * RADIUS_MM * 0.01;
  }
  return cap;
}

function shareAway({ mesh }: Surface): number {
  let away = 0;
  for (let i = 0; i < triangleCount(mesh); i++) {
    const { x, y, z } = triangleCentre(mesh, i), n = triangleNormal(mesh, i); // prettier-ignore
    if (x * n[0] + y * n[1] + z * n[2] <= 0) away++;
  }
  return away / triangleCount(mesh);
}

/** Distance from the middle of a hole of 8 mm to the surface. */
async function distanceOfHole(fillRimMm: number): Promise<number> {
  const { mesh } = await byPoints(perfectScan(sphereSlices(RADIUS_MM, 0.5, 4)), { fillRimMm });
  return createClosestPoint(mesh).distanceMm(0, 0, RADIUS_MM);
}

async function uncertaintyRatio(): Promise<number> {
  const slices = sphereSlices(RADIUS_MM, 0.5);
  const scan = perfectScan(slices, heightErrors(slices.length, 0.4, rng.fork("heights")));
  const { mesh, uncertaintyMm } = await byPoints(scan);
  let found = 0, stated = 0; // prettier-ignore
  for (let v = 0; v < vertexCount(mesh); v++) {
    if (Number.isNaN(uncertaintyMm![v]!)) continue; // on the rim, where no point lies near
    found += (Math.hypot(...mesh.positions.subarray(3 * v, 3 * v + 3)) - RADIUS_MM) ** 2;
    stated += uncertaintyMm![v]! ** 2;
  }
  return Math.sqrt(stated / found);
}

/** Bytes of coordinates that differ between frames one by one with updates, and all in reverse with one update. */
function liveDifference(): number {
  const { frames, masks } = sphere();
  const grid = liveGrid([0, 0, 0], 60, 0.75);
  const all = [...ridgeFrames(frames, masks)];
  const [one, other] = [createLiveBone({ ...liveDefaults, grid }), createLiveBone({ ...liveDefaults, grid })];
  for (const frame of all) {
    one.insert(frame);
    one.surfaceChanges();
  }
  for (const frame of all.toReversed()) other.insert(frame);
  other.surfaceChanges();
  const [a, b] = [one.surface().mesh, other.surface().mesh];
  if (a.positions.length !== b.positions.length || a.triangles.length !== b.triangles.length) return Infinity;
  return a.positions.reduce((n, p, i) => n + (p === b.positions[i] ? 0 : 1), 0);
}

const checks: readonly Check[] = [
  ...(["points", "volume"] as const).map((route) =>
    numericCheck(
      {
        id: `surface.femur.${route}`,
        statement: `True poses and true ridges every 0.5 mm: mean distance of the femur's surface by way of ${route} from the true one, mm`,
        source: "closed mesh of the drawn femur; issue: at most 0.15 mm",
        expected: 0,
        tolerance: ROUTE_MM,
      },
      () => femurError(route === "points" ? byPoints : byVolume),
    ),
  ),
  ...(["points", "volume"] as const).map((route) =>
    numericCheck(
      {
        id: `surface.sphere.${route}`,
        statement: `A sphere of 20 mm, perfect slices every 0.5 mm: mean error by way of ${route}, mm`,
        source: "closed form",
        expected: 0,
        tolerance: ROUTE_MM,
      },
      async () => {
        const { mesh } = route === "points" ? await spherePoints() : byVolume(sphere());
        return meanOverArea(mesh, (x, y, z) => Math.hypot(x, y, z) - RADIUS_MM);
      },
    ),
  ),
  numericCheck(
    {
      id: "surface.smoothing.volume",
      statement: "Smoothing changes the volume of a sphere of 20 mm by less than 0.5 %, share",
      source: "closed form; Taubin 1995",
      expected: 0,
      tolerance: 0.005,
    },
    volumeChange,
  ),
  numericCheck(
    {
      id: "surface.sheet.area",
      statement: "A cap that was seen from one side becomes one sheet, not a shell of twice its area (ratio)",
      source: "closed form: area of the cap, half a voxel of rim",
      expected: 1,
      tolerance: 0.05,
    },
    async () => surfaceArea((await spherePoints()).mesh) / capArea(),
  ),
  numericCheck(
    {
      id: "surface.sheet.manifold",
      statement: "No edge of that sheet has more than two triangles, or two that face against each other",
      source: "property",
      expected: 0,
      tolerance: 0,
    },
    async () => edgeDefects((await spherePoints()).mesh).nonManifold,
  ),
  numericCheck(
    {
      id: "surface.sheet.orientation",
      statement: "It faces the probe: share of triangles that face away",
      source: "property; slivers on the rim",
      expected: 0,
      tolerance: 0.005,
    },
    async () => shareAway(await spherePoints()),
  ),
  numericCheck(
    {
      id: "surface.holes.kept",
      statement: "A hole of 8 mm is kept: distance from its middle to the surface, mm",
      source: "closed form: 4 mm, less half a slice and half a voxel",
      expected: 4,
      tolerance: 0.75,
    },
    () => distanceOfHole(0),
  ),
  numericCheck(
    {
      id: "surface.holes.filled",
      statement: "Asked for, it is filled flat: distance from the sphere's apex, mm",
      source: "closed form: sagitta of a hole of 8 mm, R − √(R² − 4²) = 0.40 mm",
      expected: RADIUS_MM - Math.sqrt(RADIUS_MM ** 2 - 16),
      tolerance: 0.15,
    },
    () => distanceOfHole(60),
  ),
  numericCheck(
    {
      id: "surface.islands",
      statement: "An island of 4 mm² is removed and its reason told (number of removed pieces with a reason)",
      source: "property",
      expected: 1,
      tolerance: 0,
    },
    async () => {
      const slices = sphereSlices(RADIUS_MM, 0.5);
      const island = slices.slice(0, 5).map(({ pose }) => ({ pose, depthMm: (x: number) => (Math.abs(x - 25) < 1 ? 5 : undefined) })); // prettier-ignore
      const { removed } = await byPoints(perfectScan([...slices, ...island]));
      return removed.filter(({ reason }) => reason.startsWith("island smaller than")).length;
    },
  ),
  numericCheck(
    {
      id: "surface.decimation.bound",
      statement: "Decimated with a bound of 0.1 mm, no vertex of the full surface lies farther than that from it, mm",
      source: "property: distance of every vertex",
      expected: 0,
      tolerance: 0.1,
    },
    async () => {
      const { mesh } = await spherePoints();
      const coarse = createClosestPoint((await decimateWithin(mesh, 0.1)).mesh);
      let worst = 0;
      for (let v = 0; v < mesh.positions.length; v += 3) {
        worst = Math.max(worst, coarse.distanceMm(mesh.positions[v]!, mesh.positions[v + 1]!, mesh.positions[v + 2]!));
      }
      return worst;
    },
  ),
  numericCheck(
    {
      id: "surface.uncertainty",
      statement:
        "Slices whose heights are off independently by 0.4 mm: stated over found standard deviation of the vertices",
      source: "closed form: 1; one draw of 65 slices, of which each vertex averages about seven",
      expected: 1,
      tolerance: 0.35,
    },
    uncertaintyRatio,
  ),
  numericCheck(
    {
      id: "surface.live.exact",
      statement: "Frames one by one with an update after each, or in reverse with one update: coordinates that differ",
      source: "property: integer sums",
      expected: 0,
      tolerance: 0,
    },
    liveDifference,
  ),
  numericCheck(
    {
      id: "surface.sparse.memory",
      statement:
        "The femur's scan at 0.25 mm in a grid of 200 × 200 × 250 mm: memory as counted before, GB, is less than 2",
      source: "count of blocks; a dense volume would take 10 GB",
      expected: 1,
      tolerance: 1,
    },
    async () => {
      const { frames, masks } = (await femur()).scan;
      const grid = blockGrid({ shape: [800, 800, 1000], spacingMm: [0.25, 0.25, 0.25], originMm: [-100, -100, -125] });
      return storeBytes(grid, countBlocks(ridgeFrames(frames, masks), grid, liveDefaults)) / 1e9;
    },
  ),
];

export const surfaceSuite: Suite = {
  name: "surface",
  about:
    "from bone lines to an open sheet: accuracy of both routes, smoothing, holes, islands, uncertainty, live updates",
  checks,
};
