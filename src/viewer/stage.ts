import { Raycaster, Vector2, type Vector3 } from "three";
import { distanceToFit } from "./first-view.ts";
import { createOrbitView, type OrbitView } from "./orbit-view.ts";

/** Where the camera begins: it looks along −`direction` at `centre` and sees all of `clouds` (xyz each, mm). */
export interface FirstView {
  readonly centre: Vector3;
  readonly direction: Vector3;
  readonly radiusMm: number;
  readonly clouds: readonly ArrayLike<number>[];
}

/** A view that begins where everything is seen. */
export interface Stage extends Pick<OrbitView, "canvas" | "scene" | "ask" | "draw" | "turn" | "zoom" | "recolour"> {
  resetView(): void;
  /** Through a point of the canvas in CSS pixels. */
  rayAt(x: number, y: number): Raycaster;
}

/** Free space around what is shown first. */
const MARGIN = 1.06;

/** The canvas fills `element` and takes its background. Throws when the browser has no WebGL. */
export function createStage(element: HTMLElement, up: Vector3, firstView: () => FirstView): Stage {
  const view = createOrbitView(element, { stencil: true });
  const { canvas, camera } = view;
  view.setUp(up);
  view.recolour();
  return {
    ...view,
    resetView() {
      const { centre, direction, radiusMm, clouds } = firstView();
      const distance = MARGIN * distanceToFit(clouds, centre, direction, camera);
      view.controls.target.copy(centre);
      camera.position.copy(direction).multiplyScalar(distance).add(centre);
      camera.near = distance / 50;
      camera.far = distance + 20 * radiusMm;
      camera.updateProjectionMatrix();
      view.controls.update();
      view.ask();
    },
    rayAt(x, y) {
      const ray = new Raycaster();
      const at = new Vector2((x / canvas.clientWidth) * 2 - 1, 1 - (y / canvas.clientHeight) * 2);
      ray.setFromCamera(at, camera);
      return ray;
    },
  };
}
