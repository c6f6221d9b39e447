import { Vector3 } from "three";
import { find } from "./dom.ts";
import { saveAs, savedPicture, type SavedWords } from "./saved-picture.ts";
import { createStage, type Stage } from "./stage.ts";
import { listenToStage } from "./stage-input.ts";

export interface ViewStageOptions {
  /** Everything that must be in the first view: xyz, mm. */
  readonly clouds: () => readonly ArrayLike<number>[];
  readonly direction?: Vector3;
  readonly up?: Vector3;
  readonly onClick?: (stage: Stage, x: number, y: number) => void;
  /** Under a saved picture. */
  readonly words: () => SavedWords;
}

/** The 3D view of a page of `sonobench view`; null, with a message in its place, when the browser has no WebGL. */
export function startViewStage(options: ViewStageOptions): Stage | null {
  const { clouds, direction = new Vector3(0.45, -0.8, 0.4), up = new Vector3(0, 0, 1), onClick, words } = options;
  const element = find<HTMLElement>("[data-stage]");
  if (!element) return null;
  let stage: Stage;
  try {
    stage = createStage(element, up, () => ({
      ...sphereAround(clouds()),
      direction: direction.clone().normalize(),
      clouds: clouds(),
    }));
  } catch {
    for (const part of [element, find<HTMLElement>('[data-action="reset"]'), find<HTMLElement>('[data-action="save"]')])
      if (part) part.hidden = true;
    const message = find<HTMLElement>("[data-no-webgl]");
    if (message) message.hidden = false;
    return null;
  }
  const label = element.getAttribute("aria-label") ?? "3D view";
  listenToStage(stage, element, { label, ...(onClick ? { onClick: (x, y) => onClick(stage, x, y) } : {}) });
  find('[data-action="reset"]')?.addEventListener("click", () => stage.resetView());
  find('[data-action="save"]')?.addEventListener("click", () => {
    stage.draw();
    const says = words();
    saveAs(savedPicture(stage.canvas, element, says), says.title);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => stage.recolour());
  return stage;
}

function sphereAround(clouds: readonly ArrayLike<number>[]): { readonly centre: Vector3; readonly radiusMm: number } {
  const min = new Vector3(Infinity, Infinity, Infinity),
    max = new Vector3(-Infinity, -Infinity, -Infinity),
    at = new Vector3();
  for (const cloud of clouds) {
    for (let i = 0; i + 2 < cloud.length; i += 3) {
      at.set(cloud[i]!, cloud[i + 1]!, cloud[i + 2]!);
      min.min(at);
      max.max(at);
    }
  }
  if (!(min.x <= max.x)) return { centre: new Vector3(), radiusMm: 1 };
  return { centre: min.clone().add(max).multiplyScalar(0.5), radiusMm: Math.max(1, min.distanceTo(max) / 2) };
}
