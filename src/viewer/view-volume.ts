import {
  CanvasTexture,
  DoubleSide,
  Group,
  LinearFilter,
  Mesh,
  MeshBasicMaterial,
  MeshLambertMaterial,
  SRGBColorSpace,
  BufferAttribute,
  BufferGeometry,
} from "three";
import type { ViewedVolume } from "../data/view-page.ts";
import { geometryOf } from "./bone-surfaces.ts";
import { findAll, need } from "./dom.ts";
import { SliceView, type SliceAxis } from "./volume-slice.ts";
import { getBytes, readMeshBytes } from "./view-data.ts";
import { startViewStage } from "./view-stage.ts";
import type { Stage } from "./stage.ts";

const STEPS = 1000;
const axes = [0, 1, 2] as const;

/** A volume: three slices with a common crosshair, and the surface at a value with the slices in it. */
export async function showVolume(path: string, item: ViewedVolume): Promise<void> {
  const { grid, min, max } = item;
  const at: [number, number, number] = [...item.start];
  const planes = new Group();
  let stage: Stage | null = null;
  const value = (place: number): number => min + ((max - min) * place) / STEPS;
  const place = (gray: number): string => String(Math.round((STEPS * (gray - min)) / (max - min || 1)));
  const low = slider("window-low", STEPS, place(item.window[0])),
    high = slider("window-high", STEPS, place(item.window[1])),
    level = slider("level", STEPS, place(item.level));
  const shown = (gray: number): string => (item.element === "f32" ? gray.toPrecision(4) : gray.toFixed(0));

  const moveTo = (to: readonly [number, number, number]): void => {
    for (const axis of axes) at[axis] = Math.min(grid.shape[axis] - 1, Math.max(0, Math.round(to[axis])));
    void refresh();
  };
  const views = findAll<HTMLCanvasElement>("[data-slice]").map(
    (canvas) => new SliceView(canvas, Number(canvas.dataset["slice"]) as SliceAxis, path, item, moveTo),
  );
  const cross = need<HTMLInputElement>('input[name="crosshair"]');
  const sliders = axes.map((axis) => slider(`slice-${axis}`, grid.shape[axis] - 1, String(at[axis])));

  async function refresh(): Promise<void> {
    const window = [value(Number(low.value)), value(Number(high.value))] as const;
    sliders.forEach((input, axis) => {
      input.value = String(at[axis as SliceAxis]);
      output(input.id, `${(grid.originMm[axis]! + at[axis as SliceAxis] * grid.spacingMm[axis]!).toFixed(1)} mm`);
    });
    output("window-low", shown(window[0]));
    output("window-high", shown(window[1]));
    await Promise.all(views.map((view) => view.show(at, window, cross.checked)));
    const mm = axes.map((axis) => (grid.originMm[axis] + at[axis] * grid.spacingMm[axis]).toFixed(1));
    need("[data-crosshair]").textContent =
      `Value ${shown(views[2]?.valueAt(at) ?? NaN)} at (${mm.join(", ")}) mm, voxel (${at.join(", ")})`;
    if (stage) placeSlices(planes, views);
    stage?.ask();
  }
  sliders.forEach((input, axis) =>
    input.addEventListener("input", () => {
      at[axis as SliceAxis] = Number(input.value);
      void refresh();
    }),
  );
  for (const input of [low, high, cross]) input.addEventListener("input", () => void refresh());

  const corners = [0, 1].flatMap((side) => axes.map((axis) => grid.originMm[axis] + side * (grid.shape[axis] - 1) * grid.spacingMm[axis])); // prettier-ignore
  need<HTMLElement>("[data-view-surface]").hidden = false;
  stage = startViewStage({
    clouds: () => [corners],
    words: () => ({ title: item.name, lines: [need("[data-surface-says]").textContent ?? ""], legend: null }),
  });
  if (stage) {
    stage.scene.add(planes);
    need<HTMLInputElement>('input[name="planes"]').addEventListener("input", ({ target }) => {
      planes.visible = (target as HTMLInputElement).checked;
      stage?.ask();
    });
    surfaceAt(path, item, stage, level, (gray) => output("level", shown(gray)), value);
    stage.resetView();
  } else level.disabled = true;
  await refresh();
}

/** The surface at the slider's value, made again when the slider rests. */
function surfaceAt(
  path: string,
  { surfaceStep }: ViewedVolume,
  stage: Stage,
  level: HTMLInputElement,
  tell: (gray: number) => void,
  value: (place: number) => number,
): void {
  const says = need<HTMLElement>("[data-surface-says]");
  const object = new Mesh(new BufferGeometry(), new MeshLambertMaterial({ color: 0xe9dfc9, side: DoubleSide }));
  stage.scene.add(object);
  let asked: AbortController | undefined;
  const make = async (): Promise<void> => {
    asked?.abort();
    asked = new AbortController();
    says.textContent = "The surface is being made …";
    try {
      const { mesh } = readMeshBytes(
        await getBytes("surface", { path, level: value(Number(level.value)) }, asked.signal),
      );
      object.geometry.dispose();
      object.geometry = geometryOf(mesh);
      const thinned = surfaceStep > 1 ? `, on voxels ${surfaceStep} times as wide as the file's` : "";
      says.textContent = `${(mesh.triangles.length / 3).toLocaleString("en")} triangles${thinned}`;
    } catch (error) {
      if ((error as Error).name === "AbortError") return;
      says.textContent = error instanceof Error ? error.message : String(error);
    }
    stage.ask();
  };
  level.addEventListener("input", () => tell(value(Number(level.value))));
  level.addEventListener("change", () => void make());
  tell(value(Number(level.value)));
  void make();
}

/** The pictures of the slices as planes. */
function placeSlices(group: Group, views: readonly SliceView[]): void {
  for (const [i, view] of views.entries()) {
    let object = group.children[i] as Mesh<BufferGeometry, MeshBasicMaterial> | undefined;
    if (!object) {
      const map = new CanvasTexture(view.glass);
      map.colorSpace = SRGBColorSpace;
      map.generateMipmaps = false;
      map.minFilter = LinearFilter;
      object = new Mesh(
        new BufferGeometry(),
        new MeshBasicMaterial({ map, side: DoubleSide, transparent: true, depthWrite: false }),
      );
      object.geometry.setAttribute("uv", new BufferAttribute(Float32Array.of(0, 1, 1, 1, 1, 0, 0, 0), 2));
      object.geometry.setIndex([0, 2, 1, 0, 3, 2]);
      group.add(object);
    }
    object.geometry.setAttribute("position", new BufferAttribute(Float32Array.from(view.cornersMm().flat()), 3));
    object.geometry.computeBoundingSphere();
    const { map } = object.material;
    if (map) map.needsUpdate = true;
  }
}

function slider(id: string, max: number, value: string): HTMLInputElement {
  const input = need<HTMLInputElement>(`#${id}`);
  input.max = String(max);
  input.value = value;
  return input;
}

const output = (id: string, text: string): void => {
  need(`[data-of="${id}"]`).textContent = text;
  need(`#${id}`).setAttribute("aria-valuetext", text);
};
