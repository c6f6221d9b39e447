/** Plain words for the ids of `headline`; an id that is not known stands for itself. */
const fixed: Readonly<Record<string, string>> = {
  "segmentation.meanAbs": "Bone line in the image, mean error",
  "segmentation.oracle.assd": "With the true bone line: distance to the true bone",
  "segmentation.oracle.hd95": "With the true bone line: 95 % of distances",
  "segmentation.oracle.coverage2mm": "With the true bone line: covered within 2 mm",
  "segmentation.cost.assd": "What segmentation adds to the distance to the true bone",
  "pose.imageRms": "Image position from tracking, RMS error",
  "calibration.spatial.tre": "Probe calibration, target registration error",
  "calibration.temporal.lag": "Image lag found",
  "trackerless.fdrPath": "Final drift per path length",
  "trackerless.score2025": "Trackerless score (2025 challenge)",
  "trackerless.intervalCoverage": "Errors of the motion within their stated 95 %",
  "frames.count": "Frames used",
  "frames.total": "Frames in the recording",
  "segmentation.framesWithBone": "Frames with bone in them",
  "surface.area": "Bone surface reconstructed",
  "volume.voxels": "Voxels of the volume",
  "volume.seenShare": "Share of the volume that was seen",
};

const metrics: Readonly<Record<string, string>> = {
  assd: "mean surface distance",
  meanAccuracy: "mean distance, result to truth",
  meanCompleteness: "mean distance, truth to result",
  rms: "RMS surface distance",
  rmsAccuracy: "RMS distance, result to truth",
  hd95: "95 % of surface closer than",
  hd100: "largest surface distance",
  bias: "mean signed error",
  seenRms: "RMS distance where a beam met bone",
  unseenRms: "RMS distance where no beam met bone",
  wholeRms: "RMS distance over the whole bone",
};

const parts: Readonly<Record<string, string>> = {
  reachable: "reachable bone",
  unreachable: "unreachable bone",
  whole: "whole bone",
  aligned: "after rigid alignment",
  completed: "completed to a whole bone",
};

export function boneLabel(bone: string): string {
  return bone === "all" ? "All bones" : bone.charAt(0).toUpperCase() + bone.slice(1);
}

export interface HeadlineLabel {
  readonly name: string;
  /** What it is about: the bone and the part. Empty when the name says all. */
  readonly scope: string;
}

export function headlineLabel(id: string): HeadlineLabel {
  const known = Object.hasOwn(fixed, id) && fixed[id];
  if (known) return { name: known, scope: "" };
  const [bone = "", part = "", metric = ""] = id.split(".");
  const partName = Object.hasOwn(parts, part) && parts[part];
  const withinMm = /^(coverage|precision|fScore|surfaceDice)([\d.]+)mm$/.exec(id.slice(bone.length + part.length + 2));
  const quantities = { coverage: "covered", precision: "of result", fScore: "F-score", surfaceDice: "surface Dice" };
  const name = withinMm
    ? `${quantities[withinMm[1] as keyof typeof quantities]} within ${withinMm[2]} mm`
    : Object.hasOwn(metrics, metric) && metrics[metric];
  if (!partName || !name) return { name: id, scope: "" };
  return { name: name.charAt(0).toUpperCase() + name.slice(1), scope: `${boneLabel(bone)}, ${partName}` };
}

/** Figures of unit "1" that are shares of something: shown in percent. */
export const isShare = (id: string): boolean =>
  /\.(coverage|precision|fScore|surfaceDice)[\d.]+mm$|\.\w*share$|\.(fdrPath|intervalCoverage)$/i.test(id);

/** By what a figure is multiplied where it is shown: shares are in percent. */
export const shareScale = (id: string, unit: string): number => (unit === "1" && isShare(id) ? 100 : 1);

/** What a reader wants to see first; the rest follow in the order of the report. */
const first = [
  "all.reachable.assd",
  "bone.reachable.assd",
  "all.reachable.hd95",
  "bone.reachable.hd95",
  "all.reachable.coverage2mm",
  "bone.reachable.coverage2mm",
  "segmentation.meanAbs",
  "pose.imageRms",
  "calibration.spatial.tre",
  "surface.area",
  "segmentation.framesWithBone",
  "volume.seenShare",
] as const;

/** Figures that stand large on top: one row on a laptop. Without any of the usual ones, the first of the report. */
export function headlineTiles(ids: readonly string[]): readonly string[] {
  const leading = first.filter((id) => ids.includes(id));
  return (leading.length ? leading : ids).slice(0, 5);
}
