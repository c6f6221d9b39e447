import { DirectionalLight, HemisphereLight, PerspectiveCamera, Scene, Vector3, WebGLRenderer } from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";

/** A canvas with a camera that turns about a point, by mouse, touch and calls; draws only when something changed. */
export interface OrbitView {
  readonly canvas: HTMLCanvasElement;
  readonly scene: Scene;
  readonly camera: PerspectiveCamera;
  /** Others after `setUp`. */
  readonly controls: OrbitControls;
  /** Another vertical. */
  setUp(up: Vector3): void;
  /** Draws soon; many calls make one picture. */
  ask(): void;
  /** Draws now; the canvas then holds the picture. */
  draw(): void;
  /** By radians about the vertical and the horizontal axis of the view. */
  turn(azimuthRad: number, polarRad: number): void;
  /** Distance to the middle times `factor`. */
  zoom(factor: number): void;
  /** The background again, after light and dark were changed. */
  recolour(): void;
}

export const FIELD_OF_VIEW_DEG = 32;

/** The canvas fills `element` and takes its background. Throws when the browser has no WebGL. */
export function createOrbitView(element: HTMLElement, { stencil = false } = {}): OrbitView {
  const renderer = new WebGLRenderer({ antialias: true, stencil, preserveDrawingBuffer: true });
  renderer.setPixelRatio(Math.min(2, window.devicePixelRatio));
  const canvas = renderer.domElement;
  const scene = new Scene();
  const camera = new PerspectiveCamera(FIELD_OF_VIEW_DEG, 1, 1, 5000);
  const lamp = new DirectionalLight(0xffffff, 1.9);
  lamp.position.set(0.4, 0.6, 1);
  camera.add(lamp);
  scene.add(camera, new HemisphereLight(0xffffff, 0xd0d0d0, 1.5));

  let asked = false;
  const draw = (): void => {
    asked = false;
    renderer.render(scene, camera);
  };
  const ask = (): void => {
    if (!asked) requestAnimationFrame(draw);
    asked = true;
  };
  const createControls = (): OrbitControls => {
    const made = new OrbitControls(camera, canvas);
    made.addEventListener("change", ask);
    return made;
  };
  let controls = createControls();

  function fit(): void {
    const { clientWidth: width, clientHeight: height } = element;
    if (!width || !height) return;
    renderer.setSize(width, height, false);
    camera.aspect = width / height;
    camera.updateProjectionMatrix();
    draw();
  }

  element.prepend(canvas);
  new ResizeObserver(fit).observe(element);
  fit();

  return {
    canvas,
    scene,
    camera,
    get controls() {
      return controls;
    },
    setUp(up) {
      camera.up.copy(up);
      // They keep the vertical that the camera had when they were made.
      controls.dispose();
      controls = createControls();
    },
    ask,
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
    recolour() {
      renderer.setClearColor(getComputedStyle(element).backgroundColor, 1);
      ask();
    },
  };
}
