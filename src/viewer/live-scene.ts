import { Sphere, Vector3 } from "three";
import type { LiveFrameUpdate, LivePlan, LiveUpdate } from "../data/live-wire.ts";
import type { LiveCoverage } from "../data/live.ts";
import { createLiveProbe } from "./live-probe.ts";
import { createLiveStrokes } from "./live-strokes.ts";
import { createLiveSurface } from "./live-surface.ts";
import { createLiveSwath } from "./live-swath.ts";
import { createOrbitView, FIELD_OF_VIEW_DEG, type OrbitView } from "./orbit-view.ts";

export interface SceneChoice {
  readonly picture: boolean;
  readonly swath: boolean;
  readonly strokes: boolean;
  readonly follow: boolean;
}

/** Bone, probe, skin and strokes in space. */
export interface LiveScene extends Pick<OrbitView, "canvas" | "turn" | "zoom" | "recolour"> {
  update(update: Pick<LiveUpdate, "surface" | "swath" | "plan" | "frame">): void;
  cover(coverage: LiveCoverage): void;
  choose(choice: SceneChoice): void;
  showAll(): void;
  picture(): string;
}

/** A knee, where nothing is known yet. */
const KNEE_RADIUS_MM = 115;
/** Of the way to the probe, a second. */
const FOLLOW_SHARE = 0.08;

/** Throws when the browser has no WebGL. `picture`: the canvas with the ultrasound picture. */
export function createLiveScene(stage: HTMLElement, picture: HTMLCanvasElement): LiveScene {
  const view = createOrbitView(stage);
  const { canvas, scene, camera, ask, draw } = view;
  const surface = createLiveSurface(),
    swath = createLiveSwath(),
    strokes = createLiveStrokes(),
    probe = createLiveProbe(picture);
  scene.add(surface.group, swath.mesh, strokes.group, probe.group);
  const front = new Vector3(0.25, 1, 0.15);
  let knee: Vector3 | undefined,
    placed = false,
    choice: SceneChoice = { picture: true, swath: true, strokes: true, follow: false };

  function takePlan({ up, front: forward, kneeMm }: LivePlan): void {
    if (!up || !forward || !kneeMm) return;
    const vertical = new Vector3().fromArray(up);
    // From the front, a little from the side and from above.
    const side = vertical.clone().cross(new Vector3().fromArray(forward));
    front.fromArray(forward).addScaledVector(side, 0.35).addScaledVector(vertical, 0.2);
    knee = new Vector3().fromArray(kneeMm);
    view.setUp(vertical);
    showAll();
  }
  function showAll(): void {
    const bone = surface.bounds();
    const whole = knee ? new Sphere(knee, KNEE_RADIUS_MM) : bone;
    if (!whole) return;
    const distance = (1.05 * whole.radius) / Math.sin((FIELD_OF_VIEW_DEG * Math.PI) / 360) / Math.min(1, camera.aspect);
    view.controls.target.copy(whole.center);
    camera.position.copy(front).normalize().multiplyScalar(distance).add(whole.center);
    camera.near = distance / 100;
    camera.far = distance + 2000;
    camera.updateProjectionMatrix();
    view.controls.update();
    placed = true;
    ask();
  }
  function takeFrame(frame: LiveFrameUpdate): void {
    if (!probe.show(frame)) return;
    if (!choice.follow) return;
    const target = new Vector3().setFromMatrixPosition(probe.group.matrix);
    const step = target.sub(view.controls.target).multiplyScalar(FOLLOW_SHARE);
    view.controls.target.add(step);
    camera.position.add(step);
    view.controls.update();
  }

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
    turn: view.turn,
    zoom: view.zoom,
    recolour: view.recolour,
    picture() {
      draw();
      return canvas.toDataURL("image/png");
    },
  };
}
