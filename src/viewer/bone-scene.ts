import {
  AlwaysStencilFunc,
  Box3,
  BufferAttribute,
  BufferGeometry,
  Color,
  DirectionalLight,
  DoubleSide,
  FrontSide,
  HemisphereLight,
  Mesh,
  MeshBasicMaterial,
  MeshLambertMaterial,
  NotEqualStencilFunc,
  PerspectiveCamera,
  Raycaster,
  ReplaceStencilOp,
  Scene,
  Sphere,
  SphereGeometry,
  Vector2,
  Vector3,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { LineMaterial } from "three/addons/lines/LineMaterial.js";
import { LineSegments2 } from "three/addons/lines/LineSegments2.js";
import { LineSegmentsGeometry } from "three/addons/lines/LineSegmentsGeometry.js";
import type { PageData } from "../data/report-page.ts";
import type { LoadedMesh } from "./page-meshes.ts";
import { errorPosition, vertexColours } from "./vertex-colours.ts";

export type View = "error" | "plain" | "coverage";

/** What the reader has chosen. */
export interface SceneState {
  readonly view: View;
  readonly errorRangeMm: number;
  /** Of the true bone beside the result, 0 … 1. */
  readonly ghostOpacity: number;
  readonly bones: ReadonlySet<string>;
  readonly path: boolean;
}

/** The surface point that was clicked; `errorMm` is NaN where there is no number. */
export interface Picked {
  readonly item: LoadedMesh;
  readonly errorMm: number;
  readonly positionMm: readonly [number, number, number];
}

export interface BoneScene {
  readonly canvas: HTMLCanvasElement;
  show(state: SceneState): void;
  resetView(): void;
  /** By radians about the vertical and the horizontal axis of the view. */
  turn(azimuthRad: number, polarRad: number): void;
  /** Distance to the middle times `factor`. */
  zoom(factor: number): void;
  /** Nearest visible surface under a point of the canvas in CSS pixels; marks it. */
  pick(x: number, y: number): Picked | null;
  recolour(): void;
  picture(): string;
}

interface Item {
  readonly loaded: LoadedMesh;
  readonly object: Mesh<BufferGeometry, MeshLambertMaterial>;
}

const BONE = new Color(0xe9dfc9);
const GHOST = new Color(0xb9c4cc);
const PATH = new Color(0x8a5cd6);
const PATH_PX = 2.5;
/** Farther apart than this, two positions of the probe belong to two strokes and are not joined, mm. */
const STROKE_GAP_MM = 10;
const FIELD_OF_VIEW_DEG = 32;
/** Free space around the bones in the first view. */
const MARGIN = 1.06;

function geometryOf({ mesh }: LoadedMesh): BufferGeometry {
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(mesh.positions, 3));
  geometry.setIndex(new BufferAttribute(mesh.triangles, 1));
  geometry.computeVertexNormals();
  return geometry;
}

function pathObject(positionsMm: readonly number[]): LineSegments2 | null {
  const ends: number[] = [];
  for (let i = 3; i + 2 < positionsMm.length; i += 3) {
    const [ax = 0, ay = 0, az = 0, bx = 0, by = 0, bz = 0] = positionsMm.slice(i - 3, i + 3);
    if (Math.hypot(bx - ax, by - ay, bz - az) <= STROKE_GAP_MM) ends.push(ax, ay, az, bx, by, bz);
  }
  if (!ends.length) return null;
  return new LineSegments2(
    new LineSegmentsGeometry().setPositions(ends),
    new LineMaterial({ color: PATH, linewidth: PATH_PX }),
  );
}

function meanVertex({ mesh: { positions } }: LoadedMesh): Vector3 {
  const mean = new Vector3(),
    at = new Vector3();
  for (let i = 0; i < positions.length; i += 3) mean.add(at.fromArray(positions, i));
  return mean.divideScalar(Math.max(1, positions.length / 3));
}

