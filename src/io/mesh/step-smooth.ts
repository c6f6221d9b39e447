import { UnsuitableInputError } from "../../core/errors.ts";
import { type BicubicPatches, patchVolume } from "../../geometry/bicubic-patches.ts";
import { real, StepFile } from "./step-file.ts";

/** Knots of one cubic span: a Bézier curve as a B-spline. */
const KNOTS = "(4,4)";
const SPAN = "(0.,1.)";

/**
 * STEP AP214 with one bicubic B-spline face a patch: faces share their edges, and an edge's curve is the boundary of the
 * surfaces on both sides, point by point. One MANIFOLD_SOLID_BREP a connected set of patches. Millimetres.
 */
export function encodeSmoothStep(all: BicubicPatches, { name = "bone" }: { readonly name?: string } = {}): Uint8Array {
  const faces = all.patches.length / 16;
  if (faces === 0) throw new UnsuitableInputError("there are no patches", "STEP needs at least one face");
  if (!(patchVolume(all) > 0))
    throw new UnsuitableInputError("the patches are inside out", "Turn the mesh's triangles");
  const file = new StepFile();
  const context = file.context(name);
  const point = memo((p) =>
    file.add(`CARTESIAN_POINT('',(${[0, 1, 2].map((axis) => real(all.points[3 * p + axis]!)).join(",")}))`),
  );
  const vertex = memo((p) => file.add(`VERTEX_POINT('',${point(p)})`));
  const edges = new Map<string, { readonly curve: string; readonly from: number }>();
  const edge = (ends: readonly [number, number, number, number]): string => {
    const [from, , , to] = ends;
    const key = from < to ? `${from} ${to} ${ends[1]}` : `${to} ${from} ${ends[2]}`;
    let known = edges.get(key);
    if (!known) {
      const curve = file.add(
        `B_SPLINE_CURVE_WITH_KNOTS('',3,(${ends.map(point).join(",")}),.UNSPECIFIED.,.F.,.F.,${KNOTS},${SPAN},.UNSPECIFIED.)`,
      );
      known = { curve: file.add(`EDGE_CURVE('',${vertex(from)},${vertex(to)},${curve},.T.)`), from };
      edges.set(key, known);
    }
    return file.add(`ORIENTED_EDGE('',*,*,${known.curve},${known.from === from ? ".T." : ".F."})`);
  };
  const face = (patch: number): string => {
    const p = (i: number, j: number): number => all.patches[16 * patch + 4 * i + j]!;
    const rows = [0, 1, 2, 3].map((i) => `(${[0, 1, 2, 3].map((j) => point(p(i, j))).join(",")})`);
    const surface = file.add(
      `B_SPLINE_SURFACE_WITH_KNOTS('',3,3,(${rows.join(",")}),.UNSPECIFIED.,.F.,.F.,.F.,` +
        `${KNOTS},${KNOTS},${SPAN},${SPAN},.UNSPECIFIED.)`,
    );
    const loop = [
      edge([p(0, 0), p(1, 0), p(2, 0), p(3, 0)]),
      edge([p(3, 0), p(3, 1), p(3, 2), p(3, 3)]),
      edge([p(3, 3), p(2, 3), p(1, 3), p(0, 3)]),
      edge([p(0, 3), p(0, 2), p(0, 1), p(0, 0)]),
    ];
    const outer = file.add(`FACE_OUTER_BOUND('',${file.add(`EDGE_LOOP('',(${loop.join(",")}))`)},.T.)`);
    return file.add(`ADVANCED_FACE('',(${outer}),${surface},.T.)`);
  };
  const solids = pieces(all).map((members) => {
    const shell = file.add(`CLOSED_SHELL('',(${members.map(face).join(",")}))`);
    return file.add(`MANIFOLD_SOLID_BREP('',${shell})`);
  });
  context.place("ADVANCED_BREP_SHAPE_REPRESENTATION", solids);
  return file.bytes(name);
}

function memo(make: (p: number) => string): (p: number) => string {
  const made = new Map<number, string>();
  return (p) => {
    let reference = made.get(p);
    if (reference === undefined) made.set(p, (reference = make(p)));
    return reference;
  };
}

/** Patches that hang together by their corners. */
function pieces({ points, patches }: BicubicPatches): number[][] {
  const parent = Int32Array.from({ length: points.length / 3 }, (_, p) => p);
  const root = (p: number): number => {
    while (parent[p] !== p) p = parent[p] = parent[parent[p]!]!;
    return p;
  };
  const count = patches.length / 16;
  for (let patch = 0; patch < count; patch++) {
    for (const corner of [3, 12, 15]) parent[root(patches[16 * patch + corner]!)] = root(patches[16 * patch]!);
  }
  const found = new Map<number, number[]>();
  for (let patch = 0; patch < count; patch++) {
    const r = root(patches[16 * patch]!);
    const members = found.get(r);
    if (members) members.push(patch);
    else found.set(r, [patch]);
  }
  return [...found.values()];
}
