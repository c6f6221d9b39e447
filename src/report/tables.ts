import type { BoneReport, Figure, RegionScore, Report, SurfaceScore, TruthPart } from "../data/report.ts";
import { cssColour, foundMissed } from "./colour-map.ts";
import {
  formatArea,
  formatCount,
  formatFigure,
  formatMm,
  formatNumber,
  formatShare,
  formatSignedMm,
  NONE,
} from "./format.ts";
import { boneLabel } from "./labels.ts";
import { markup, type Content, type Markup } from "./markup.ts";

const parts: readonly { readonly part: TruthPart; readonly name: string }[] = [
  { part: "reachable", name: "reachable" },
  { part: "unreachable", name: "unreachable" },
  { part: "whole", name: "whole" },
];

/** A wide table scrolls in its own box, which the keyboard can reach. */
export function table(caption: Content, head: Content, body: Content): Markup {
  return markup`<div class="scroll" tabindex="0"><table><caption>${caption}</caption>
<thead>${head}</thead>${body}</table></div>`;
}

const cells = (values: readonly string[]): Markup[] => values.map((value) => markup`<td>${value}</td>`);

/** Intervals are known where the report has a headline figure of the same name, and the number is rounded as they say. */
const withInterval = (text: string, interval: string): Content =>
  markup`${text}${interval && markup`<span class="note">${interval}</span>`}`;

/** A bar for the eye, coloured as the coverage map; the text carries the number. */
function shareCell(share: number | null, id = "", figure?: Figure): Markup {
  if (share === null) return markup`<td>${NONE}</td>`;
  const width = Math.round(share * 1000) / 10;
  const colour = cssColour(foundMissed(1 - share));
  return markup`<td><span class="bar"><span class="track"><span class="fill" style="width:${width}%;background:${colour}"></span
></span><span>${shareText(share, id, figure)}</span></span></td>`;
}

function shareText(share: number, id: string, figure: Figure | undefined): Content {
  if (!figure || figure.value !== share) return formatShare(share);
  const { value, interval, unit } = formatFigure(id, figure);
  return withInterval(`${value}\u202f${unit}`, interval);
}

/** `prefix`: of the headline figures with the same numbers, like "femur.reachable"; absent where there are none. */
function scoreCells(score: SurfaceScore, headline: Report["headline"] = {}, prefix = ""): Markup[] {
  const { coverage, truthAreaMm2 } = score;
  const length = (name: "assd" | "rms" | "hd95" | "bias", format: (mm: number | null) => string): Markup => {
    const id = `${prefix}.${name}`,
      figure = headline[id];
    if (!figure || figure.value !== score[name]) return markup`<td>${format(score[name])}</td>`;
    const { value, interval } = formatFigure(id, figure);
    return markup`<td>${withInterval(name === "bias" && figure.value > 0 ? `+${value}` : value, interval)}</td>`;
  };
  const covered = (index: 1 | 2, name: string): Markup =>
    shareCell(coverage?.[index] ?? null, `${prefix}.${name}`, headline[`${prefix}.${name}`]);
  return [
    length("assd", formatMm),
    length("rms", formatMm),
    length("hd95", formatMm),
    length("bias", formatSignedMm),
    covered(1, "coverage1mm"),
    covered(2, "coverage2mm"),
    markup`<td>${formatArea(truthAreaMm2)}</td>`,
  ];
}

/** A bone that failed keeps its place in the table: with what it does cover (nothing), if even that is known. */
const hasNumbers = ({ assd, rms, coverage }: SurfaceScore): boolean => [assd, rms, coverage].some((n) => n !== null);

function boneRows({ bone, scores, aligned, failure }: BoneReport, headline: Report["headline"]): Markup {
  const name = boneLabel(bone);
  const rows = parts
    .filter(({ part }) => failure === null || hasNumbers(scores[part]))
    .map(
      ({ part, name }) =>
        markup`<tr><th scope="row">${name}</th>${scoreCells(scores[part], headline, `${bone}.${part}`)}</tr>`,
    );
  const note = failure !== null && markup`<tr><td colspan="8" class="failed">${failure}</td></tr>`;
  const move =
    aligned &&
    markup`<tr class="aligned"><th scope="row">reachable, after rigid ICP<span class="note">
moved by ${formatMm(aligned.translationMm)} mm and ${formatNumber(aligned.rotationDeg, 2)}°</span></th>${scoreCells(
      aligned.reachable,
    )}</tr>`;
  return markup`<tbody><tr class="group"><th scope="rowgroup" colspan="8">${name}</th></tr>${note}${rows}${move}</tbody>`;
}

