import type { ViewedVolume } from "../data/view-page.ts";
import { getBytes } from "./view-data.ts";

export type SliceAxis = 0 | 1 | 2;
type Voxel = readonly [number, number, number];

/** Colours of the three slices, as their lines in the others. */
export const sliceColours = ["#e4572e", "#17b890", "#4c8df6"] as const;
/** Of the canvas on the page; the picture is as large as the slice. */
const WIDTH_PX = 640;
const KEPT_SLICES = 24;
/** Opacity of black in 3D, of 255. */
const CLEAR = 24;

/** One of three orthogonal slices: fetched when needed, drawn with window and crosshair. */
export class SliceView {
  /** The slice without crosshair, a pixel a voxel. */
  private readonly picture = document.createElement("canvas");
  /** The same for its place in 3D: dark is nearly clear, so that what lies behind is seen. */
  readonly glass = document.createElement("canvas");
  private readonly across: SliceAxis;
  private readonly up: SliceAxis;
  private readonly kept = new Map<number, ArrayLike<number>>();
  private index = 0;
  private values: ArrayLike<number> = [];
  private wanted = 0;

  private readonly canvas: HTMLCanvasElement;
  private readonly axis: SliceAxis;
  private readonly path: string;
  private readonly item: ViewedVolume;

  constructor(
    canvas: HTMLCanvasElement,
    axis: SliceAxis,
    path: string,
    item: ViewedVolume,
    moveTo: (voxel: Voxel) => void,
  ) {
    this.canvas = canvas;
    this.axis = axis;
    this.path = path;
    this.item = item;
    this.across = axis === 0 ? 1 : 0;
    this.up = axis === 2 ? 1 : 2;
    const { shape, spacingMm } = item.grid;
    this.picture.width = shape[this.across];
    this.picture.height = shape[this.up];
    this.glass.width = this.picture.width;
    this.glass.height = this.picture.height;
    const widthMm = shape[this.across] * spacingMm[this.across],
      heightMm = shape[this.up] * spacingMm[this.up];
    canvas.width = WIDTH_PX;
    canvas.height = Math.max(16, Math.min(3 * WIDTH_PX, Math.round((WIDTH_PX * heightMm) / widthMm)));
    const point = (event: PointerEvent): void => {
      if (event.buttons === 0) return;
      const u = (event.offsetX / canvas.clientWidth) * shape[this.across] - 0.5,
        v = (event.offsetY / canvas.clientHeight) * shape[this.up] - 0.5;
      const voxel: [number, number, number] = [this.index, this.index, this.index];
      voxel[this.across] = u;
      voxel[this.up] = this.flipped(v);
      moveTo(voxel);
    };
    canvas.addEventListener("pointerdown", point);
    canvas.addEventListener("pointermove", point);
  }

  async show(at: Voxel, [low, high]: readonly [number, number], crosshair: boolean): Promise<void> {
    const mine = ++this.wanted;
    const index = at[this.axis];
    const values = this.kept.get(index) ?? (await this.fetch(index));
    if (mine !== this.wanted) return;
    this.index = index;
    this.values = values;
    const { width, height } = this.picture;
    const context = this.picture.getContext("2d")!;
    const image = context.createImageData(width, height);
    const scale = 255 / Math.max(high - low, 1e-12);
    for (let v = 0, to = 0; v < height; v++) {
      const row = Math.round(this.flipped(v)) * width;
      for (let u = 0; u < width; u++, to += 4) {
        const gray = (values[row + u]! - low) * scale;
        image.data.fill(gray, to, to + 3);
        image.data[to + 3] = 255;
      }
    }
    context.putImageData(image, 0, 0);
    for (let i = 0; i < image.data.length; i += 4) image.data[i + 3] = CLEAR + (1 - CLEAR / 255) * image.data[i]!;
    this.glass.getContext("2d")!.putImageData(image, 0, 0);
    this.draw(at, crosshair);
  }

  valueAt(at: Voxel): number {
    return this.values[at[this.up] * this.picture.width + at[this.across]] ?? NaN;
  }

  /** Of the picture: upper left, upper right, lower right, lower left. */
  cornersMm(): number[][] {
    const { shape, spacingMm, originMm } = this.item.grid;
    const edge = (axis: SliceAxis, side: 0 | 1): number =>
      originMm[axis] + (side ? shape[axis] - 0.5 : -0.5) * spacingMm[axis];
    const top = this.up === 2 ? 1 : 0,
      bottom = top ? 0 : 1;
    return ([[0, top], [1, top], [1, bottom], [0, bottom]] as const).map(([side, height]) => {
      const corner = [0, 0, 0];
      corner[this.axis] = originMm[this.axis] + this.index * spacingMm[this.axis];
      corner[this.across] = edge(this.across, side);
      corner[this.up] = edge(this.up, height);
      return corner;
    }); // prettier-ignore
  }

  /** Rows of the picture run down: z from its top, y from its bottom. */
  private flipped(v: number): number {
    return this.up === 2 ? this.item.grid.shape[2] - 1 - v : v;
  }

  private async fetch(index: number): Promise<ArrayLike<number>> {
    const bytes = await getBytes("slice", { path: this.path, axis: this.axis, index });
    const { element } = this.item;
    const values =
      element === "u8" ? new Uint8Array(bytes) : element === "i16" ? new Int16Array(bytes) : new Float32Array(bytes);
    const [oldest] = this.kept.keys();
    if (this.kept.size >= KEPT_SLICES && oldest !== undefined) this.kept.delete(oldest);
    this.kept.set(index, values);
    return values;
  }

  private draw(at: Voxel, crosshair: boolean): void {
    const { canvas, picture } = this;
    const context = canvas.getContext("2d")!;
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    context.strokeStyle = sliceColours[this.axis];
    context.lineWidth = 6;
    context.strokeRect(0, 0, canvas.width, canvas.height);
    if (!crosshair) return;
    context.lineWidth = 2;
    const x = ((at[this.across] + 0.5) / picture.width) * canvas.width,
      y = ((this.flipped(at[this.up]) + 0.5) / picture.height) * canvas.height;
    const line = (colour: string, from: readonly [number, number], to: readonly [number, number]): void => {
      context.strokeStyle = colour;
      context.beginPath();
      context.moveTo(...from);
      context.lineTo(...to);
      context.stroke();
    };
    line(sliceColours[this.across], [x, 0], [x, canvas.height]);
    line(sliceColours[this.up], [0, y], [canvas.width, y]);
  }
}