/** A leg stands: from tibia to femur, whatever the frame; +Z where the two are not there. True bones, where there are. */
function uprightOf(meshes: readonly LoadedMesh[]): Vector3 {
  const find = (bone: string): LoadedMesh | undefined =>
    meshes.find((mesh) => mesh.bone === bone && mesh.role === "truth") ?? meshes.find((mesh) => mesh.bone === bone);
  const femur = find("femur"),
    tibia = find("tibia");
  const up = femur && tibia ? meanVertex(femur).sub(meanVertex(tibia)) : new Vector3();
  return up.lengthSq() > 1 ? up.normalize() : new Vector3(0, 0, 1);
}

/** From where most of the scanning was done; else from the front (+Y) and a little above. */
function viewDirection(centre: Vector3, radius: number, pathMm: readonly number[], up: Vector3): Vector3 {
  const mean = new Vector3();
  for (let i = 0; i + 2 < pathMm.length; i += 3) mean.add(new Vector3(pathMm[i], pathMm[i + 1], pathMm[i + 2]));
  mean.divideScalar(Math.max(1, Math.floor(pathMm.length / 3))).sub(centre);
  const scannedFrom = pathMm.length >= 3 && mean.length() > 0.25 * radius ? mean : new Vector3(0.35, 1, 0.25);
  // Never straight along the vertical, which has no left and right.
  const direction = scannedFrom.normalize();
  if (Math.abs(direction.dot(up)) > 0.9) {
    const level = new Vector3(0.3, 0.5, 0);
    direction.add(level.addScaledVector(up, -level.dot(up))).normalize();
  }
  return direction;
}

/** How far from `centre` a camera that looks along −`direction` sees every vertex. */
function distanceToFit(items: readonly Item[], centre: Vector3, direction: Vector3, camera: PerspectiveCamera): number {
  const side = new Vector3().crossVectors(camera.up, direction).normalize();
  const upward = new Vector3().crossVectors(direction, side);
  const tangent = Math.tan((FIELD_OF_VIEW_DEG * Math.PI) / 360);
  const at = new Vector3();
  let distance = 1;
  for (const { loaded } of items) {
    const { positions } = loaded.mesh;
    for (let i = 0; i < positions.length; i += 3) {
      at.fromArray(positions, i).sub(centre);
      const beside = Math.max(Math.abs(at.dot(upward)), Math.abs(at.dot(side)) / camera.aspect);
      distance = Math.max(distance, beside / tangent + at.dot(direction));
    }
  }
  return distance;
}