export function boneTable({ bones, headline }: Report): Markup {
  return table(
    "Distances between the reconstructed and the true bone surface, mm unless said otherwise; 95 % intervals below where they are known",
    markup`<tr><th scope="col">True surface scored</th><th scope="col">ASSD</th><th scope="col">RMS</th>
<th scope="col">HD95</th><th scope="col">Bias</th><th scope="col">Covered within 1 mm</th>
<th scope="col">Covered within 2 mm</th><th scope="col">True area, cm²</th></tr>`,
    bones.map((bone) => boneRows(bone, headline)),
  );
}

/** How much of the result lies near the truth, and of the truth near the result, at each threshold. */
export function thresholdTable({ bones }: Report): Markup {
  const percents = (values: SurfaceScore["precision"]): Markup[] =>
    cells(values ? values.map(formatShare) : [NONE, NONE, NONE, NONE]);
  const rows = bones.map(
    ({ bone, scores: { reachable } }) =>
      markup`<tr><th scope="row">${boneLabel(bone)}, result near truth</th>${percents(
        reachable.precision,
      )}</tr><tr><th scope="row">${boneLabel(bone)}, reachable truth near result</th>${percents(reachable.coverage)}</tr>`,
  );
  return table(
    "Share of the surface within a distance",
    markup`<tr><th scope="col">Surface</th><th scope="col">0.5 mm</th><th scope="col">1 mm</th><th scope="col">2 mm</th>
<th scope="col">3 mm</th></tr>`,
    markup`<tbody>${rows}</tbody>`,
  );
}

function regionRow({ region, truthAreaMm2, reachableShare, mean, p95, bias, coverage1mm }: RegionScore): Markup {
  return markup`<tr><th scope="row">${region}</th>${cells([
    formatArea(truthAreaMm2),
    formatShare(reachableShare),
    formatMm(mean),
    formatMm(p95),
    formatSignedMm(bias),
  ])}${shareCell(coverage1mm)}</tr>`;
}

export function regionTable({ bones }: Report): Markup | null {
  const withRegions = bones.filter(({ regions }) => regions.length > 0);
  if (!withRegions.length) return null;
  return table(
    "Error of the result nearest to each anatomical region, mm, and how much of the region's reachable part is covered",
    markup`<tr><th scope="col">Region</th><th scope="col">Area, cm²</th><th scope="col">Reachable</th>
<th scope="col">Mean</th><th scope="col">95 % below</th><th scope="col">Bias</th>
<th scope="col">Covered within 1 mm</th></tr>`,
    withRegions.map(
      ({
        bone,
        regions,
      }) => markup`<tbody><tr class="group"><th scope="rowgroup" colspan="7">${boneLabel(bone)}</th></tr
>${regions.map(regionRow)}</tbody>`,
    ),
  );
}

/** Whole bones made of sheet and shape: how far off they are, and whether they can be printed. */
export function completedTable({ completed = [] }: Report): Markup | null {
  if (!completed.length) return null;
  const size = (mm: readonly number[]): string => mm.map((value) => value.toFixed(1)).join(" × ");
  return table(
    "Completed bones: RMS distance to the true bone, mm, and what a printer asks",
    markup`<tr><th scope="col">Bone</th><th scope="col">Seen</th><th scope="col">Unseen</th><th scope="col">Whole</th>
<th scope="col">Unseen, 95 % below</th><th scope="col">Stated SD, median (95 %)</th><th scope="col">Error within 1.96 SD</th>
<th scope="col">Closed</th><th scope="col">Size, mm</th><th scope="col">Volume, cm³</th><th scope="col">Thinnest wall, mm (1 %)</th></tr>`,
    markup`<tbody>${completed.map(
      ({ bone, rmsMm, unseenP95Mm, withinStated, statedSdMm, print }) =>
        markup`<tr><th scope="row">${boneLabel(bone)}</th>${cells([
          formatMm(rmsMm?.seen ?? null),
          formatMm(rmsMm?.unseen ?? null),
          formatMm(rmsMm?.whole ?? null),
          formatMm(unseenP95Mm),
          `${formatMm(statedSdMm[0])} (${formatMm(statedSdMm[1])})`,
          withinStated === null ? NONE : formatShare(withinStated),
          `${print.closed ? "yes" : "no"}${(print.crossings ?? 0) > 0 ? `, crosses itself at ${print.crossings} places` : ""}`,
          size(print.sizeMm),
          formatNumber(print.volumeMm3 / 1000, 1),
          `${formatMm(print.minWallMm)} (${formatMm(print.wall1PercentMm)})`,
        ])}</tr>`,
    )}</tbody>`,
  );
}

const routeNames = {
  points: "SonoBench: ridge points (this run)",
  volume: "SonoBench: volume of signed distances",
  slicer: "SlicerIGT's defaults",
  plus: "PLUS's defaults",
} as const;

