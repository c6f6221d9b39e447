import type { CalibrationFigure, FrameMark, MarkedFrame, PlotSeries } from "../../data/calibration-page.ts";
import type { Image } from "../../data/image.ts";
import type { ImageTrack } from "../../data/recording.ts";
import { encodePng } from "../../io/png.ts";
import { mapPixels, MAP_SIDE, targetRegistration } from "../../metrics/calibration.ts";
import type { SpatialResult } from "../../pipeline/calibration/spatial/calibrate-spatial.ts";
import { cut, wiresInProbe } from "../../pipeline/calibration/spatial/image-model.ts";
import { placeUncertainty } from "../../pipeline/calibration/spatial/uncertainty.ts";
import { diagonalDistances } from "../../pipeline/calibration/spatial/validate.ts";
import type { WireFrame } from "../../pipeline/calibration/spatial/wire-frames.ts";

const SHOWN_FRAMES = 4;

/** Wires over frames, residuals, and the error over the image: as stated, and against the truth where it is known. */
export async function spatialFigures(
  fit: SpatialResult,
  images: ImageTrack,
  truth?: { readonly estimate: Readonly<Float64Array>; readonly probeFromPixel: Readonly<Float64Array> },
): Promise<CalibrationFigure[]> {
  const { frames, phantom } = fit.evidence.session,
    { spacingMm, probeFromPixel } = fit;
  const { width, height } = images,
    widthMm = width * spacingMm[0],
    heightMm = height * spacingMm[1];
  const map = { widthMm, heightMm, columns: MAP_SIDE, rows: MAP_SIDE, unit: "mm" } as const;
  const stated = mapPixels({ width, height }).map(([u, v]) => placeUncertainty(fit.uncertainty, u, v).radius95Mm);
  const found: CalibrationFigure[] = [
    {
      kind: "frames",
      title: "Wires found, and where they should be",
      caption: "Rings: wires found in the picture. Crosses: where calibration, tracker and drawing put them.",
      frames: await Promise.all(chosen(frames).map((frame) => markedFrame(frame, fit, images))),
    },
    {
      kind: "plot",
      title: "Found less expected, wire by wire",
      caption:
        "Each point is one wire in one frame. A cloud beside the middle is a wire that lies elsewhere than drawn.",
      xLabel: "across the beam, mm",
      yLabel: "along the beam, mm",
      equal: true,
      series: wireResiduals(fit),
    },
    {
      kind: "plot",
      title: "Error over the recording",
      caption:
        "Distance of the diagonals' dots from their places in the phantom. A step is a marker that moved, a wave a lag.",
      xLabel: "time since the first frame, s",
      yLabel: "distance, mm",
      fromZero: true,
      series: distancesOverTime(fit),
    },
    {
      kind: "map",
      title: "How well a pixel's place is known",
      caption: "Radius within which the true place lies with 95 % probability, by the calibration's own statement.",
      ...map,
      values: stated,
    },
  ];
  if (!truth) return found;
  const measured = targetRegistration.measure(
    { probeFromPixel: truth.estimate, width, height },
    { probeFromPixel: truth.probeFromPixel, width, height },
  );
  if (measured.status === "failed") return found;
  const values = [...measured.samples];
  return [
    ...found,
    { kind: "map", title: "Error against the truth", caption: "Target registration error in tissue.", ...map, values },
  ];

  function distancesOverTime({ evidence }: SpatialResult): PlotSeries[] {
    const first = frames[0]!.timeS,
      distances = diagonalDistances(probeFromPixel, evidence.session.frames, phantom);
    return Array.from({ length: phantom.patterns }, (_, k) => ({
      name: phantom.wires[3 * k + 1]!.name,
      shape: "points" as const,
      x: frames.map(({ timeS }) => timeS - first),
      y: frames.map((__, f) => distances[f * phantom.patterns + k]!),
    }));
  }
}

const chosen = (frames: readonly WireFrame[]): WireFrame[] =>
  Array.from({ length: Math.min(SHOWN_FRAMES, frames.length) }, (_, i) => {
    return frames[Math.floor(((i + 0.5) * frames.length) / SHOWN_FRAMES)]!;
  });

function expectedPixels(frame: WireFrame, { probeFromPixel, evidence }: SpatialResult): (readonly [number, number])[] {
  const { phantom } = evidence.session,
    ends = wiresInProbe(frame, phantom);
  return phantom.wires.map((_, w) => cut(probeFromPixel, ends[2 * w]!, ends[2 * w + 1]!));
}

async function markedFrame(frame: WireFrame, fit: SpatialResult, images: ImageTrack): Promise<MarkedFrame> {
  const marks: FrameMark[] = [
    ...frame.pixels.map(([u, v]) => ({ u, v, role: "found" as const })),
    ...expectedPixels(frame, fit).map(([u, v]) => ({ u, v, role: "expected" as const })),
  ];
  const { width, height } = images;
  const png = encodePng(bytes(await images.read(frame.index)));
  return { label: `Frame ${frame.index}`, png, width, height, spacingMm: fit.spacingMm, marks };
}

function wireResiduals(fit: SpatialResult): PlotSeries[] {
  const { frames, phantom } = fit.evidence.session,
    [sx, sy] = fit.spacingMm;
  const expected = frames.map((frame) => expectedPixels(frame, fit));
  return phantom.wires.map(({ name }, w) => ({
    name,
    shape: "points",
    x: frames.map(({ pixels }, f) => (pixels[w]![0] - expected[f]![w]![0]) * sx),
    y: frames.map(({ pixels }, f) => (pixels[w]![1] - expected[f]![w]![1]) * sy),
  }));
}

/** Eight bits a pixel; brighter scales are brought down to it. */
function bytes({ width, height, pixels }: Image): { width: number; height: number; pixels: Uint8Array } {
  if (pixels instanceof Uint8Array) return { width, height, pixels };
  let high = 1;
  for (const value of pixels) high = Math.max(high, value);
  return { width, height, pixels: Uint8Array.from(pixels, (value) => Math.max(0, (255 * value) / high)) };
}
