import type { PageColour } from "../data/report-page.ts";
import { rampCss } from "./vertex-colours.ts";

export interface SavedLegend {
  readonly colours: readonly PageColour[];
  readonly low: string;
  readonly high: string;
  /** Under the middle. */
  readonly means: string;
}

export interface SavedWords {
  readonly title: string;
  /** What is shown: view, frame, point. */
  readonly lines: readonly string[];
  readonly legend: SavedLegend | null;
}

/** Of the strip under the scene, in CSS pixels of a page 1000 wide. */
const STRIP_PX = 96;
const PAD_PX = 18;

/** The scene as it stands, with title, legend and what is shown under it, as a PNG's data URL. */
export function savedPicture(scene: HTMLCanvasElement, element: HTMLElement, words: SavedWords): string {
  const scale = scene.width / 1000;
  const canvas = document.createElement("canvas");
  canvas.width = scene.width;
  canvas.height = scene.height + Math.round(STRIP_PX * scale);
  const context = canvas.getContext("2d")!;
  context.drawImage(scene, 0, 0);
  context.translate(0, scene.height);
  context.scale(scale, scale);
  const look = getComputedStyle(element);
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--card").trim() || "#fff";
  context.fillRect(0, 0, 1000, STRIP_PX);
  context.fillStyle = look.color;
  const font = (px: number, weight = 400): string => `${weight} ${px}px ${look.fontFamily}`;
  const half = words.legend ? 500 - PAD_PX : 1000 - 2 * PAD_PX;
  context.font = font(17, 650);
  context.fillText(words.title, PAD_PX, 28, half);
  context.font = font(14);
  words.lines.slice(0, 2).forEach((line, i) => context.fillText(line, PAD_PX, 52 + 20 * i, half));
  if (words.legend) drawLegend(context, words.legend, font(14));
  return canvas.toDataURL("image/png");
}

function drawLegend(context: CanvasRenderingContext2D, { colours, low, high, means }: SavedLegend, font: string): void {
  const left = 530,
    width = 1000 - PAD_PX - left;
  colours.forEach((_, i) => {
    context.fillStyle = rampCss(colours, i / (colours.length - 1));
    context.fillRect(left + (i * width) / colours.length, 16, width / colours.length + 0.6, 16);
  });
  context.fillStyle = getComputedStyle(document.body).color;
  context.font = font;
  context.fillText(low, left, 50);
  context.textAlign = "right";
  context.fillText(high, left + width, 50);
  context.textAlign = "center";
  context.fillText(means, left + width / 2, 50, width - 120);
  context.textAlign = "left";
}

/** Saves a data URL as a file that can have no odd name. */
export function saveAs(url: string, name: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = `${name.replace(/[^\w-]+/g, "-")}.png`;
  link.click();
}
