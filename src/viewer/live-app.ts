import type { LiveFrameUpdate, LiveUpdate } from "../data/live-wire.ts";
import type { LiveStatus } from "../data/live.ts";
import { connectLive } from "./live-link.ts";
import { createLivePanel } from "./live-panel.ts";
import { createLivePicture } from "./live-picture.ts";
import { createLiveScene, type LiveScene } from "./live-scene.ts";

/** The page of `sonobench live`: shows what comes, and sends what the operator wants. */
function main(): void {
  const stage = document.querySelector<HTMLElement>("[data-stage]")!;
  const canvas = document.querySelector<HTMLCanvasElement>("[data-picture]")!;
  const picture = createLivePicture(canvas);
  const panel = createLivePanel();
  const scene = tryScene(stage, canvas);
  let status: LiveStatus | undefined, lastFrame: LiveFrameUpdate | undefined;

  const link = connectLive(`ws://${location.host}/live`, {
    opened: () => undefined,
    lost: (reason) => panel.offline(reason),
    update,
  });

  function update(next: LiveUpdate): void {
    if (next.frame) {
      lastFrame = next.frame;
      drawPicture();
      panel.frame(next.frame);
    }
    scene?.update(next);
    if (next.status) {
      status = next.status;
      panel.status(status);
      scene?.cover(status.coverage);
    }
    document.documentElement.dataset["turn"] = String(next.turn);
  }
  function drawPicture(): void {
    if (lastFrame) picture.show(lastFrame, { line: isOn("line"), sure: isOn("sure") });
  }
  const isOn = (what: string): boolean => document.querySelector<HTMLInputElement>(`[data-show="${what}"]`)!.checked;
  const choose = (): void =>
    scene?.choose({ picture: isOn("picture"), swath: isOn("swath"), strokes: isOn("strokes"), follow: isOn("follow") });

  const actions: Readonly<Record<string, () => void>> = {
    record: () => link.send({ type: status?.recording ? "stop" : "record" }),
    pause: () => link.send({ type: status?.state.kind === "paused" ? "resume" : "pause" }),
    clear: () => {
      if (confirm("Begin another bone? The one on the screen is lost unless it was saved."))
        link.send({ type: "clear" });
    },
    all: () => scene?.showAll(),
    photo: () => scene && savePhoto(scene),
  };
  for (const [name, act] of Object.entries(actions))
    document.querySelector(`[data-action="${name}"]`)!.addEventListener("click", act);
  for (const box of document.querySelectorAll("[data-show]"))
    box.addEventListener("change", () => {
      drawPicture();
      choose();
    });
  listenToKeys(stage, scene, actions);
  choose();
  document.documentElement.dataset["ready"] = scene ? "3d" : "2d";
}

function tryScene(stage: HTMLElement, picture: HTMLCanvasElement): LiveScene | undefined {
  try {
    const scene = createLiveScene(stage, picture);
    scene.recolour();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => scene.recolour());
    return scene;
  } catch {
    stage.querySelector<HTMLElement>("[data-no-webgl]")!.hidden = false;
    for (const name of ["all", "photo"])
      document.querySelector<HTMLButtonElement>(`[data-action="${name}"]`)!.disabled = true;
    return undefined;
  }
}

const TURN_RAD = Math.PI / 18;
const CLOSER = 0.87;

/** P and R anywhere but where one types; arrows, plus, minus and 0 when the 3D view has the focus. */
function listenToKeys(
  stage: HTMLElement,
  scene: LiveScene | undefined,
  actions: Readonly<Record<string, () => void>>,
): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const action = { p: "pause", r: "record", "0": "all" }[event.key.toLowerCase()];
    if (action === undefined) return;
    actions[action]!();
    event.preventDefault();
  });
  const turns: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => scene?.turn(-TURN_RAD, 0),
    ArrowRight: () => scene?.turn(TURN_RAD, 0),
    ArrowUp: () => scene?.turn(0, -TURN_RAD),
    ArrowDown: () => scene?.turn(0, TURN_RAD),
    "+": () => scene?.zoom(CLOSER),
    "-": () => scene?.zoom(1 / CLOSER),
  };
  stage.addEventListener("keydown", (event) => {
    const turn = turns[event.key];
    if (!turn) return;
    turn();
    event.preventDefault();
  });
}

function savePhoto(scene: LiveScene): void {
  const link = document.createElement("a");
  link.href = scene.picture();
  link.download = "live-bone.png";
  link.click();
}

main();
