import { defaultReconstruction, plusReconstruction, type ReconstructionOptions } from "./options.ts";

/**
 * "plus": as the PLUS toolkit does with its defaults, 1 mm voxels. "slicer": as SlicerIGT's Volume Reconstruction module
 * does when nothing is changed (reference: its sources of April 2026): the same arithmetic, the maximum, and sticks of 9.
 * "best": linear, every column counted by its confidence.
 */
export type ReconstructionPreset = "plus" | "slicer" | "best";

export const reconstructionPresets: Readonly<Record<ReconstructionPreset, ReconstructionOptions>> = {
  plus: { ...plusReconstruction, spacingMm: 1 },
  slicer: { ...plusReconstruction, spacingMm: 1, compounding: "maximum" },
  best: { ...defaultReconstruction, spacingMm: 0.5, interpolation: "linear", compounding: "importance" },
};
