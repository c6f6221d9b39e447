import {
  BufferAttribute,
  Color,
  DoubleSide,
  LineBasicMaterial,
  LineSegments,
  Mesh,
  MeshLambertMaterial,
  Vector3,
  WireframeGeometry,
} from "three";
import type { ViewedMesh } from "../data/view-page.ts";
import { geometryOf } from "./bone-surfaces.ts";
import { diverging, sequential } from "./colour-ramps.ts";
import { find, need } from "./dom.ts";
import type { SavedLegend } from "./saved-picture.ts";
import { rampCss, vertexColours } from "./vertex-colours.ts";
import { getBytes, readMeshBytes } from "./view-data.ts";
import { startViewStage } from "./view-stage.ts";

const BONE = new Color(0xe9dfc9);

interface Colouring {
  readonly name: string;
  readonly values: Float32Array;
  readonly low: number;
  readonly high: number;
}

const digits = (value: number): string =>
  (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2)).replace("-", "\u2212");

/** A mesh file: its shape, coloured by what is known of its vertices. */
export async function showMesh(path: string, item: ViewedMesh): Promise<void> {
  const { mesh, scalars } = readMeshBytes(await getBytes("mesh", { path }));
  facts(item);
  const select = need<HTMLSelectElement>("#colour");
  select.append(new Option("plain", ""));
  item.scalars.forEach(({ name }, i) => select.append(new Option(name, String(i))));
  select.disabled = item.scalars.length === 0;

  const colouring = (): Colouring | null => {
    const chosen = select.value === "" ? undefined : item.scalars[Number(select.value)];
    const values = scalars[Number(select.value)];
    if (!chosen || !values) return null;
    const most = Math.max(Math.abs(chosen.min), Math.abs(chosen.max));
    const signed = chosen.min < 0;
    return { name: chosen.name, values, low: signed ? -most : 0, high: most || 1 };
  };
  const legend = (): SavedLegend | null => {
    const now = colouring();
    if (!now) return null;
    return { colours: ramp(now), low: digits(now.low), high: digits(now.high), means: now.name };
  };
  const object = new Mesh(geometryOf(mesh), new MeshLambertMaterial({ color: BONE, side: DoubleSide }));
  const stage = startViewStage({
    clouds: () => [mesh.positions],
    words: () => ({ title: item.name, lines: [readout.textContent ?? ""], legend: legend() }),
    onClick(shown, x, y) {
      const [hit] = shown.rayAt(x, y).intersectObject(object, false);
      const now = colouring();
      if (!hit?.face) readout.textContent = "";
      else {
        const { a, b, c } = hit.face;
        const far = (v: number): number => hit.point.distanceToSquared(new Vector3().fromArray(mesh.positions, 3 * v));
        const vertex = [a, b, c].reduce((best, v) => (far(v) < far(best) ? v : best));
        const value = now ? `${now.name} ${digits(now.values[vertex] ?? NaN)}, ` : "";
        readout.textContent = `${value}at (${hit.point.toArray().map((mm) => mm.toFixed(1)).join(", ")}) mm`; // prettier-ignore
      }
    },
  });
  const readout = need<HTMLElement>("[data-readout]");
  if (!stage) return;
  stage.scene.add(object);
  let edges: LineSegments | undefined;
  const show = (): void => {
    const now = colouring();
    const { material } = object;
    material.vertexColors = now !== null;
    material.color = now ? new Color(1, 1, 1) : BONE;
    if (now) {
      const position = (v: number): number => (now.values[v]! - now.low) / (now.high - now.low);
      object.geometry.setAttribute("color", new BufferAttribute(vertexColours(item.vertices, ramp(now), position), 3));
    }
    material.needsUpdate = true;
    showLegend(now);
    readout.textContent = "";
    stage.ask();
  };
  select.addEventListener("input", show);
  need<HTMLInputElement>('input[name="edges"]').addEventListener("input", ({ target }) => {
    edges ??= stage.scene.add(new LineSegments(new WireframeGeometry(object.geometry), new LineBasicMaterial({ color: 0x56616c, transparent: true, opacity: 0.35 }))).children.at(-1) as LineSegments; // prettier-ignore
    edges.visible = (target as HTMLInputElement).checked;
    stage.ask();
  });
  const error = item.scalars.findIndex(({ name }) => name === "error_mm");
  if (error >= 0) select.value = String(error);
  show();
  stage.resetView();
}

const ramp = ({ low }: Colouring): typeof sequential => (low < 0 ? diverging : sequential);

function showLegend(now: Colouring | null): void {
  const legend = need<HTMLElement>("[data-legend]");
  legend.hidden = now === null;
  if (!now) return;
  need("[data-low]").textContent = digits(now.low);
  need("[data-high]").textContent = digits(now.high);
  const canvas = need<HTMLCanvasElement>("[data-ramp]");
  const context = canvas.getContext("2d")!;
  for (let x = 0; x < canvas.width; x++) {
    context.fillStyle = smooth(now, x / (canvas.width - 1));
    context.fillRect(x, 0, 1, 1);
  }
}

/** Between two colours of the ramp, as the surface has it. */
function smooth(now: Colouring, at: number): string {
  const colours = ramp(now),
    place = at * (colours.length - 1),
    low = Math.min(colours.length - 2, Math.floor(place));
  const [a, b] = [colours[low]!, colours[low + 1]!];
  return rampCss([[0, 1, 2].map((c) => a[c]! + (place - low) * (b[c]! - a[c]!)) as [number, number, number]], 0);
}

function facts({ vertices, triangles, sizeMm }: ViewedMesh): void {
  const list = find("[data-mesh-facts]");
  for (const [term, value] of [
    ["Triangles", triangles.toLocaleString("en")],
    ["Vertices", vertices.toLocaleString("en")],
    ["Size, mm", sizeMm.map((mm) => mm.toFixed(1)).join(" × ")],
  ] as const) {
    const dt = document.createElement("dt"),
      dd = document.createElement("dd");
    dt.textContent = term;
    dd.textContent = value;
    list?.append(dt, dd);
  }
}
