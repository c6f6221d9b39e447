import Manifold from "manifold-3d";
import { FormatError } from "../../core/errors.ts";
import { createClosestPoint } from "../../geometry/closest-point.ts";
import {
  connectedComponents,
  edgeDefects,
  type Mesh,
  meshBounds,
  selectTriangles,
  signedVolume,
  triangleCount,
  vertexCount,
} from "../../geometry/mesh.ts";

/** Vertices nearer than this are one: exporters that write text round to about this. */
const WELD_MM = 1e-3;

/** A hole whose rim fits into a cube of this edge is closed; a larger one would be invented bone. */
const SMALL_HOLE_MM = 6;

/** Up to this share of edges that pierce the surface the field heals what is folded; beyond it the inside is unclear. */
const FOLDED_SHARE = 0.002;

/** Marching cubes pinches surfaces at a few edges; the field does not mind them. */
const PINCHED_SHARE = 5e-4;

/** How a mesh was made sound, in sentences that name the file. */
export interface Repaired {
  readonly mesh: Mesh;
  readonly warnings: readonly string[];
}

/**
 * One closed surface that faces outward, from what a segmentation tool exported. Small faults are mended and told in
 * `warnings`; where mending would mean guessing the shape a FormatError names the file, the fault and the remedy.
 * Not `thorough`, for what only tells inside from outside: all parts are kept, and nobody asks whether the surface
 * crosses itself, which takes most of the time.
 */
export async function repairMesh(
  given: Mesh,
  file: string,
  { thorough = true }: { readonly thorough?: boolean } = {},
): Promise<Repaired> {
  const warnings: string[] = [];
  const warn = (words: string): void => void warnings.push(`${file}: ${words}`);
  refuseNonFinite(given, file);
  let mesh = weld(given);
  if (triangleCount(mesh) < 4) {
    throw new FormatError(file, { whole: true }, `has ${triangleCount(mesh)} triangles`, "Give a closed surface");
  }
  if (thorough) mesh = largestPart(mesh, warn);
  mesh = orient(mesh, file, warn);
  mesh = fillSmallHoles(mesh, file, warn);
  if (signedVolume(mesh) < 0) {
    mesh = flipped(mesh);
    warn("was inside out; its triangles were turned");
  }
  const crossing = thorough ? crossingEdges(mesh) : 0;
  if (crossing > 0) {
    const edges = 1.5 * triangleCount(mesh);
    if (crossing > FOLDED_SHARE * edges) {
      throw new FormatError(
        file,
        { whole: true },
        `crosses itself: ${crossing} of its ${Math.round(edges)} edges pierce its surface`,
        "Remesh it (Slicer: Surface Toolbox, Uniform remesh) or export the segmentation with joint smoothing",
      );
    }
    warn(`${crossing} of ${Math.round(edges)} edges pierce the surface; what is folded there is smoothed over`);
  }
  if (edgeDefects(mesh).nonManifold === 0) await refuseUnsound(mesh, file);
  return { mesh, warnings };
}

function refuseNonFinite({ positions, triangles }: Mesh, file: string): void {
  const bad = positions.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new FormatError(
      file,
      { whole: true },
      `vertex ${Math.floor(bad / 3)} is not finite`,
      "Export the mesh again",
    );
  }
  const beyond = triangles.find((v) => v >= positions.length / 3);
  if (beyond !== undefined) {
    throw new FormatError(
      file,
      { whole: true },
      `a triangle uses vertex ${beyond}, which is absent`,
      "Export it again",
    );
  }
}

/** Joins vertices that lie in one cell of `WELD_MM` or beside it; triangles that lose their area are dropped. */
function weld({ positions, triangles }: Mesh): Mesh {
  const cells = new Map<string, number>();
  const kept: number[] = [];
  const name = new Uint32Array(positions.length / 3);
  const cell = (value: number): number => Math.floor(value / WELD_MM);
  for (let v = 0; v < name.length; v++) {
    const x = positions[3 * v]!, y = positions[3 * v + 1]!, z = positions[3 * v + 2]!; // prettier-ignore
    const cx = cell(x), cy = cell(y), cz = cell(z); // prettier-ignore
    let found = cells.get(`${cx},${cy},${cz}`);
    // A neighbouring cell matters only to a vertex within the tolerance of its border: half a cell to each side.
    for (let side = 1; found === undefined && side < 8; side++) {
      const half = WELD_MM / 2;
      const nx = side & 1 ? cell(x + (x / WELD_MM - cx < 0.5 ? -half : half)) : cx,
        ny = side & 2 ? cell(y + (y / WELD_MM - cy < 0.5 ? -half : half)) : cy,
        nz = side & 4 ? cell(z + (z / WELD_MM - cz < 0.5 ? -half : half)) : cz;
      const near = cells.get(`${nx},${ny},${nz}`);
      if (near === undefined) continue;
      const dx = kept[3 * near]! - x, dy = kept[3 * near + 1]! - y, dz = kept[3 * near + 2]! - z; // prettier-ignore
      if (dx * dx + dy * dy + dz * dz < WELD_MM * WELD_MM) found = near;
    }
    if (found === undefined) {
      found = kept.length / 3;
      kept.push(x, y, z);
      cells.set(`${cx},${cy},${cz}`, found);
    }
    name[v] = found;
  }
  const joined: number[] = [];
  for (let i = 0; i < triangles.length; i += 3) {
    const a = name[triangles[i]!]!,
      b = name[triangles[i + 1]!]!,
      c = name[triangles[i + 2]!]!;
    if (a !== b && b !== c && c !== a) joined.push(a, b, c);
  }
  return { positions: Float32Array.from(kept), triangles: Uint32Array.from(joined) };
}

