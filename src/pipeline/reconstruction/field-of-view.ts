import type { FieldOfView, ImageGeometry } from "../../data/image.ts";
import type { ReconstructionOptions } from "./options.ts";

type Clipping = Pick<ReconstructionOptions, "clip" | "fan">;

/** Pixels whose sides differ by less than this share are square: a fan is a circle in pixels. */
const SQUARE = 1e-6;

/**
 * Options that name neither clip rectangle nor fan take those of the display's field of view, in PLUS's terms: what lies
 * outside it was not observed, whatever its gray value.
 */
export function withinField<Options extends Clipping>(options: Options, geometry: ImageGeometry | undefined): Options {
  if (options.clip !== "whole" || options.fan !== "none" || !geometry?.fieldOfView) return options;
  return { ...options, ...clippingOf(geometry.fieldOfView, geometry) };
}

function clippingOf(field: FieldOfView, { spacingMm: [sx, sy], faceCentrePx: [cx, cy] }: ImageGeometry): Clipping {
  if (field.kind === "rectangle") {
    const half = field.widthMm / 2 / sx;
    return { clip: { originPx: [cx - half, cy], sizePx: [2 * half, field.depthMm / sy] }, fan: "none" };
  }
  const { radiusMm, angleRad, depthMm } = field,
    side = (radiusMm + depthMm) * Math.sin(Math.min(Math.PI, angleRad) / 2),
    top = radiusMm * (Math.cos(angleRad / 2) - 1);
  if (Math.abs(sx / sy - 1) > SQUARE || angleRad >= Math.PI) {
    return {
      clip: { originPx: [cx - side / sx, cy + top / sy], sizePx: [(2 * side) / sx, (depthMm - top) / sy] },
      fan: "none",
    };
  }
  return {
    clip: "whole",
    fan: {
      anglesRad: [-angleRad / 2, angleRad / 2],
      originPx: [cx, cy - radiusMm / sy],
      // PLUS leaves a pixel more towards the face than it takes from the other sides.
      radiusStartPx: radiusMm / sy + 1,
      radiusStopPx: (radiusMm + depthMm) / sy,
    },
  };
}
