import { selectSurface, type Surface } from "../../data/surface.ts";
import { createClosestPoint, type ClosestPoint } from "../../geometry/closest-point.ts";
import {
  connectedComponents,
  selectTriangles,
  triangleArea,
  triangleCentre,
  triangleNormal,
  type Mesh,
} from "../../geometry/mesh.ts";

/** What lies this much farther from the bone than the nearest part of a piece still speaks for how the two face. */
const RIM_MM = 2;
/** Cosine between the normals of a piece and of the bone beside it, below which they face different ways. */
const CONTRARY_COS = 0.1;
/** Farther than this from the bone nothing says how it would go on. */
const FAR_MM = 10;
/** So much surface is bone, whatever it faces: a muscle's sheet is taken for bone in patches. */
const LARGE_MM2 = 400;
/** Far from other bone, where nothing speaks against it, so much is bone: few strokes leave their patches far apart. */
const LARGE_FAR_MM2 = 100;

/** How a piece stands to the bone that is known so far. */
type Standing = "goes on" | "faces against" | "far";

const reasons = {
  "faces against": "faces against the bone beside it, as no bone does",
  far: `a small piece more than ${FAR_MM} mm from the rest of the bone`,
};

/**
 * Drops pieces that no bone could have: a bone's surface bends on from piece to piece, so that across a gap it faces
 * about the same way. A muscle's sheet that was taken for bone lies before a bone's far side, and faces against it.
 * The bone grows from its largest piece by those that go on from what is known of it, since few strokes or slices far
 * apart leave many; then by larger ones far away, of which nothing is known. Other large pieces are bone, too.
 */
export function removeContrary(bone: Surface): Surface {
  const { mesh, removed } = bone;
  const { label, count } = connectedComponents(mesh);
  if (count < 2) return bone;
  const pieces = piecesOf(mesh, label, count);
  const largest = pieces.reduce((a, b) => (b.areaMm2 > a.areaMm2 ? b : a));
  const known = new Set(pieces.filter((piece) => piece === largest || piece.areaMm2 >= LARGE_MM2));
  let open = pieces.filter((piece) => !known.has(piece)),
    standings: Standing[] = [];
  for (let grows = true; grows && open.length > 0;) {
    const surface = createClosestPoint(selectTriangles(mesh, (i) => known.has(pieces[label[i]!]!)).mesh);
    standings = open.map((piece) => standingOf(mesh, piece, surface));
    // What is far now may lie beside bone that is still to be reached, so it waits until nothing else goes on.
    const next = open.filter((_, k) => standings[k] === "goes on");
    const more = next.length > 0 ? next : open.filter(({ areaMm2 }, k) => standings[k] === "far" && areaMm2 >= LARGE_FAR_MM2); // prettier-ignore
    more.forEach((piece) => known.add(piece));
    grows = more.length > 0;
    if (grows) open = open.filter((piece) => !known.has(piece));
  }
  if (open.length === 0) return bone;
  return {
    ...selectSurface(bone, (i) => known.has(pieces[label[i]!]!)),
    removed: [
      ...removed,
      ...open.map(({ triangles, areaMm2 }, k) => ({
        reason: reasons[standings[k] === "far" ? "far" : "faces against"],
        triangles: triangles.length,
        areaMm2,
      })),
    ],
  };
}

interface Piece {
  readonly triangles: readonly number[];
  readonly areaMm2: number;
}

function piecesOf(mesh: Mesh, label: Readonly<Uint32Array>, count: number): Piece[] {
  const triangles = Array.from({ length: count }, (): number[] => []);
  label.forEach((part, i) => triangles[part]!.push(i));
  return triangles.map((own) => ({
    triangles: own,
    areaMm2: own.reduce((sum, i) => sum + triangleArea(mesh, i), 0),
  }));
}

function standingOf(mesh: Mesh, { triangles }: Piece, surface: ClosestPoint): Standing {
  const near = triangles.flatMap((i) => {
    const { x, y, z, areaMm2 } = triangleCentre(mesh, i);
    const hit = surface.nearest(x, y, z);
    return hit ? [{ distanceMm: hit.distanceMm, cosine: cosine(triangleNormal(mesh, i), surface.normalAt(hit)), areaMm2 }] : []; // prettier-ignore
  });
  const gapMm = near.reduce((least, { distanceMm }) => Math.min(least, distanceMm), Infinity);
  if (gapMm > FAR_MM) return "far";
  let sum = 0, weight = 0; // prettier-ignore
  for (const { distanceMm, cosine: c, areaMm2 } of near) {
    if (distanceMm > gapMm + RIM_MM) continue;
    sum += areaMm2 * c;
    weight += areaMm2;
  }
  return sum < CONTRARY_COS * weight ? "faces against" : "goes on";
}

function cosine(a: readonly [number, number, number], b: readonly [number, number, number]): number {
  const lengths = Math.hypot(...a) * Math.hypot(...b);
  return lengths > 0 ? (a[0] * b[0] + a[1] * b[1] + a[2] * b[2]) / lengths : 0;
}