/** A bone is one surface: islands of a segmentation and the walls of cavities inside are left out. */
function largestPart(mesh: Mesh, warn: (words: string) => void): Mesh {
  const { label, count } = connectedComponents(mesh);
  if (count === 1) return mesh;
  const size = new Float64Array(count);
  for (const part of label) size[part]!++;
  const largest = size.indexOf(size.reduce((a, b) => Math.max(a, b)));
  const dropped = triangleCount(mesh) - size[largest]!;
  warn(`has ${count} separate parts; the largest is used, ${count - 1} with ${dropped} triangles are left out`);
  return selectTriangles(mesh, (triangle) => label[triangle] === largest).mesh;
}

const edgeKey = (a: number, b: number, count: number): number => Math.min(a, b) * count + Math.max(a, b);

/** Turns triangles until neighbours agree. Refuses edges of three or more triangles and one-sided surfaces. */
function orient(mesh: Mesh, file: string, warn: (words: string) => void): Mesh {
  const triangles = mesh.triangles.slice();
  const vertices = vertexCount(mesh);
  const users = new Map<number, number[]>();
  for (let i = 0; i < triangles.length; i++) {
    const a = triangles[i]!,
      b = triangles[i % 3 === 2 ? i - 2 : i + 1]!;
    const key = edgeKey(a, b, vertices);
    const list = users.get(key);
    if (list) list.push(i);
    else users.set(key, [i]);
  }
  let crowded = 0;
  for (const list of users.values()) if (list.length > 2) crowded++;
  if (crowded > PINCHED_SHARE * users.size) {
    throw new FormatError(
      file,
      { whole: true },
      `${crowded} of ${users.size} edges belong to more than two triangles`,
      "Remesh it (Slicer: Surface Toolbox, Uniform remesh) so that it is one simple surface",
    );
  }
  if (crowded > 0) warn(`${crowded === 1 ? "one edge is" : `${crowded} edges are`} shared by more than two triangles`);
  const done = new Uint8Array(triangles.length / 3);
  let turned = 0;
  const corner = (half: number): [number, number] => [
    triangles[half]!,
    triangles[half % 3 === 2 ? half - 2 : half + 1]!,
  ];
  const stack: number[] = [];
  for (let seed = 0; seed < done.length; seed++) {
    if (done[seed]) continue;
    done[seed] = 1;
    stack.push(seed);
    for (let t = stack.pop(); t !== undefined; t = stack.pop()) turnNeighbours(t);
  }
  if (turned > 0 && turned < done.length) warn(`${turned} triangles faced the wrong way and were turned`);
  return { positions: mesh.positions, triangles };

  function turnNeighbours(t: number): void {
    for (let e = 0; e < 3; e++) {
      const [a, b] = corner(3 * t + e);
      const pair = users.get(edgeKey(a, b, vertices))!;
      if (pair.length > 2) continue; // where surfaces touch, neither tells how the other lies
      for (const half of pair) {
        const other = Math.floor(half / 3);
        if (other === t) continue;
        const forward = [0, 1, 2].some((k) => {
          const [p, q] = corner(3 * other + k);
          return p === a && q === b;
        });
        if (done[other]) {
          if (!forward) continue;
          throw new FormatError(file, { whole: true }, "has only one side, like a Möbius strip", "Remesh it");
        }
        if (forward) {
          const keep = triangles[3 * other + 1]!;
          triangles[3 * other + 1] = triangles[3 * other + 2]!;
          triangles[3 * other + 2] = keep;
          turned++;
        }
        done[other] = 1;
        stack.push(other);
      }
    }
  }
}

