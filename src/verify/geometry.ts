import { compose, fromAxisAngle, identity, invert, rotationAngle, transformPoint } from "../core/rigid.ts";
import { createRng, type Rng } from "../core/rng.ts";
import { createClosestPoint } from "../geometry/closest-point.ts";
import { icp } from "../geometry/icp.ts";
import { signedVolume, surfaceArea, type Mesh } from "../geometry/mesh.ts";
import { fitRigid } from "../geometry/rigid-fit.ts";
import { sampleSurface } from "../geometry/sample-surface.ts";
import { numericCheck, type Suite } from "./check.ts";
import { boxMesh, icosphere } from "./shapes.ts";

/** Products of coordinates up to 1,000 mm in doubles. */
const ROUNDING_MM = 1e-9;
/** Vertices are floats of 24 bits; coordinates up to 100 mm. */
const FLOAT32_MM = 1e-5;

const seeded = (label: string): Rng => createRng("verify").fork("geometry").fork(label);

const randomMotion = (rng: Rng, angleRad: number, sizeMm: number) =>
  fromAxisAngle<"body", "body">([rng.normal(), rng.normal(), rng.normal()], angleRad * rng.uniform(), [
    sizeMm * rng.normal(),
    sizeMm * rng.normal(),
    sizeMm * rng.normal(),
  ]);

function worstOf(count: number, label: string, measure: (rng: Rng) => number): number {
  const rng = seeded(label);
  let worst = 0;
  for (let i = 0; i < count; i++) worst = Math.max(worst, measure(rng.fork(String(i))));
  return worst;
}

const moved = (points: Readonly<Float64Array>, m: Readonly<Float64Array>): Float64Array => {
  const out = new Float64Array(points.length);
  for (let i = 0; i < points.length; i += 3) out.set(transformPoint(m, points[i]!, points[i + 1]!, points[i + 2]!), i);
  return out;
};

/** By trying every triangle with dense sampling refined twice: slow, and shares nothing with the kernel. */
function sampledDistance({ positions: p, triangles }: Mesh, q: readonly number[]): number {
  let best = Infinity;
  for (let i = 0; i < triangles.length; i += 3) {
    let centre = [1 / 3, 1 / 3] as [number, number],
      span = 1;
    for (let level = 0; level < 20; level++) {
      let nearest = Infinity,
        at = centre;
      for (let a = -4; a <= 4; a++) {
        for (let b = -4; b <= 4; b++) {
          const u = Math.min(1, Math.max(0, centre[0] + (a * span) / 4)),
            v = Math.min(1 - u, Math.max(0, centre[1] + (b * span) / 4));
          let squared = 0;
          for (let axis = 0; axis < 3; axis++) {
            const o = p[3 * triangles[i]! + axis]!;
            const x =
              o + u * (p[3 * triangles[i + 1]! + axis]! - o) + v * (p[3 * triangles[i + 2]! + axis]! - o) - q[axis]!;
            squared += x * x;
          }
          if (squared < nearest) {
            nearest = squared;
            at = [u, v];
          }
        }
      }
      centre = at;
      span /= 2;
      best = Math.min(best, nearest);
    }
  }
  return Math.sqrt(best);
}

/** An ellipsoid with a swelling: no motion but none maps it to itself. */
function lopsidedBody(): Mesh {
  const { positions, triangles } = icosphere(20, 4);
  return {
    positions: positions.map((x, i) => x * [1, 1.4, 0.7][i % 3]! + (i % 3 === 0 ? 0.01 * x * x : 0)),
    triangles,
  };
}