/** The same sweep by other ways: what this one gains over them. */
export function routesTable({ routes = [] }: Report): Markup | null {
  if (!routes.length) return null;
  return table(
    "Ways from the same frames to a surface; all bones as one, reachable part",
    markup`<tr><th scope="col">Way</th><th scope="col">ASSD, mm</th><th scope="col">HD95, mm</th><th scope="col">Bias, mm</th>
<th scope="col">Coverage at 2 mm</th><th scope="col">Precision at 2 mm</th><th scope="col">Area, cm²</th></tr>`,
    markup`<tbody>${routes.map(
      ({ route, assdMm, hd95Mm, biasMm, coverage2mm, precision2mm, areaMm2 }) =>
        markup`<tr><th scope="row">${routeNames[route]}</th>${cells([
          formatMm(assdMm),
          formatMm(hd95Mm),
          formatMm(biasMm),
          coverage2mm === null ? NONE : formatShare(coverage2mm),
          precision2mm === null ? NONE : formatShare(precision2mm),
          formatNumber(areaMm2 / 100, 1),
        ])}</tr>`,
    )}</tbody>`,
  );
}

/** What this run gains over PLUS's and Slicer's defaults, or what it loses; null where it cannot be said. */
export function routesGain({ routes = [] }: Report): Markup | null {
  const ours = routes.find(({ route }) => route === "points");
  const gains = (["slicer", "plus"] as const).flatMap((name) => {
    const theirs = routes.find(({ route }) => route === name);
    if (ours?.assdMm == null || ours.hd95Mm == null || theirs?.assdMm == null || theirs.hd95Mm == null) return [];
    const byMm = theirs.assdMm - ours.assdMm,
      hd95ByMm = theirs.hd95Mm - ours.hd95Mm;
    const gain = (mm: number): string => `${formatMm(Math.abs(mm))} mm ${mm >= 0 ? "better" : "worse"}`;
    return [`${gain(byMm)} than ${routeNames[name]} in mean distance and ${gain(hd95ByMm)} in HD95`];
  });
  return gains.length > 0 ? markup`<p>This run is ${gains.join("; ")}.</p>` : null;
}

export function segmentationTable({ segmentation }: Report): Markup | null {
  if (!segmentation) return null;
  const { meanAbsMm, p95Mm, biasMm, missedColumnsShare, falseColumnsShare, columns } = segmentation;
  return table(
    `Bone line found in the images against the true one, over ${formatCount(columns)} image columns`,
    markup`<tr><th scope="col">Mean error, mm</th><th scope="col">95 % below, mm</th><th scope="col">Bias, mm</th>
<th scope="col">Bone missed</th><th scope="col">False bone</th></tr>`,
    markup`<tbody><tr>${cells([
      formatMm(meanAbsMm),
      formatMm(p95Mm),
      formatSignedMm(biasMm),
      formatShare(missedColumnsShare),
      formatShare(falseColumnsShare),
    ])}</tr></tbody>`,
  );
}

/** The result beside what the true bone line would have given on the same frames. */
export function segmentationCostTable({ bones, segmentation }: Report): Markup | null {
  const oracle = segmentation?.oracle,
    all = bones.find(({ bone }) => bone === "all")?.scores.reachable;
  if (!oracle || !all) return null;
  const row = (name: string, assd: number | null, hd95: number | null, coverage: number | null): Markup =>
    markup`<tr><th scope="row">${name}</th>${cells([formatMm(assd), formatMm(hd95), formatShare(coverage)])}</tr>`;
  return table(
    "What finding bone in the images costs: reachable bone, all bones, same frames, poses and calibration",
    markup`<tr><th scope="col">Bone line</th><th scope="col">Mean distance (ASSD), mm</th><th scope="col">HD95, mm</th>
<th scope="col">Covered within 2 mm</th></tr>`,
    markup`<tbody>${row("found in the images", all.assd, all.hd95, all.coverage?.[2] ?? null)}
${row("true (known to the simulator alone)", oracle.assd, oracle.hd95, oracle.coverage2mm)}</tbody>`,
  );
}

/** Dropped frames by reason, most first. */
export function droppedTable({ frames: { total, used, dropped } }: Report): Markup | null {
  const reasons = Object.entries(dropped)
    .filter(([, count]) => count > 0)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  if (!reasons.length) return null;
  return table(
    `Frames left out: ${formatCount(used)} of ${formatCount(total)} were used`,
    markup`<tr><th scope="col">Reason</th><th scope="col">Frames</th></tr>`,
    markup`<tbody>${reasons.map(
      ([reason, count]) => markup`<tr><th scope="row">${reason}</th><td>${formatCount(count)}</td></tr>`,
    )}</tbody>`,
  );
}
