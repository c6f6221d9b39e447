import type { Vector } from "../core/vector.ts";
import type { BoneReport, Report } from "../data/report.ts";
import { triangleCount, triangleNormal } from "../geometry/mesh.ts";
import type { ReportMesh } from "./assets.ts";
import { formatMm, formatNumber, formatShare } from "./format.ts";
import { boneLabel } from "./labels.ts";
import { directionWords, legAxes, type LegAxes } from "./leg-directions.ts";

/** Coverage within 2 mm that DESIGN asks for; a bone above it need not be scanned again. */
const ENOUGH = 0.95;
const WITHIN_MM = 2;
const COVERAGE_INDEX = 2;
/** Less is not worth another stroke. */
const MIN_MISSED_MM2 = 50;
const MOST_STEPS = 3;
/** The missed normals point one way when their sum is at least this of their lengths; 1: all alike, 0: all around. */
const ONE_WAY = 0.4;
/** More of the recording than this was of no use: worth a sentence. */
const MANY_DROPPED = 0.05;
/** What two standard deviations of this leave, 1 mm, is as much as a whole scan should be off. */
const UNSURE_SD_MM = 0.5;
const MUCH_UNSURE = 0.05;

/** Finer than a tenth of a square centimetre no edge of a surface is known. */
const formatArea = (areaMm2: number): string => formatNumber(areaMm2 / 100, 1);

/** Sentences for who scans next, the most important first. From the report's own figures alone; never empty. */
export function nextSteps(report: Report, meshes: readonly ReportMesh[]): string[] {
  const axes = legAxes(meshes);
  const steps = [
    ...missedBones(report, meshes, axes).slice(0, MOST_STEPS),
    ...unsureSurface(report, meshes, axes),
    ...droppedFrames(report),
    ...limitingPart(report),
  ];
  return steps.length ? steps : [nothingLeft(report)];
}

function missedBones({ bones }: Report, meshes: readonly ReportMesh[], axes: LegAxes | undefined): string[] {
  return bones
    .filter(({ bone }) => bone !== "all" || bones.length === 1)
    .flatMap((bone) => {
      const { reachable } = bone.scores;
      const covered = reachable.coverage?.[COVERAGE_INDEX] ?? 0;
      const missedMm2 = reachable.truthAreaMm2 * (1 - covered);
      return covered < ENOUGH && missedMm2 >= MIN_MISSED_MM2 ? [{ bone, covered, missedMm2 }] : [];
    })
    .sort((a, b) => b.missedMm2 - a.missedMm2)
    .map(({ bone, covered, missedMm2 }) => {
      const name = boneLabel(bone.bone);
      const head =
        covered === 0
          ? `${name}: none of the bone that could be reached was found (${formatArea(missedMm2)} cm²)`
          : `${name}: ${formatShare(covered)} of the bone that could be reached is covered within ${WITHIN_MM} mm, ` +
            `${formatArea(missedMm2)} cm² is missed`;
      const where = worstRegion(bone);
      const truth = meshes.find((mesh) => mesh.bone === bone.bone && mesh.role === "truth");
      const from = truth && axes && missedDirection(truth, axes);
      return `${head}${where ? `, most in the region "${where}"` : ""}. Scan it again${from ? ` from ${from}` : ""}.`;
    });
}

/** The region with most reachable bone that has no result within 1 mm. */
function worstRegion({ regions }: BoneReport): string | undefined {
  const missed = regions
    .filter(({ coverage1mm }) => coverage1mm !== null)
    .map(({ region, truthAreaMm2, reachableShare, coverage1mm }) => ({
      region,
      areaMm2: truthAreaMm2 * reachableShare * (1 - (coverage1mm ?? 0)),
    }));
  return missed.sort((a, b) => b.areaMm2 - a.areaMm2)[0]?.region;
}

