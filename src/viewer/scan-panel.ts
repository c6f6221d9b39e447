import { find, need } from "./dom.ts";
import { frameName, spread, type LoadedScan } from "./page-scan.ts";
import type { PlacedPicture } from "./scan-objects.ts";
import { traceBrokenLine } from "./broken-line.ts";

/** Between two frames while it plays, at least: the pace of a clip, whatever the rate of the recording. */
const PLAY_MS = 66;
/** Little pictures in the list of frames; more are not looked at. */
const MAX_THUMBS = 18;

export interface ScanPanel {
  /** Position of the slider, or −1 when the frame is switched off. */
  frame(): number;
  /** The list of frames that made a point; an empty one takes it away. */
  list(frames: readonly number[], says: string): void;
}

/** The slider through time, the picture beside it, and the list of frames; `changed` after the reader moved. */
export function startScanPanel(
  scan: LoadedScan,
  film: HTMLImageElement | null,
  pictures: readonly PlacedPicture[],
  changed: () => void,
): ScanPanel {
  const slider = need<HTMLInputElement>("#scan-time"),
    name = need<HTMLElement>("[data-frame-name]"),
    picture = need<HTMLCanvasElement>("[data-frame-picture]"),
    play = need<HTMLButtonElement>('[data-action="play"]'),
    shown = need<HTMLInputElement>('input[name="frame"]');
  slider.max = String(scan.count - 1);
  slider.value = String(Math.floor(scan.count / 2));
  const at = (): number => Number(slider.value);

  const show = (): void => {
    const says = frameName(scan, at());
    slider.setAttribute("aria-valuetext", says);
    name.textContent = says;
    drawFrame(picture, scan, at(), film, pictures);
    picture.setAttribute("aria-label", `Ultrasound image with the bone line found in it, ${says}`);
  };
  const moved = (): void => {
    show();
    changed();
  };
  slider.addEventListener("input", moved);

  let timer: number | undefined;
  const stop = (): void => {
    clearTimeout(timer);
    timer = undefined;
    play.textContent = "Play";
    play.setAttribute("aria-pressed", "false");
  };
  const step = (): void => {
    const begunMs = performance.now();
    slider.value = String((at() + 1) % scan.count);
    moved();
    // After the picture: where drawing is slow, as much time is left for the reader's clicks as it took.
    requestAnimationFrame(() => {
      if (timer !== undefined) timer = window.setTimeout(step, Math.max(PLAY_MS, performance.now() - begunMs));
    });
  };
  play.addEventListener("click", () => {
    if (timer !== undefined) return stop();
    play.textContent = "Pause";
    play.setAttribute("aria-pressed", "true");
    timer = window.setTimeout(step, 0);
  });
  slider.addEventListener("pointerdown", stop);
  show();

  return {
    frame: () => (shown.checked ? at() : -1),
    list(frames, says) {
      const box = need<HTMLElement>("[data-point]"),
        list = need<HTMLElement>("[data-point-frames]");
      box.hidden = says === "";
      need("[data-point-says]").textContent = says;
      list.replaceChildren(
        ...spread(frames, MAX_THUMBS).map((frame) => {
          const item = document.createElement("li"),
            button = document.createElement("button"),
            thumb = document.createElement("canvas");
          button.type = "button";
          button.title = frameName(scan, frame);
          button.setAttribute("aria-label", `Show ${frameName(scan, frame)}`);
          thumb.setAttribute("aria-hidden", "true");
          drawFrame(thumb, scan, frame, film, []);
          button.append(thumb, String(scan.page.index[frame]));
          button.addEventListener("click", () => {
            stop();
            slider.value = String(frame);
            moved();
          });
          item.append(button);
          return item;
        }),
      );
      const more = find<HTMLElement>("[data-point-more]");
      if (more) more.hidden = frames.length <= MAX_THUMBS;
    },
  };
}

/** Its large picture where there is one, else from the film, with the bone line over it. */
function drawFrame(
  canvas: HTMLCanvasElement,
  scan: LoadedScan,
  frame: number,
  film: HTMLImageElement | null,
  pictures: readonly PlacedPicture[],
): void {
  const { page } = scan,
    { widthPx, heightPx } = page;
  const large = pictures.find(({ index }) => index === page.index[frame])?.picture;
  const [tileWidth, tileHeight] = page.film?.tilePx ?? [96, Math.round((96 * heightPx) / widthPx)];
  const [mmPerColumn, mmPerRow] = pixelMm(scan.poses, frame);
  canvas.width = 320;
  canvas.height = Math.round((320 * heightPx * mmPerRow) / (widthPx * mmPerColumn));
  const context = canvas.getContext("2d")!;
  context.fillStyle = "#000";
  context.fillRect(0, 0, canvas.width, canvas.height);
  if (large) context.drawImage(large, 0, 0, canvas.width, canvas.height);
  else if (film && page.film) {
    const left = (frame % page.film.across) * tileWidth,
      top = Math.floor(frame / page.film.across) * tileHeight;
    context.drawImage(film, left, top, tileWidth, tileHeight, 0, 0, canvas.width, canvas.height);
  }
  drawLine(context, scan, frame);
}

function drawLine(context: CanvasRenderingContext2D, scan: LoadedScan, frame: number): void {
  const { page, rows } = scan;
  const scaleX = context.canvas.width / page.widthPx,
    scaleY = context.canvas.height / page.heightPx;
  context.strokeStyle = "#ffb000";
  context.lineWidth = 2;
  context.beginPath();
  traceBrokenLine(context, page.columns.length, (i) => {
    const row = rows[frame * page.columns.length + i] ?? NaN;
    return Number.isNaN(row) ? undefined : [(page.columns[i]! + 0.5) * scaleX, (row + 0.5) * scaleY];
  });
  context.stroke();
}

function pixelMm(poses: Float32Array, frame: number): readonly [number, number] {
  const length = (k: number): number => Math.hypot(...poses.subarray(frame * 9 + k, frame * 9 + k + 3));
  return [length(0) || 1, length(3) || 1];
}
