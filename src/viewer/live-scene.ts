import { DirectionalLight, HemisphereLight, PerspectiveCamera, Scene, Sphere, Vector3, WebGLRenderer } from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import type { LiveFrameUpdate, LivePlan, LiveUpdate } from "../data/live-wire.ts";
import type { LiveCoverage } from "../data/live.ts";
import { createLiveProbe } from "./live-probe.ts";
import { createLiveStrokes } from "./live-strokes.ts";
import { createLiveSurface } from "./live-surface.ts";
import { createLiveSwath } from "./live-swath.ts";

export interface SceneChoice {
  readonly picture: boolean;
  readonly swath: boolean;
  readonly strokes: boolean;
  readonly follow: boolean;
}

/** Bone, probe, skin and strokes in space. */
export interface LiveScene {
  readonly canvas: HTMLCanvasElement;
  update(update: Pick<LiveUpdate, "surface" | "swath" | "plan" | "frame">): void;
  cover(coverage: LiveCoverage): void;
  choose(choice: SceneChoice): void;
  showAll(): void;
  /** By radians about the vertical and the horizontal axis of the view. */
  turn(azimuthRad: number, polarRad: number): void;
  zoom(factor: number): void;
  recolour(): void;
  picture(): string;
}

const FIELD_OF_VIEW_DEG = 32;
/** A knee, where nothing is known yet. */
const KNEE_RADIUS_MM = 115;
/** Of the way to the probe, a second. */
const FOLLOW_SHARE = 0.08;

/** Throws when the browser has no WebGL. `picture`: the canvas with the ultrasound picture. */
export function createLiveScene(stage: HTMLElement, picture: HTMLCanvasElement): LiveScene {
  const renderer = new WebGLRenderer({ antialias: true, preserveDrawingBuffer: true });
  renderer.setPixelRatio(Math.min(2, window.devicePixelRatio));
  const canvas = renderer.domElement;
  const scene = new Scene();
  const camera = new PerspectiveCamera(FIELD_OF_VIEW_DEG, 1, 1, 5000);
  const lamp = new DirectionalLight(0xffffff, 1.9);
  lamp.position.set(0.4, 0.6, 1);
  camera.add(lamp);
  scene.add(camera, new HemisphereLight(0xffffff, 0xd0d0d0, 1.5));
  const surface = createLiveSurface(),
    swath = createLiveSwath(),
    strokes = createLiveStrokes(),
    probe = createLiveProbe(picture);
  scene.add(surface.group, swath.mesh, strokes.group, probe.group);
  const createControls = (): OrbitControls => {
    const made = new OrbitControls(camera, canvas);
    made.addEventListener("change", () => ask());
    return made;
  };
  let controls = createControls();
  const front = new Vector3(0.25, 1, 0.15);
  let knee: Vector3 | undefined,
    placed = false,
    asked = false,
    choice: SceneChoice = { picture: true, swath: true, strokes: true, follow: false };

  const draw = (): void => {
    asked = false;
    renderer.render(scene, camera);
  };
  const ask = (): void => {
    if (!asked) requestAnimationFrame(draw);
    asked = true;
  };

  function takePlan({ up, front: forward, kneeMm }: LivePlan): void {
    if (!up || !forward || !kneeMm) return;
    camera.up.fromArray(up);
    // From the front, a little from the side and from above.
    const side = new Vector3().fromArray(up).cross(new Vector3().fromArray(forward));
    front.fromArray(forward).addScaledVector(side, 0.35).addScaledVector(camera.up, 0.2);
    knee = new Vector3().fromArray(kneeMm);
    // They keep the vertical that the camera had when they were made.
    controls.dispose();
    controls = createControls();
    showAll();
  }
  function showAll(): void {
    const bone = surface.bounds();
    const whole = knee ? new Sphere(knee, KNEE_RADIUS_MM) : bone;
    if (!whole) return;
    const distance = (1.05 * whole.radius) / Math.sin((FIELD_OF_VIEW_DEG * Math.PI) / 360) / Math.min(1, camera.aspect);
    controls.target.copy(whole.center);
    camera.position.copy(front).normalize().multiplyScalar(distance).add(whole.center);
    camera.near = distance / 100;
    camera.far = distance + 2000;
    camera.updateProjectionMatrix();
    controls.update();
    placed = true;
    ask();
  }
  function takeFrame(frame: LiveFrameUpdate): void {
    if (!probe.show(frame)) return;
    if (!choice.follow) return;
    const target = new Vector3().setFromMatrixPosition(probe.group.matrix);
    const step = target.sub(controls.target).multiplyScalar(FOLLOW_SHARE);
    controls.target.add(step);
    camera.position.add(step);
    controls.update();
  }
  function fit(): void {
    const { clientWidth: width, clientHeight: height } = stage;
    if (!width || !height) return;
    renderer.setSize(width, height, false);
    camera.aspect = width / height;
    camera.updateProjectionMatrix();
    draw();
  }

  stage.prepend(canvas);
  new ResizeObserver(fit).observe(stage);
  fit();

  return {
    canvas,
    update(update) {
      if (update.plan) {
        strokes.plan(update.plan);
        takePlan(update.plan);
      }
      if (update.surface) surface.update(update.surface);
      if (update.swath) swath.update(update.swath);
      if (update.frame) takeFrame(update.frame);
      if (!placed && surface.group.children.length > 0) showAll();
      ask();
    },
    cover(coverage) {
      strokes.cover(coverage);
      ask();
    },
    choose(next) {
      choice = next;
      probe.plane.visible = next.picture;
      swath.mesh.visible = next.swath;
      strokes.group.visible = next.strokes;
      ask();
    },
    showAll,
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
      renderer.setClearColor(getComputedStyle(stage).backgroundColor, 1);
      ask();
    },
    picture() {
      draw();
      return canvas.toDataURL("image/png");
    },
  };
}