/** Throws when the browser has no WebGL. */
export function createBoneScene(stage: HTMLElement, data: PageData, meshes: readonly LoadedMesh[]): BoneScene {
  const renderer = new WebGLRenderer({ antialias: true, stencil: true, preserveDrawingBuffer: true });
  renderer.setPixelRatio(Math.min(2, window.devicePixelRatio));
  const canvas = renderer.domElement;
  const scene = new Scene();
  const camera = new PerspectiveCamera(FIELD_OF_VIEW_DEG, 1, 1, 5000);
  camera.up.copy(uprightOf(meshes));
  const lamp = new DirectionalLight(0xffffff, 1.9);
  lamp.position.set(0.4, 0.6, 1);
  camera.add(lamp);
  scene.add(camera, new HemisphereLight(0xffffff, 0xd0d0d0, 1.5));

  const items: Item[] = meshes.map((loaded) => {
    const material = new MeshLambertMaterial({ side: DoubleSide });
    const object = new Mesh(geometryOf(loaded), material);
    scene.add(object);
    return { loaded, object };
  });
  const path = pathObject(data.probePathMm);
  if (path) scene.add(path);
  const mark = new Mesh(new SphereGeometry(1, 24, 16), new MeshBasicMaterial({ color: 0x111111 }));
  mark.visible = false;
  scene.add(mark);

  const bounds = new Box3();
  for (const { object } of items) bounds.expandByObject(object);
  const whole = bounds.getBoundingSphere(new Sphere());
  const controls = new OrbitControls(camera, canvas);
  let state: SceneState | undefined;

  let asked = false;
  const draw = (): void => {
    asked = false;
    renderer.render(scene, camera);
  };
  const ask = (): void => {
    if (!asked) requestAnimationFrame(draw);
    asked = true;
  };

  function style({ loaded, object }: Item, { view, errorRangeMm, ghostOpacity, bones }: SceneState): void {
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
    const colours = main ? colour(loaded, view, errorRangeMm) : null;
    if (colours) object.geometry.setAttribute("color", new BufferAttribute(colours, 3));
    material.vertexColors = colours !== null;
    material.color = colours ? new Color(1, 1, 1) : main ? BONE : GHOST;
    material.needsUpdate = true;
  }

  function colour({ mesh, errorMm, reachable }: LoadedMesh, view: View, rangeMm: number): Float32Array | null {
    const count = mesh.positions.length / 3;
    if (!errorMm || view === "plain") return null;
    if (view === "error")
      return vertexColours(count, data.errorColours, (v) => errorPosition(errorMm[v] ?? NaN, rangeMm));
    const distance = (v: number): number => (reachable?.[v] === 0 ? NaN : (errorMm[v] ?? NaN));
    return vertexColours(count, data.coverageColours, (v) => Math.abs(distance(v)) / data.missedMm);
  }

  function resetView(): void {
    const direction = viewDirection(whole.center, whole.radius, data.probePathMm, camera.up);
    const distance = MARGIN * distanceToFit(items, whole.center, direction, camera);
    controls.target.copy(whole.center);
    camera.position.copy(direction).multiplyScalar(distance).add(whole.center);
    camera.near = distance / 50;
    camera.far = distance + 20 * whole.radius;
    camera.updateProjectionMatrix();
    mark.visible = false;
    controls.update();
    ask();
  }

  function fit(): void {
    const width = stage.clientWidth,
      height = stage.clientHeight;
    if (!width || !height) return;
    renderer.setSize(width, height, false);
    camera.aspect = width / height;
    camera.updateProjectionMatrix();
    draw();
  }

  function recolour(): void {
    renderer.setClearColor(getComputedStyle(stage).backgroundColor, 1);
    ask();
  }

  stage.prepend(canvas);
  controls.addEventListener("change", ask);
  new ResizeObserver(fit).observe(stage);
  fit();
  recolour();
  resetView();

  return {
    canvas,
    resetView,
    recolour,
    show(next) {
      state = next;
      for (const item of items) style(item, next);
      if (path) path.visible = next.path;
      mark.visible = false;
      ask();
    },
    turn(azimuthRad, polarRad) {
      const arm = camera.position.clone().sub(controls.target);
      const side = new Vector3().crossVectors(camera.up, arm).normalize();
      arm.applyAxisAngle(camera.up, azimuthRad);
      const polar = arm.angleTo(camera.up) + polarRad;
      if (polar > 0.05 && polar < Math.PI - 0.05) arm.applyAxisAngle(side, polarRad);
      camera.position.copy(controls.target).add(arm);
      controls.update();
      ask();
    },
    zoom(factor) {
      camera.position.sub(controls.target).multiplyScalar(factor).add(controls.target);
      controls.update();
      ask();
    },
    pick(x, y) {
      const at = new Vector2((x / canvas.clientWidth) * 2 - 1, 1 - (y / canvas.clientHeight) * 2);
      const ray = new Raycaster();
      ray.setFromCamera(at, camera);
      const solid = items.filter(({ object }) => object.visible && !object.material.transparent);
      const [hit] = ray.intersectObjects(
        solid.map(({ object }) => object),
        false,
      );
      mark.visible = hit !== undefined;
      ask();
      const item = solid.find(({ object }) => object === hit?.object);
      if (!hit?.face || !item) return null;
      mark.position.copy(hit.point);
      mark.scale.setScalar(hit.distance * 0.006);
      const { errorMm, mesh } = item.loaded;
      const nearest = [hit.face.a, hit.face.b, hit.face.c].reduce((best, v) => {
        const far = (i: number): number => hit.point.distanceToSquared(new Vector3().fromArray(mesh.positions, i * 3));
        return far(v) < far(best) ? v : best;
      });
      return {
        item: item.loaded,
        errorMm: state?.view === "plain" ? NaN : (errorMm?.[nearest] ?? NaN),
        positionMm: [hit.point.x, hit.point.y, hit.point.z],
      };
    },
    picture() {
      draw();
      return canvas.toDataURL("image/png");
    },
  };
}