export const geometrySuite: Suite = {
  name: "geometry",
  about: "Transforms, distances to meshes, fits: what every figure of the bench rests on.",
  checks: [
    numericCheck(
      {
        id: "geometry.rigid.inverse",
        statement: "A transform composed with its inverse is the identity (200 random transforms, largest entry, mm).",
        source: "definition of a group",
        expected: 0,
        tolerance: ROUNDING_MM,
      },
      () =>
        worstOf(200, "inverse", (rng) => {
          const a = randomMotion(rng, Math.PI, 500);
          const one = identity().m;
          return Math.max(...compose(a, invert(a)).m.map((x, i) => Math.abs(x - one[i]!)));
        }),
    ),
    numericCheck(
      {
        id: "geometry.closest-point.brute-force",
        statement:
          "The closest point found by the tree is that of a search over every triangle (largest difference, mm).",
        source: "independent search by refined sampling, in this file",
        expected: 0,
        // 20 halvings of a span of 20 mm leave the sampled point 2e-5 mm off at worst
        tolerance: 5e-5,
      },
      () =>
        worstOf(10, "closest", (rng) => {
          const mesh: Mesh = {
            positions: Float32Array.from({ length: 60 }, () => 10 * rng.normal()),
            triangles: Uint32Array.from({ length: 60 }, (_, i) => (i % 3) * 6 + rng.integer(6)),
          };
          const surface = createClosestPoint(mesh);
          const q = [15 * rng.normal(), 15 * rng.normal(), 15 * rng.normal()] as const;
          return Math.abs(surface.distanceMm(...q) - sampledDistance(mesh, q));
        }),
    ),
    numericCheck(
      {
        id: "geometry.signed-distance.box",
        statement:
          "The signed distance to a box's mesh is its closed form, at faces, edges and corners (largest error, mm).",
        source: "closed form; sign by Baerentzen & Aanaes 2005",
        expected: 0,
        tolerance: FLOAT32_MM,
      },
      () => {
        const half = [2, 3, 4] as const,
          surface = createClosestPoint(boxMesh([4, 6, 8]));
        return worstOf(1000, "box", (rng) => {
          const q = half.map((h) => 2 * h * (2 * rng.uniform() - 1)) as [number, number, number];
          const d = q.map((x, axis) => Math.abs(x) - half[axis]!);
          const expected = Math.hypot(...d.map((x) => Math.max(x, 0))) + Math.min(0, Math.max(...d));
          return Math.abs(surface.signedDistanceMm(...q) - expected);
        });
      },
    ),
    numericCheck(
      {
        id: "geometry.mesh.sphere-volume",
        statement: "The volume of a sphere's mesh is short of 4/3 πR³ by what its facets cut off (relative shortfall).",
        source:
          "closed form: three times the mean sagitta over R, here measured on the next coarser mesh and quartered",
        expected: (1 - signedVolume(icosphere(20, 4)) / ((4 / 3) * Math.PI * 8000)) / 4,
        tolerance: 2e-6,
      },
      () => 1 - signedVolume(icosphere(20, 5)) / ((4 / 3) * Math.PI * 8000),
    ),
    numericCheck(
      {
        id: "geometry.rigid-fit.known-motion",
        statement: "A rigid fit recovers a known motion from 3 to 10 points (largest residual and rotation error).",
        source: "definition; Arun, Huang & Blostein 1987",
        expected: 0,
        tolerance: ROUNDING_MM,
      },
      () =>
        worstOf(200, "fit", (rng) => {
          const from = Float64Array.from({ length: 3 * (3 + rng.integer(8)) }, () => 50 * rng.normal());
          const truth = randomMotion(rng, Math.PI, 100);
          const fit = fitRigid<"body", "body">(from, moved(from, truth.m));
          if (fit.status === "refused") return Infinity;
          return Math.max(fit.rmsMm, rotationAngle(compose(invert(truth), fit).m));
        }),
    ),
    numericCheck(
      {
        id: "geometry.rigid-fit.collinear",
        statement: "Points on a line are refused instead of given an arbitrary rotation (refused of 50).",
        source: "rank of the covariance: the rotation about the line is free",
        expected: 50,
        tolerance: 0,
      },
      () => {
        const rng = seeded("collinear");
        let refused = 0;
        for (let i = 0; i < 50; i++) {
          const direction = [rng.normal(), rng.normal(), rng.normal()],
            points = Float64Array.from({ length: 15 }, (_, k) => direction[k % 3]! * Math.floor(k / 3) * 10 + 5);
          if (fitRigid(points, moved(points, randomMotion(rng, 1, 10).m)).status === "refused") refused++;
        }
        return refused;
      },
    ),
    numericCheck(
      {
        id: "geometry.icp.known-motion",
        statement: "ICP undoes known motions of up to 4 degrees and some millimetres (largest left-over, mm).",
        source: "definition: the points lie on the target after the inverse motion",
        expected: 0,
        tolerance: 1e-4,
      },
      () => {
        const body = lopsidedBody(),
          target = createClosestPoint(body);
        const points = sampleSurface(body, { perCm2: 1, minimum: 400 }).positions;
        return worstOf(5, "icp", (rng) => {
          const motion = randomMotion(rng, (4 * Math.PI) / 180, 2);
          const found = icp<"body", "body">(moved(points, motion.m), target, { trim: 0 });
          if (found.status === "refused") return Infinity;
          const left = moved(points, compose(found.transform, motion).m);
          return Math.max(...left.map((x, i) => Math.abs(x - points[i]!)));
        });
      },
    ),
    numericCheck(
      {
        id: "geometry.sample-surface.even",
        statement: "Surface samples stand for equal areas: the mean of z² over a sphere is R²/3 (mm²).",
        source: "closed form",
        expected: 400 / 3,
        // facets lie 0.005 mm inside: 2 · 0.005 / 20 of the value, and random samples would be off by 1.7
        tolerance: 0.2,
      },
      () => {
        const sphere = icosphere(20, 5),
          { count, positions, areaMm2 } = sampleSurface(sphere, { perCm2: 100, minimum: 1 });
        if (Math.abs(count * areaMm2 - surfaceArea(sphere)) > 1e-6) return NaN;
        let sum = 0;
        for (let i = 2; i < positions.length; i += 3) sum += positions[i]! ** 2;
        return sum / count;
      },
    ),
  ],
};
