import { pageDataId, type PageData } from "../data/report-page.ts";
import { createBoneScene, type BoneScene, type SceneParts, type SceneState } from "./bone-scene.ts";
import type { View } from "./bone-surfaces.ts";
import { find, findAll, loadImage } from "./dom.ts";
import { drawHistograms } from "./histogram.ts";
import { loadMesh } from "./page-meshes.ts";
import { frameName, framesNear, loadScan } from "./page-scan.ts";
import { evidenceWords, pointWords } from "./point-words.ts";
import { saveAs, savedPicture, type SavedLegend } from "./saved-picture.ts";
import type { PlacedPicture, ScanState } from "./scan-objects.ts";
import { startScanPanel, type ScanPanel } from "./scan-panel.ts";
import { listenToStage } from "./stage-input.ts";

const isChecked = (name: string): boolean => find<HTMLInputElement>(`input[name="${name}"]`)?.checked ?? false;

function chosen(data: PageData, scan: ScanState): SceneState {
  const bones = findAll<HTMLInputElement>('input[name="bone"]:checked').map(({ value }) => value);
  return {
    view: (find<HTMLInputElement>('input[name="view"]:checked')?.value ?? "plain") as View,
    errorRangeMm: Number(find<HTMLSelectElement>("#error-range")?.value ?? data.errorRangesMm[0]),
    ghostOpacity: Number(find<HTMLInputElement>("#ghost")?.value ?? 0) / 100,
    bones: new Set(bones),
    path: isChecked("path"),
    scan,
  };
}

/** Ends of the error legend, and which legend fits what is shown. */
function showLegend({ view, errorRangeMm }: SceneState): void {
  for (const legend of findAll<HTMLElement>("[data-legend]")) legend.hidden = legend.dataset["legend"] !== view;
  const low = find("[data-low]"),
    high = find("[data-high]");
  if (low) low.textContent = `\u2212${errorRangeMm} mm`;
  if (high) high.textContent = `+${errorRangeMm} mm`;
  const range = find<HTMLSelectElement>("#error-range"),
    ghost = find<HTMLInputElement>("#ghost");
  if (range) range.disabled = view !== "error";
  if (ghost) ghost.disabled = view === "coverage";
}

function savedLegend(data: PageData, { view, errorRangeMm }: SceneState): SavedLegend | null {
  if (view === "plain") return null;
  if (view === "coverage") {
    const high = `${data.missedMm} mm or more`;
    return { colours: data.coverageColours, low: "0 mm", high, means: "from the true bone to the result" };
  }
  const low = `\u2212${errorRangeMm} mm`,
    high = `+${errorRangeMm} mm`;
  return { colours: data.errorColours, low, high, means: "inside the true bone \u00b7 outside" };
}

/** The large pictures of the page, for their places in the scene. */
async function placedPictures(): Promise<PlacedPicture[]> {
  const pictures = findAll<SVGImageElement>("[data-frame-index] image").map(async (image) => {
    const index = Number(image.closest<HTMLElement>("[data-frame-index]")?.dataset["frameIndex"]);
    const picture = await loadImage(image.getAttribute("href") ?? "");
    return picture ? [{ index, picture }] : [];
  });
  return (await Promise.all(pictures)).flat();
}

/** Wires scene, controls and panel; `onState` after every change. */
function connect(scene: BoneScene, parts: SceneParts, element: HTMLElement, onState: (s: SceneState) => void): void {
  const { data, scan, film, pictures } = parts;
  const readout = find("[data-readout]");
  let marked: readonly number[] = [];
  let panel: ScanPanel | null = null;
  let state: SceneState;
  const refresh = (): void => {
    state = chosen(data, {
      frame: panel?.frame() ?? -1,
      pictures: isChecked("pictures"),
      lines: isChecked("lines"),
      marked,
    });
    scene.show(state);
  };
  const forget = (): void => {
    marked = [];
    if (readout) readout.textContent = "";
    panel?.list([], "");
  };
  const changed = (): void => {
    forget();
    refresh();
    showLegend(state);
    onState(state);
  };
  panel = scan && startScanPanel(scan, film, pictures, refresh);
  for (const input of findAll<HTMLInputElement>(".panel input, #error-range")) {
    input.addEventListener("input", input.dataset["keepsPoint"] === undefined ? changed : refresh);
  }
  const pick = (x: number, y: number): void => {
    forget();
    const hit = scene.pick(x, y);
    if (hit && readout) readout.textContent = pointWords(hit, state.view);
    if (hit && scan && panel && hit.item.role === "result") {
      marked = framesNear(scan, [hit.point.x, hit.point.y, hit.point.z], scan.page.nearMm);
      panel.list(marked, evidenceWords(hit, marked.length, scan.page.everyFrames));
    }
    refresh();
  };
  const label = element.getAttribute("aria-label") ?? "3D view";
  const onReset = (): void => {
    forget();
    refresh();
  };
  listenToStage(scene.stage, element, { label, onClick: pick, onReset });
  find('[data-action="reset"]')?.addEventListener("click", () => {
    scene.stage.resetView();
    onReset();
  });
  find('[data-action="save"]')?.addEventListener("click", () => {
    scene.stage.draw();
    const frame = state.scan.frame;
    const lines = [readout?.textContent ?? "", scan && frame >= 0 ? frameName(scan, frame) : ""];
    const words = { title: data.title, lines: lines.filter((line) => line !== ""), legend: savedLegend(data, state) };
    saveAs(savedPicture(scene.stage.canvas, element, words), data.title);
  });
  whenColoursChange(() => scene.stage.recolour());
  changed();
}

/** The 3D view; the page says so when the browser has no WebGL. */
async function startView(data: PageData, onState: (state: SceneState) => void): Promise<void> {
  const viewer = find<HTMLElement>("[data-needs-script]"),
    element = find<HTMLElement>("[data-stage]");
  if (!viewer || !element) return;
  const select = find<HTMLSelectElement>("#error-range");
  for (const mm of [...data.errorRangesMm].sort((a, b) => a - b)) {
    const first = mm === data.errorRangesMm[0];
    select?.append(new Option(`\u2212${mm} to +${mm} mm`, String(mm), first, first));
  }
  const film = data.scan?.film ? await loadImage(`data:image/png;base64,${data.scan.film.png}`) : null;
  const parts: SceneParts = {
    data,
    meshes: await Promise.all(data.meshes.map(loadMesh)),
    scan: data.scan && (await loadScan(data.scan)),
    film,
    pictures: await placedPictures(),
  };
  viewer.hidden = false;
  const scanBox = find<HTMLElement>("[data-scan]");
  if (scanBox && parts.scan) scanBox.hidden = false;
  let scene: BoneScene;
  try {
    scene = createBoneScene(element, parts);
  } catch {
    viewer.hidden = true;
    const message = find<HTMLElement>("[data-no-webgl]");
    if (message) message.hidden = false;
    // The images can still be looked through.
    if (scanBox) viewer.after(scanBox);
    if (parts.scan) startScanPanel(parts.scan, film, parts.pictures, () => {});
    return;
  }
  connect(scene, parts, element, onState);
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
    folded = findAll<HTMLDetailsElement>("details:not([open])");
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