/** From where the missed part is met head-on; undefined when it lies all around. */
function missedDirection({ mesh, errorMm, reachable }: ReportMesh, axes: LegAxes): string | undefined {
  if (!errorMm?.length || !reachable?.length) return undefined;
  return meanDirection(mesh, axes, (v) => reachable[v] === 1 && Math.abs(errorMm[v]!) > WITHIN_MM);
}

function meanDirection(
  mesh: ReportMesh["mesh"],
  axes: LegAxes,
  counts: (vertex: number) => boolean,
): string | undefined {
  const sum: [number, number, number] = [0, 0, 0];
  let length = 0;
  for (let i = 0; i < triangleCount(mesh); i++) {
    if (![0, 1, 2].every((corner) => counts(mesh.triangles[3 * i + corner]!))) continue;
    const normal: Vector = triangleNormal(mesh, i);
    for (const axis of [0, 1, 2] as const) sum[axis] += normal[axis];
    length += Math.hypot(...normal);
  }
  return Math.hypot(...sum) > ONE_WAY * length ? directionWords(sum, axes) : undefined;
}

/** Where the frames disagree, as far as they themselves can tell. Scored reports have better: what was missed. */
function unsureSurface({ bones }: Report, meshes: readonly ReportMesh[], axes: LegAxes | undefined): string[] {
  if (bones.length) return [];
  return meshes
    .filter(({ role, sdMm }) => role === "result" && sdMm?.length)
    .flatMap(({ bone, mesh, sdMm }) => {
      const unsure = (v: number): boolean => !(sdMm![v]! <= UNSURE_SD_MM);
      let areaMm2 = 0,
        all = 0;
      for (let i = 0; i < triangleCount(mesh); i++) {
        const area = Math.hypot(...triangleNormal(mesh, i)) / 2;
        all += area;
        if ([0, 1, 2].every((corner) => unsure(mesh.triangles[3 * i + corner]!))) areaMm2 += area;
      }
      if (areaMm2 < Math.max(MIN_MISSED_MM2, MUCH_UNSURE * all)) return [];
      const from = axes && meanDirection(mesh, axes, unsure);
      return [
        `${boneLabel(bone)}: on ${formatArea(areaMm2)} cm² of its surface the images disagree by more than ` +
          `±${2 * UNSURE_SD_MM} mm (95 %). Scan it once more${from ? ` from ${from}` : ""}, slowly.`,
      ];
    });
}

function droppedFrames({ frames: { total, used, dropped } }: Report): string[] {
  if (!(total > 0) || 1 - used / total < MANY_DROPPED) return [];
  const [most] = Object.entries(dropped).sort(([, a], [, b]) => b - a);
  const share = formatShare(1 - used / total);
  return [
    `${share} of the images could not be used${most ? `, most of them because of: ${most[0]}` : ""}. ` +
      "Keep the markers of probe and leg in the tracker's view, and let the recording start before and end after the stroke.",
  ];
}

/** Whether the images or the poses set the error that is left. */
function limitingPart({ segmentation, bones }: Report): string[] {
  const oracle = segmentation?.oracle?.assd ?? null;
  const all = bones.find(({ bone }) => bone === "all")?.scores.reachable.assd ?? null;
  if (oracle === null || all === null || !(all > 0)) return [];
  const cost = all - oracle;
  if (cost > all / 2)
    return [
      `Of the mean distance of ${formatMm(all)} mm, ${formatMm(cost)} mm come from finding bone in the images: look at ` +
        "the images below for missed and false bone before you scan again.",
    ];
  return [
    `With the true bone line in every image the mean distance would still be ${formatMm(oracle)} mm of ${formatMm(all)}: ` +
      "what was not scanned, tracking and calibration set the rest. What each of them costs is answered by: " +
      "npx sonobench study what-does-each-error-cost; with your scenario as its base it answers for your rig.",
  ];
}

function nothingLeft({ bones }: Report): string {
  return bones.length
    ? `Every bone is covered to ${formatShare(ENOUGH)} or more of what could be reached: scanning again would add little.`
    : "Nothing in these figures asks for another scan. Without the true bone they cannot say what was missed.";
}
