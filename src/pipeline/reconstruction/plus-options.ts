import { type HoleFilling, plusReconstruction, type ReconstructionOptions } from "./options.ts";

type Pair = readonly [number, number];

/** What a PLUS configuration may say of volume reconstruction; undefined where it is silent. */
export interface PlusReconstructionConfig {
  readonly outputSpacingMm: readonly [number, number, number] | undefined;
  readonly clipOriginPx: Pair | undefined;
  readonly clipSizePx: Pair | undefined;
  readonly fanAnglesRad: Pair | undefined;
  readonly fanOriginPx: Pair | undefined;
  readonly fanRadiusStartPx: number | undefined;
  readonly fanRadiusStopPx: number | undefined;
  readonly pixelRejectionThreshold: number | undefined;
  readonly skipInterval: number | undefined;
  readonly interpolation: "nearest" | "linear" | undefined;
  readonly compoundingMode: "latest" | "mean" | "maximum" | "importance-mask" | undefined;
  readonly fillHoles: boolean | undefined;
  readonly holeFilling: readonly PlusHoleFilling[];
}

export type PlusHoleFilling =
  | {
      readonly kind: "gaussian" | "gaussian-accumulation";
      readonly sizePx: number;
      readonly stdevPx: number;
      readonly minimumKnownVoxelsRatio: number;
    }
  | {
      readonly kind: "distance-weight-inverse" | "nearest-neighbor";
      readonly sizePx: number;
      readonly minimumKnownVoxelsRatio: number;
    }
  | { readonly kind: "stick"; readonly stickLengthLimitPx: number; readonly numberOfSticksToUse: number };

/** PLUS's defaults where the configuration is silent: radius 500 px, mean, spacing 1 mm, no hole filling. */
export function optionsFromPlus(config: PlusReconstructionConfig): ReconstructionOptions {
  const { clipOriginPx, clipSizePx, fanAnglesRad, compoundingMode } = config;
  return {
    ...plusReconstruction,
    spacingMm: config.outputSpacingMm ?? 1,
    interpolation: config.interpolation ?? "nearest",
    compounding: compoundingMode === "importance-mask" ? "importance" : (compoundingMode ?? "mean"),
    clip: clipSizePx ? { originPx: clipOriginPx ?? [0, 0], sizePx: clipSizePx } : "whole",
    fan:
      fanAnglesRad && (fanAnglesRad[0] !== 0 || fanAnglesRad[1] !== 0)
        ? {
            anglesRad: fanAnglesRad,
            originPx: config.fanOriginPx ?? [0, 0],
            radiusStartPx: config.fanRadiusStartPx ?? 0,
            radiusStopPx: config.fanRadiusStopPx ?? 500,
          }
        : "none",
    pixelRejectionThreshold: config.pixelRejectionThreshold ?? "off",
    skipInterval: config.skipInterval ?? 1,
    holeFilling: config.fillHoles ? config.holeFilling.map(holeFillingFromPlus) : [],
  };
}

function holeFillingFromPlus(step: PlusHoleFilling): HoleFilling {
  if (step.kind === "stick")
    return { kind: "stick", lengthLimit: step.stickLengthLimitPx, sticks: step.numberOfSticksToUse };
  const common = { size: step.sizePx, minKnownShare: step.minimumKnownVoxelsRatio };
  switch (step.kind) {
    case "nearest-neighbor":
      return { kind: "nearest", ...common };
    case "distance-weight-inverse":
      return { kind: "inverse-distance", ...common };
    default:
      return { kind: step.kind, stdevVoxels: step.stdevPx, ...common };
  }
}
