import {
  AlwaysStencilFunc,
  Box3,
  BufferAttribute,
  BufferGeometry,
  Color,
  DoubleSide,
  FrontSide,
  Mesh,
  MeshLambertMaterial,
  NotEqualStencilFunc,
  ReplaceStencilOp,
  Sphere,
  Vector3,
  type Raycaster,
  type Scene,
} from "three";
import type { PageData } from "../data/report-page.ts";
import type { LoadedMesh } from "./page-meshes.ts";
import { errorPosition, vertexColours } from "./vertex-colours.ts";

export type View = "error" | "plain" | "coverage";

/** What the reader has chosen of the surfaces. */
export interface SurfaceState {
  readonly view: View;
  readonly errorRangeMm: number;
  /** Of the true bone beside the result, 0 … 1. */
  readonly ghostOpacity: number;
  readonly bones: ReadonlySet<string>;
}

/** A point of a surface; `vertex` is the nearest of its triangle. */
export interface SurfaceHit {
  readonly item: LoadedMesh;
  readonly vertex: number;
  readonly point: Vector3;
  readonly distance: number;
}

interface Item {
  readonly loaded: LoadedMesh;
  readonly object: Mesh<BufferGeometry, MeshLambertMaterial>;
}

const BONE = new Color(0xe9dfc9);
const GHOST = new Color(0xb9c4cc);

export function geometryOf({ positions, triangles }: LoadedMesh["mesh"]): BufferGeometry {
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(positions, 3));
  geometry.setIndex(new BufferAttribute(triangles, 1));
  geometry.computeVertexNormals();
  return geometry;
}

export interface BoneSurfaces {
  show(state: SurfaceState): void;
  /** Nearest opaque surface that is shown. */
  hit(ray: Raycaster): SurfaceHit | null;
  bounds(): Sphere;
}

type Colouring = Pick<PageData, "errorColours" | "coverageColours" | "missedMm">;

export function addBoneSurfaces(scene: Scene, meshes: readonly LoadedMesh[], data: Colouring): BoneSurfaces {
  const items: Item[] = meshes.map((loaded) => {
    const object = new Mesh(geometryOf(loaded.mesh), new MeshLambertMaterial({ side: DoubleSide }));
    scene.add(object);
    return { loaded, object };
  });
  return {
    show(state) {
      for (const item of items) style(item, state, data);
    },
    hit(ray) {
      const solid = items.filter(({ object }) => object.visible && !object.material.transparent);
      const [hit] = ray.intersectObjects(
        solid.map(({ object }) => object),
        false,
      );
      const item = solid.find(({ object }) => object === hit?.object);
      if (!hit?.face || !item) return null;
      const { positions } = item.loaded.mesh;
      const far = (v: number): number => hit.point.distanceToSquared(new Vector3().fromArray(positions, v * 3));
      const vertex = [hit.face.a, hit.face.b, hit.face.c].reduce((best, v) => (far(v) < far(best) ? v : best));
      return { item: item.loaded, vertex, point: hit.point, distance: hit.distance };
    },
    bounds() {
      const box = new Box3();
      for (const { object } of items) box.expandByObject(object);
      return box.getBoundingSphere(new Sphere());
    },
  };
}

function style({ loaded, object }: Item, state: SurfaceState, data: Colouring): void {
  const { view, ghostOpacity, bones } = state;
  const { material } = object;
  const main = view === "coverage" ? loaded.role === "truth" : loaded.role === "result";
  const ghost = !main && loaded.role === "truth" && ghostOpacity > 0;
  object.visible = bones.has(loaded.bone) && (main || ghost);
  if (!object.visible) return;
  const transparent = ghost && ghostOpacity < 1;
  material.transparent = transparent;
  material.opacity = transparent ? ghostOpacity : 1;
  material.depthWrite = !transparent;
  material.side = ghost ? FrontSide : DoubleSide;
  // A transparent true bone must not tint the error colours: it is drawn only where no result was drawn before.
  object.renderOrder = ghost ? 1 : 0;
  material.stencilWrite = true;
  material.stencilRef = 1;
  material.stencilFunc = transparent ? NotEqualStencilFunc : AlwaysStencilFunc;
  if (!transparent) material.stencilZPass = ReplaceStencilOp;
  const colours = main ? colour(loaded, state, data) : null;
  if (colours) object.geometry.setAttribute("color", new BufferAttribute(colours, 3));
  material.vertexColors = colours !== null;
  material.color = colours ? new Color(1, 1, 1) : main ? BONE : GHOST;
  material.needsUpdate = true;
}

function colour(
  { mesh, errorMm, reachable }: LoadedMesh,
  { view, errorRangeMm }: SurfaceState,
  { errorColours, coverageColours, missedMm }: Colouring,
): Float32Array | null {
  const count = mesh.positions.length / 3;
  if (!errorMm || view === "plain") return null;
  if (view === "error")
    return vertexColours(count, errorColours, (v) => errorPosition(errorMm[v] ?? NaN, errorRangeMm));
  const distance = (v: number): number => (reachable?.[v] === 0 ? NaN : (errorMm[v] ?? NaN));
  return vertexColours(count, coverageColours, (v) => Math.abs(distance(v)) / missedMm);
}
