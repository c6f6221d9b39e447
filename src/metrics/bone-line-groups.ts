import { errorFigures, share } from "./error-figures.ts";
import { FACING_COSINE, type JudgedColumn } from "./judged-column.ts";

/** Figures of a part of the columns with bone. */
export interface BoneLineGroup {
  readonly name: string;
  readonly columns: number;
  readonly biasMm: number | null;
  readonly meanAbsMm: number | null;
  readonly p95Mm: number | null;
  readonly missedShare: number | null;
}

export interface BoneLineGroups {
  readonly depth: readonly BoneLineGroup[];
  /** Of all columns with bone, `fromDeg` to the next one's. */
  readonly tilt: readonly (BoneLineGroup & { readonly fromDeg: number })[];
  readonly tissue: readonly BoneLineGroup[];
}

const DEPTHS_MM = [0, 10, 20, 30, 40, 60, Infinity];
const TILTS_DEG = [0, 10, 20, 35, 50, 72, 90];

/**
 * The columns with bone by the tilt of the bone to the beam; those met at less than 50° also by depth and by the tissue
 * right above the bone.
 */
export function groupsOf(columns: readonly JudgedColumn[]): BoneLineGroups {
  const bone = columns.filter(({ isBone }) => isBone),
    facing = bone.filter(({ cosine }) => cosine > FACING_COSINE);
  const tilt = ({ cosine }: JudgedColumn): number => (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;
  const tissues = [...new Set(facing.map(({ tissue }) => tissue))].sort();
  return {
    depth: binned(facing, DEPTHS_MM, "mm", ({ depthMm }) => depthMm),
    tilt: binned(bone, TILTS_DEG, "°", tilt).map((group, i) => ({ ...group, fromDeg: TILTS_DEG[i]! })),
    tissue: tissues.map((name) => groupOf(name, facing.filter(({ tissue }) => tissue === name))), // prettier-ignore
  };
}

function binned(
  columns: readonly JudgedColumn[],
  edges: readonly number[],
  unit: string,
  value: (column: JudgedColumn) => number,
): BoneLineGroup[] {
  return edges.slice(0, -1).map((low, i) => {
    const high = edges[i + 1]!;
    const name = high === Infinity ? `from ${low} ${unit}` : `${low}-${high} ${unit}`;
    const inside = columns.filter((column) => value(column) >= low && value(column) < high);
    return groupOf(name, inside);
  });
}

function groupOf(name: string, columns: readonly JudgedColumn[]): BoneLineGroup {
  const errors = columns.map(({ errorMm }) => errorMm).filter((error) => !Number.isNaN(error));
  const { biasMm, meanAbsMm, p95Mm } = errorFigures(errors);
  const missedShare = share(columns.filter(({ isFound }) => !isFound).length, columns.length);
  return { name, columns: columns.length, biasMm, meanAbsMm, p95Mm, missedShare };
}
