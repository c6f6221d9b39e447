import {
  DirectionalLight,
  HemisphereLight,
  PerspectiveCamera,
  Raycaster,
  Scene,
  Vector2,
  Vector3,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { distanceToFit } from "./first-view.ts";

/** Where the camera begins: it looks along −`direction` at `centre` and sees all of `clouds` (xyz each, mm). */
export interface FirstView {
  readonly centre: Vector3;
  readonly direction: Vector3;
  readonly radiusMm: number;
  readonly clouds: readonly ArrayLike<number>[];
}

/** A canvas with a camera that is moved by mouse, touch and calls; draws only when something changed. */
export interface Stage {
  readonly canvas: HTMLCanvasElement;
  readonly scene: Scene;
  /** Draws soon; many calls make one picture. */
  ask(): void;
  resetView(): void;
  /** By radians about the vertical and the horizontal axis of the view. */
  turn(azimuthRad: number, polarRad: number): void;
  /** Distance to the middle times `factor`. */
  zoom(factor: number): void;
  /** Through a point of the canvas in CSS pixels. */
  rayAt(x: number, y: number): Raycaster;
  /** The background again, after light and dark were changed. */
  recolour(): void;
  /** Draws now; the canvas then holds the picture. */
  draw(): void;
}

const FIELD_OF_VIEW_DEG = 32;
/** Free space around what is shown first. */
const MARGIN = 1.06;

/** The canvas fills `element` and takes its background. Throws when the browser has no WebGL. */
export function createStage(element: HTMLElement, up: Vector3, firstView: () => FirstView): Stage {
  const renderer = new WebGLRenderer({ antialias: true, stencil: true, preserveDrawingBuffer: true });
  renderer.setPixelRatio(Math.min(2, window.devicePixelRatio));
  const canvas = renderer.domElement;
  const scene = new Scene();
  const camera = new PerspectiveCamera(FIELD_OF_VIEW_DEG, 1, 1, 5000);
  camera.up.copy(up);
  const lamp = new DirectionalLight(0xffffff, 1.9);
  lamp.position.set(0.4, 0.6, 1);
  camera.add(lamp);
  scene.add(camera, new HemisphereLight(0xffffff, 0xd0d0d0, 1.5));
  const controls = new OrbitControls(camera, canvas);

  let asked = false;
  const draw = (): void => {
    asked = false;
    renderer.render(scene, camera);
  };
  const ask = (): void => {
    if (!asked) requestAnimationFrame(draw);
    asked = true;
  };

  function resetView(): void {
    const { centre, direction, radiusMm, clouds } = firstView();
    const distance = MARGIN * distanceToFit(clouds, centre, direction, camera);
    controls.target.copy(centre);
    camera.position.copy(direction).multiplyScalar(distance).add(centre);
    camera.near = distance / 50;
    camera.far = distance + 20 * radiusMm;
    camera.updateProjectionMatrix();
    controls.update();
    ask();
  }

  function fit(): void {
    const width = element.clientWidth,
      height = element.clientHeight;
    if (!width || !height) return;
    renderer.setSize(width, height, false);
    camera.aspect = width / height;
    camera.updateProjectionMatrix();
    draw();
  }

  function recolour(): void {
    renderer.setClearColor(getComputedStyle(element).backgroundColor, 1);
    ask();
  }

  element.prepend(canvas);
  controls.addEventListener("change", ask);
  new ResizeObserver(fit).observe(element);
  fit();
  recolour();

  return {
    canvas,
    scene,
    ask,
    resetView,
    recolour,
    draw,
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
    rayAt(x, y) {
      const ray = new Raycaster();
      const at = new Vector2((x / canvas.clientWidth) * 2 - 1, 1 - (y / canvas.clientHeight) * 2);
      ray.setFromCamera(at, camera);
      return ray;
    },
  };
}
