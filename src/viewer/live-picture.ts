import type { LiveFrameUpdate } from "../data/live-wire.ts";
import { traceBrokenLine } from "./broken-line.ts";

export interface PictureState {
  readonly line: boolean;
  /** The line's colour says how sure the detector is. */
  readonly sure: boolean;
}

/** The ultrasound picture with the bone line on it. */
export interface LivePicture {
  readonly canvas: HTMLCanvasElement;
  show(frame: LiveFrameUpdate, state: PictureState): void;
}

const LINE = "#ffb000";
/** Sure, fairly, hardly. */
const STEPS = ["#7fe07f", "#ffb000", "#ff6b5e"] as const;
const SURE = 230,
  FAIRLY = 170;
/** Pixels of the canvas, at least, so that the line is not as coarse as a small picture. */
const LEAST_PX = 720;

export function createLivePicture(canvas: HTMLCanvasElement): LivePicture {
  const context = canvas.getContext("2d")!;
  const small = document.createElement("canvas");
  const smallContext = small.getContext("2d")!;
  let image: ImageData | undefined;

  return {
    canvas,
    show(frame, { line, sure }) {
      const { width, height, pixels, pixelMm, shrunk, ridgeRowPx, confidence } = frame;
      if (image?.width !== width || image.height !== height) {
        image = smallContext.createImageData(width, height);
        image.data.fill(255);
        small.width = width;
        small.height = height;
      }
      const { data } = image;
      for (let i = 0, at = 0; i < pixels.length; i++, at += 4) data[at] = data[at + 1] = data[at + 2] = pixels[i]!;
      smallContext.putImageData(image, 0, 0);
      // As wide as it is on the patient: pixels need not be square.
      const tall = (height * pixelMm[1]) / (width * pixelMm[0]);
      const w = Math.max(LEAST_PX, width),
        h = Math.round(w * tall);
      if (canvas.width !== w || canvas.height !== h) {
        canvas.width = w;
        canvas.height = h;
      }
      context.imageSmoothingQuality = "high";
      context.drawImage(small, 0, 0, w, h);
      if (line) drawLine(ridgeRowPx, confidence, w / (width * shrunk), h / (height * shrunk), sure);
    },
  };

  function drawLine(rows: Float32Array, confidence: Uint8Array, scaleU: number, scaleV: number, sure: boolean): void {
    context.lineWidth = 3;
    context.lineJoin = "round";
    const stroke = (colour: string, isMine: (u: number) => boolean): void => {
      context.strokeStyle = colour;
      context.beginPath();
      traceBrokenLine(context, rows.length, (u) =>
        Number.isNaN(rows[u]!) || !isMine(u) ? undefined : [(u + 0.5) * scaleU, (rows[u]! + 0.5) * scaleV],
      );
      context.stroke();
    };
    if (!sure) return stroke(LINE, () => true);
    stroke(STEPS[0], (u) => confidence[u]! >= SURE);
    stroke(STEPS[1], (u) => confidence[u]! >= FAIRLY && confidence[u]! < SURE);
    stroke(STEPS[2], (u) => confidence[u]! < FAIRLY);
  }
}
