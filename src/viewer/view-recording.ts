import { AxesHelper, Matrix4, Vector3 } from "three";
import type { ViewedRecording } from "../data/view-page.ts";
import { find, need } from "./dom.ts";
import { joined, lineObject } from "./lines.ts";
import { startPlayer } from "./player.ts";
import { drawLanes } from "./status-lanes.ts";
import { toolColour } from "./tool-colours.ts";
import { positions, sampleAt, statusAt } from "./track-time.ts";
import { getBytes } from "./view-data.ts";
import { startViewStage } from "./view-stage.ts";

/** Farther apart than this, two positions are not joined: the tool was lost, or jumped. */
const GAP_MM = 20;
const AXES_MM = 25;

/** A recording: its images as a clip, where the tools were, and whether they were tracked. */
export function showRecording(path: string, item: ViewedRecording): void {
  const { images, tracks } = item;
  const endS = Math.max(images ? (images.timesS.at(-1) ?? 0) : 0, ...tracks.map(({ timesS }) => timesS.at(-1) ?? 0), 0);
  const moveTools = startTools(item);
  const canvas = need<HTMLCanvasElement>("[data-image]");
  const drawImage = images && imageDrawer(canvas, path, images);
  if (!images) need("[data-image-says]").textContent = "There are no images in this recording.";
  listSweeps(item);
  const lanes = need<HTMLCanvasElement>("[data-lanes]");
  startPlayer(endS, images?.timesS ?? tracks[0]?.timesS ?? [], (timeS) => {
    moveTools(timeS);
    drawLanes(lanes, item, endS, timeS);
    return drawImage ? drawImage(timeS) : Promise.resolve();
  });
}

/** Draws the last image before a time; the promise ends when it stands. */
function imageDrawer(
  canvas: HTMLCanvasElement,
  path: string,
  images: NonNullable<ViewedRecording["images"]>,
): (timeS: number) => Promise<void> {
  const { width, height, pixelMm, timesS, everyImages, count } = images;
  canvas.width = width;
  canvas.height = height;
  if (pixelMm) canvas.style.aspectRatio = String((width * pixelMm[0]) / (height * pixelMm[1]));
  const context = canvas.getContext("2d")!;
  const rgba = context.createImageData(width, height);
  rgba.data.fill(255);
  const says = need("[data-image-says]");
  let shown = -1,
    wanted = -1;
  return async (timeS) => {
    const at = sampleAt(timesS, timeS);
    if (at < 0) return;
    wanted = at;
    const words = `image ${at * everyImages} of ${count}, ${(timesS[at] ?? 0).toFixed(2)} s`;
    if (at === shown) return;
    const pixels = new Uint8Array(await getBytes("frame", { path, index: at * everyImages }));
    // A later request may have been answered first.
    if (wanted !== at) return;
    shown = at;
    for (let i = 0; i < pixels.length; i++) rgba.data.fill(pixels[i]!, 4 * i, 4 * i + 3);
    context.putImageData(rgba, 0, 0);
    says.textContent = words;
    canvas.setAttribute("aria-label", `Ultrasound image: ${words}`);
  };
}

/** The ways of the tools, and the table of where they are; the function moves both to a time. */
function startTools(item: ViewedRecording): (timeS: number) => void {
  const { tracks } = item;
  const body = need("[data-tools]");
  const rows = tracks.map((track, i) => {
    const row = document.createElement("tr"),
      head = document.createElement("th"),
      swatch = document.createElement("span");
    head.scope = "row";
    swatch.className = "swatch tool";
    swatch.style.color = toolColour(i);
    head.append(swatch, track.tool);
    const cells = [track.parent, "", "", `${(100 * track.trackedShare).toFixed(1)} %`, track.rateHz === null ? "\u2013" : track.rateHz.toFixed(1)]; // prettier-ignore
    row.append(head, ...cells.map((text, c) => cell(text, c < 2)));
    body.append(row);
    return row;
  });
  const stage = startViewStage({
    clouds: () => tracks.map((track) => positions(track).filter((mm) => !Number.isNaN(mm))),
    direction: new Vector3(0.5, -0.7, 0.5),
    words: () => ({ title: item.name, lines: [need("[data-time-says]").textContent ?? ""], legend: null }),
  });
  const markers = tracks.map((track, i) => {
    if (!stage) return null;
    const way = joined(positions(track), GAP_MM);
    if (way.length) stage.scene.add(lineObject(way, { colour: Number(`0x${toolColour(i).slice(1)}`), widthPx: 2 }));
    const axes = new AxesHelper(AXES_MM);
    axes.matrixAutoUpdate = false;
    stage.scene.add(axes);
    return axes;
  });
  stage?.resetView();
  const readout = find("[data-readout]");
  if (readout) readout.textContent = tracks.length ? "each tool in the frame of its parent" : "no tracked tools";
  return (timeS) => {
    tracks.forEach((track, i) => {
      const pose = track.poses[sampleAt(track.timesS, timeS)] ?? null;
      const cells = rows[i]!.cells;
      cells[2]!.textContent = statusAt(track.status, timeS);
      cells[3]!.textContent = pose
        ? [3, 7, 11].map((k) => pose[k]!.toFixed(1).replace("-", "\u2212")).join(", ")
        : "\u2013";
      const marker = markers[i];
      if (!marker) return;
      marker.visible = pose !== null;
      if (pose) place(marker, pose);
    });
    stage?.ask();
  };
}

function place(axes: AxesHelper, m: readonly number[]): void {
  axes.matrix.copy(new Matrix4().set(m[0]!, m[1]!, m[2]!, m[3]!, m[4]!, m[5]!, m[6]!, m[7]!, m[8]!, m[9]!, m[10]!, m[11]!, 0, 0, 0, 1)); // prettier-ignore
}

function cell(text: string, isText: boolean): HTMLTableCellElement {
  const td = document.createElement("td");
  td.textContent = text;
  if (isText) td.className = "text";
  return td;
}

function listSweeps({ sweeps }: ViewedRecording): void {
  need<HTMLElement>("[data-sweeps-box]").hidden = sweeps.length === 0;
  need("[data-sweeps]").replaceChildren(
    ...sweeps.map(({ name, fromS, toS }) => {
      const item = document.createElement("li");
      item.textContent = `${name}: ${fromS.toFixed(1)} to ${toS.toFixed(1)} s`;
      return item;
    }),
  );
}
