import { extname } from "node:path";
import { invert3x4, multiply3x4, rotationAngle } from "../core/rigid.ts";
import { mean } from "../core/stats.ts";
import type { Figure } from "../data/report.ts";
import { readMatrix, type MatrixFile } from "../io/matrix-file.ts";
import { targetRegistration } from "../metrics/calibration.ts";
import { figure } from "../metrics/headline.ts";
import { UsageError } from "./command.ts";

export const isMatrix = (path: string): boolean =>
  [".json", ".tfm", ".mat", ".matrix"].includes(extname(path).toLowerCase());

export interface MatrixOptions {
  /** "512x512", pixels. */
  readonly image: string;
  /** mm; both ways the same, or "x,y". */
  readonly spacing: string;
}

/**
 * Two transforms of the same frames, mm. Pixel matrices (calibrations) are compared by where they put the pixels of the
 * image; rigid ones also by translation and rotation, over an image of --spacing that they carry.
 */
export async function scoreMatrices(resultPath: string, truthPath: string, options: MatrixOptions) {
  const [result, truth] = await Promise.all([readMatrix(resultPath), readMatrix(truthPath)]);
  if (result.fromPixel !== truth.fromPixel) {
    throw new UsageError(`${resultPath} and ${truthPath}: one begins with pixels and the other with mm`);
  }
  const size = /^(\d+)x(\d+)$/.exec(options.image),
    spacing = options.spacing.split(",").map(Number);
  if (!size || !spacing.every((mm) => mm > 0 && mm < 10)) {
    throw new UsageError(
      `--image ${options.image} --spacing ${options.spacing}: expected e.g. 512x512 and 0.0977 (mm)`,
    );
  }
  const [width, height] = [Number(size[1]), Number(size[2])];
  const [sx, sy] = [spacing[0]!, spacing[1] ?? spacing[0]!];
  const mmFromPixel = Float64Array.of(sx, 0, 0, (-sx * (width - 1)) / 2, 0, sy, 0, 0, 0, 0, 1, 0);
  const onPixels = ({ m, fromPixel }: MatrixFile): Float64Array => (fromPixel ? m : multiply3x4(m, mmFromPixel));
  const image = (file: MatrixFile) => ({ probeFromPixel: onPixels(file), width, height });
  const measured = targetRegistration.measure(image(result), image(truth));
  if (measured.status === "failed") throw new UsageError(measured.reason);
  const headline: Record<string, Figure> = {
    "matrix.tre": figure(mean(measured.samples), null, "mm"),
    "matrix.treMax": figure(Math.max(...measured.samples), null, "mm"),
  };
  if (!result.fromPixel) {
    const error = multiply3x4(invert3x4(truth.m), result.m);
    headline["matrix.translation"] = figure(Math.hypot(error[3]!, error[7]!, error[11]!), null, "mm");
    headline["matrix.rotation"] = figure((rotationAngle(error) * 180) / Math.PI, null, "deg");
  }
  return {
    headline,
    score: Object.fromEntries(Object.entries(headline).map(([id, { value }]) => [id, value])),
    warnings: [],
  };
}