/** Closes rims of open edges that are small with a fan around their middle; refuses larger ones. */
function fillSmallHoles(mesh: Mesh, file: string, warn: (words: string) => void): Mesh {
  const { open, nonManifold } = edgeDefects(mesh);
  if (open === 0) return mesh;
  const rims = boundaryRims(mesh);
  const positions = [...mesh.positions],
    triangles = [...mesh.triangles];
  for (const rim of rims ?? []) {
    const { min, max } = meshBounds({
      positions: Float32Array.from(rim.flatMap((v) => [...mesh.positions.subarray(3 * v, 3 * v + 3)])),
      triangles: new Uint32Array(0),
    });
    const size = Math.max(max[0] - min[0], max[1] - min[1], max[2] - min[2]);
    if (size > SMALL_HOLE_MM) {
      throw new FormatError(
        file,
        { whole: true },
        `is open: ${open} open edges, the largest hole is ${size.toFixed(0)} mm across`,
        `Close it (Slicer: Surface Toolbox, Fill holes; or pad the segmentation with one empty slice before export). ` +
          `Holes up to ${SMALL_HOLE_MM} mm are filled here`,
      );
    }
    const middle = positions.length / 3;
    for (let axis = 0; axis < 3; axis++) {
      positions.push(rim.reduce((sum, v) => sum + mesh.positions[3 * v + axis]!, 0) / rim.length);
    }
    rim.forEach((v, i) => triangles.push(rim[(i + 1) % rim.length]!, v, middle));
  }
  const filled = { positions: Float32Array.from(positions), triangles: Uint32Array.from(triangles) };
  const left = edgeDefects(filled);
  if (!rims || left.open > 0 || left.nonManifold > nonManifold) {
    throw new FormatError(
      file,
      { whole: true },
      `is open: ${open} open edges, whose rims touch each other`,
      "Remesh it (Slicer: Surface Toolbox, Uniform remesh)",
    );
  }
  warn(`${rims.length === 1 ? "a small hole was" : `${rims.length} small holes were`} filled (${open} open edges)`);
  return filled;
}

/** Rings of open edges in the direction of their triangles; undefined where two rings share a vertex. */
function boundaryRims({ triangles }: Mesh): number[][] | undefined {
  const directed = new Set<string>();
  for (let i = 0; i < triangles.length; i++) {
    directed.add(`${triangles[i]!},${triangles[i % 3 === 2 ? i - 2 : i + 1]!}`);
  }
  const next = new Map<number, number>();
  for (let i = 0; i < triangles.length; i++) {
    const a = triangles[i]!,
      b = triangles[i % 3 === 2 ? i - 2 : i + 1]!;
    if (directed.has(`${b},${a}`)) continue;
    if (next.has(a)) return undefined;
    next.set(a, b);
  }
  const rims: number[][] = [];
  while (next.size > 0) {
    const first = next.keys().next().value!;
    const rim: number[] = [];
    for (let v: number | undefined = first; v !== undefined;) {
      rim.push(v);
      const to: number | undefined = next.get(v);
      next.delete(v);
      v = to === first ? undefined : to;
      if (to === undefined) return undefined;
    }
    rims.push(rim);
  }
  return rims;
}

export function flipped({ positions, triangles }: Mesh): Mesh {
  return { positions, triangles: triangles.map((_, i) => triangles[i % 3 === 0 ? i : i % 3 === 1 ? i + 1 : i - 1]!) };
}

/** Edges that pass through a triangle with which they share no corner: none on a surface that does not cross itself. */
export function crossingEdges(mesh: Mesh): number {
  const { positions: p, triangles: t } = mesh;
  const surface = createClosestPoint(mesh);
  let crossing = 0;
  for (let i = 0; i < t.length; i++) {
    const a = t[i]!,
      b = t[i % 3 === 2 ? i - 2 : i + 1]!;
    if (a > b) continue; // of the two triangles at a closed edge one has it in this direction
    const from = [p[3 * a]!, p[3 * a + 1]!, p[3 * a + 2]!] as const,
      along = [p[3 * b]! - from[0], p[3 * b + 1]! - from[1], p[3 * b + 2]! - from[2]] as const;
    const pierced = surface.rayHits(from, along, Math.hypot(...along)).some(({ triangle }) => {
      const q = t[3 * triangle]!,
        r = t[3 * triangle + 1]!,
        s = t[3 * triangle + 2]!;
      return q !== a && q !== b && r !== a && r !== b && s !== a && s !== b;
    });
    if (pierced) crossing++;
  }
  return crossing;
}

type ManifoldModule = Awaited<ReturnType<typeof Manifold>>;
let loading: Promise<ManifoldModule> | undefined;

/** The last word on a mesh without pinched edges has manifold-3d: it takes only what bounds a solid. */
async function refuseUnsound({ positions, triangles }: Mesh, file: string): Promise<void> {
  loading ??= Manifold().then((module) => {
    module.setup();
    return module;
  });
  const { Manifold: Solid, Mesh: Surface } = await loading;
  let status: string;
  try {
    const solid = new Solid(new Surface({ numProp: 3, vertProperties: positions, triVerts: triangles }));
    status = solid.status();
    solid.delete();
  } catch (error) {
    status = error instanceof Error ? error.message : String(error);
  }
  if (status !== "NoError") {
    throw new FormatError(file, { whole: true }, `does not bound a solid (${status})`, "Remesh it and export it again");
  }
}
