import type { PlusConfig } from "../io/plus-config.ts";
import { plusReconstruction, type ReconstructionOptions } from "../pipeline/reconstruction/options.ts";
import { optionsFromPlus } from "../pipeline/reconstruction/plus-options.ts";
import type { FixedTransform } from "../pipeline/sync/transform-path.ts";

export const fixedTransforms = ({ transforms }: PlusConfig): FixedTransform[] =>
  transforms.map(({ from, to, toFromFrom }) => ({ from, to, m: toFromFrom }));

/** Options that give PLUS's own bytes for its configuration, and what of it has no effect here, in sentences. */
export function plusOptions({ reconstruction: config }: PlusConfig): {
  readonly options: ReconstructionOptions;
  readonly warnings: readonly string[];
} {
  if (!config) return { options: plusReconstruction, warnings: ["The configuration has no VolumeReconstruction."] };
  const warnings: string[] = [];
  if (config.fanAutoDetect) warnings.push("EnableFanAnglesAutoDetect has no effect: the fan is used as written.");
  if (config.outputExtent || config.outputOriginMm) {
    warnings.push("OutputOrigin and OutputExtent have no effect, as in PLUS's own reconstruction.");
  }
  const options = optionsFromPlus(config);
  if (options.compounding === "importance") {
    warnings.push("CompoundingMode IMPORTANCE_MASK needs a mask image, which is not read: MEAN is used.");
    return { options: { ...options, compounding: "mean" }, warnings };
  }
  return { options, warnings };
}
