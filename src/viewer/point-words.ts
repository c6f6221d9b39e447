import type { SurfaceHit, View } from "./bone-surfaces.ts";

const signed = (mm: number): string => `${mm < 0 ? "\u2212" : "+"}${Math.abs(mm).toFixed(2)} mm`;

/** What is known of a point of a surface: its error where there is a number, and where it is. */
export function pointWords({ item, vertex, point }: SurfaceHit, view: View): string {
  const where = `at (${[point.x, point.y, point.z].map((mm) => mm.toFixed(1)).join(", ")}) mm`;
  const errorMm = view === "plain" ? NaN : (item.errorMm?.[vertex] ?? NaN);
  if (Number.isNaN(errorMm)) return `${item.bone}, ${where}`;
  if (!Number.isFinite(errorMm)) return `${item.bone}: no result to measure to, ${where}`;
  if (item.role === "truth") return `${item.bone}: ${Math.abs(errorMm).toFixed(2)} mm from the result, ${where}`;
  return `${item.bone}: ${signed(errorMm)}, ${errorMm < 0 ? "inside" : "outside"} the true bone, ${where}`;
}

/** What the scan itself says of the point: how often it was seen, how much the frames scatter, how many they were. */
export function evidenceWords({ item, vertex }: SurfaceHit, frames: number, everyFrames: number): string {
  const columns = item.observations?.[vertex] ?? NaN,
    sdMm = item.sdMm?.[vertex] ?? NaN;
  const thinned = everyFrames > 1 ? ` (one frame in ${everyFrames} is in this page)` : "";
  return [
    frames === 0
      ? `no frame's bone line passes by${thinned}`
      : `made by ${frames} ${frames === 1 ? "frame" : "frames"}${thinned}`,
    Number.isFinite(columns) ? `${Math.round(columns)} image columns saw it` : "",
    frames > 1 && Number.isFinite(sdMm) ? `the frames' scatter leaves ±${sdMm.toFixed(2)} mm (1 SD)` : "",
  ]
    .filter((part) => part !== "")
    .join("; ");
}
