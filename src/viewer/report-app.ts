import { pageDataId, type PageData } from "../data/report-page.ts";
import { createBoneScene, type BoneScene, type Picked, type SceneState, type View } from "./bone-scene.ts";
import { drawHistograms } from "./histogram.ts";
import { loadMesh } from "./page-meshes.ts";

const TURN_RAD = Math.PI / 24;
const ZOOM = 1.15;
/** A click moves the pointer less than this between down and up, CSS pixels. */
const CLICK_PX = 4;

const find = <E extends Element>(selector: string): E | null => document.querySelector<E>(selector);
const findAll = (selector: string): HTMLInputElement[] => [...document.querySelectorAll<HTMLInputElement>(selector)];

function chosen(data: PageData): SceneState {
  return {
    view: (find<HTMLInputElement>('input[name="view"]:checked')?.value ?? "plain") as View,
    errorRangeMm: Number(find<HTMLSelectElement>("#error-range")?.value ?? data.errorRangesMm[0]),
    ghostOpacity: Number(find<HTMLInputElement>("#ghost")?.value ?? 0) / 100,
    bones: new Set(findAll('input[name="bone"]:checked').map(({ value }) => value)),
    path: find<HTMLInputElement>('input[name="path"]')?.checked ?? false,
  };
}

const signed = (mm: number): string => `${mm < 0 ? "\u2212" : "+"}${Math.abs(mm).toFixed(2)} mm`;

function words({ item, errorMm, positionMm }: Picked): string {
  const where = `at (${positionMm.map((mm) => mm.toFixed(1)).join(", ")}) mm`;
  if (Number.isNaN(errorMm)) return `${item.bone}, ${where}`;
  if (!Number.isFinite(errorMm)) return `${item.bone}: no result to measure to, ${where}`;
  if (item.role === "truth") return `${item.bone}: ${Math.abs(errorMm).toFixed(2)} mm from the result, ${where}`;
  return `${item.bone}: ${signed(errorMm)}, ${errorMm < 0 ? "inside" : "outside"} the true bone, ${where}`;
}

/** Ends of the error legend, and which legend fits what is shown. */
function showLegend({ view, errorRangeMm }: SceneState): void {
  for (const legend of document.querySelectorAll<HTMLElement>("[data-legend]")) {
    legend.hidden = legend.dataset["legend"] !== view;
  }
  const low = find("[data-low]"),
    high = find("[data-high]");
  if (low) low.textContent = `\u2212${errorRangeMm} mm`;
  if (high) high.textContent = `+${errorRangeMm} mm`;
}

function listen(scene: BoneScene, stage: HTMLElement, data: PageData, changed: () => void): void {
  for (const input of document.querySelectorAll("[data-needs-script] input, #error-range")) {
    input.addEventListener("input", changed);
  }
  find('[data-action="reset"]')?.addEventListener("click", () => scene.resetView());
  find('[data-action="save"]')?.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = scene.picture();
    link.download = `${data.title.replace(/[^\w-]+/g, "-")}.png`;
    link.click();
  });
  const { canvas } = scene;
  const readout = find("[data-readout]");
  let downAt: readonly [number, number] = [NaN, NaN];
  canvas.addEventListener("pointerdown", ({ clientX, clientY }) => (downAt = [clientX, clientY]));
  canvas.addEventListener("pointerup", ({ clientX, clientY, offsetX, offsetY }) => {
    if (!(Math.hypot(clientX - downAt[0], clientY - downAt[1]) < CLICK_PX)) return;
    const picked = scene.pick(offsetX, offsetY);
    if (readout) readout.textContent = picked ? words(picked) : "";
  });
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => scene.turn(-TURN_RAD, 0),
    ArrowRight: () => scene.turn(TURN_RAD, 0),
    ArrowUp: () => scene.turn(0, -TURN_RAD),
    ArrowDown: () => scene.turn(0, TURN_RAD),
    "+": () => scene.zoom(1 / ZOOM),
    "-": () => scene.zoom(ZOOM),
    "0": () => scene.resetView(),
  };
  canvas.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    act();
    event.preventDefault();
  });
  canvas.addEventListener("webglcontextlost", () => {
    stage.insertAdjacentHTML("beforeend", '<p class="message">The browser took the 3D view away. Reload the page.</p>');
  });
}

/** The 3D view; false when the browser has no WebGL, and the page then says so. */
async function startView(data: PageData, onState: (state: SceneState) => void): Promise<void> {
  const viewer = find<HTMLElement>("[data-needs-script]"),
    stage = find<HTMLElement>("[data-stage]");
  if (!viewer || !stage) return;
  const select = find<HTMLSelectElement>("#error-range");
  for (const mm of [...data.errorRangesMm].sort((a, b) => a - b)) {
    const first = mm === data.errorRangesMm[0];
    select?.append(new Option(`\u2212${mm} to +${mm} mm`, String(mm), first, first));
  }
  const meshes = await Promise.all(data.meshes.map(loadMesh));
  viewer.hidden = false;
  let scene: BoneScene;
  try {
    scene = createBoneScene(stage, data, meshes);
  } catch {
    viewer.hidden = true;
    const message = find<HTMLElement>("[data-no-webgl]");
    if (message) message.hidden = false;
    return;
  }
  scene.canvas.tabIndex = 0;
  scene.canvas.setAttribute("role", "img");
  scene.canvas.setAttribute("aria-label", stage.getAttribute("aria-label") ?? "3D view");
  stage.removeAttribute("aria-label");
  const changed = (): void => {
    const state = chosen(data);
    scene.show(state);
    showLegend(state);
    const range = find<HTMLSelectElement>("#error-range"),
      ghost = find<HTMLInputElement>("#ghost");
    if (range) range.disabled = state.view !== "error";
    if (ghost) ghost.disabled = state.view === "coverage";
    const readout = find("[data-readout]");
    if (readout) readout.textContent = "";
    onState(state);
  };
  listen(scene, stage, data, changed);
  whenColoursChange(() => scene.recolour());
  changed();
}

/** Light to dark and back, and to paper, which is always light. */
function whenColoursChange(act: () => void): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", act);
  matchMedia("print").addEventListener("change", act);
}

/** Paper cannot be clicked: everything that is folded away is opened for it. */
function openForPrint(): void {
  let folded: HTMLDetailsElement[] = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll<HTMLDetailsElement>("details:not([open])")];
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of folded) details.open = false;
  });
}

async function start(): Promise<void> {
  const data = JSON.parse(find(`#${pageDataId}`)?.textContent ?? "") as PageData;
  const chart = find<HTMLElement>("[data-histogram]");
  let rangeMm = data.errorRangesMm[0] ?? 2;
  const draw = (): void => {
    if (chart) void drawHistograms(chart, data, rangeMm);
  };
  openForPrint();
  draw();
  whenColoursChange(draw);
  await startView(data, (state) => {
    if (state.errorRangeMm !== rangeMm) {
      rangeMm = state.errorRangeMm;
      draw();
    }
  });
  document.documentElement.dataset["ready"] = "true";
}

void start();
