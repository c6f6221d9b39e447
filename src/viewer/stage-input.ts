import type { Stage } from "./stage.ts";

const TURN_RAD = Math.PI / 24;
const ZOOM = 1.15;
/** A click moves the pointer less than this between down and up, CSS pixels. */
const CLICK_PX = 4;

export interface StageInput {
  /** What a screen reader says of the canvas. */
  readonly label: string;
  readonly onClick?: (x: number, y: number) => void;
  readonly onReset?: () => void;
}

/** Arrows turn, + and − zoom, 0 resets; the canvas can be reached by the keyboard and tells what it is. */
export function listenToStage(stage: Stage, element: HTMLElement, { label, onClick, onReset }: StageInput): void {
  const { canvas } = stage;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  element.removeAttribute("aria-label");
  let downAt: readonly [number, number] = [NaN, NaN];
  canvas.addEventListener("pointerdown", ({ clientX, clientY }) => (downAt = [clientX, clientY]));
  canvas.addEventListener("pointerup", ({ clientX, clientY, offsetX, offsetY }) => {
    if (Math.hypot(clientX - downAt[0], clientY - downAt[1]) < CLICK_PX) onClick?.(offsetX, offsetY);
  });
  const reset = (): void => {
    stage.resetView();
    onReset?.();
  };
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => stage.turn(-TURN_RAD, 0),
    ArrowRight: () => stage.turn(TURN_RAD, 0),
    ArrowUp: () => stage.turn(0, -TURN_RAD),
    ArrowDown: () => stage.turn(0, TURN_RAD),
    "+": () => stage.zoom(1 / ZOOM),
    "-": () => stage.zoom(ZOOM),
    "0": reset,
  };
  canvas.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    act();
    event.preventDefault();
  });
  canvas.addEventListener("webglcontextlost", () => {
    const message = document.createElement("p");
    message.className = "message";
    message.textContent = "The browser took the 3D view away. Reload the page.";
    element.append(message);
  });
}
