import type { FrameSample } from "../data/report.ts";
import { base64, type ReportAssets } from "./assets.ts";
import { formatMm, formatNumber, formatSignedMm } from "./format.ts";
import { markup, type Markup } from "./markup.ts";

type Rows = readonly (number | null)[];

/** Found minus true along the depth, over the columns that have both. */
export interface RidgeAgreement {
  readonly both: number;
  readonly missed: number;
  readonly invented: number;
  readonly meanAbsMm: number | null;
  readonly biasMm: number | null;
}

export function ridgeAgreement({ foundRow, trueRow, pixelMm }: FrameSample): RidgeAgreement | null {
  if (!trueRow) return null;
  let both = 0, missed = 0, invented = 0, sumAbs = 0, sum = 0; // prettier-ignore
  trueRow.forEach((truth, column) => {
    const found = foundRow[column] ?? null;
    if (truth !== null && found !== null) {
      both++;
      sum += found - truth;
      sumAbs += Math.abs(found - truth);
    } else if (truth !== null) missed++;
    else if (found !== null) invented++;
  });
  const mean = (total: number): number | null => (both ? (total / both) * pixelMm[1] : null);
  return { both, missed, invented, meanAbsMm: mean(sumAbs), biasMm: mean(sum) };
}

/** SVG path in mm through the centres of the pixels; broken where there is none. */
export function ridgePath(rows: Rows, [sx, sy]: readonly [number, number]): string {
  let path = "",
    drawing = false;
  rows.forEach((row, column) => {
    if (row === null) {
      drawing = false;
      return;
    }
    path += `${drawing ? "L" : "M"}${((column + 0.5) * sx).toFixed(2)} ${((row + 0.5) * sy).toFixed(2)}`;
    // A lone column would leave no mark: give it a stroke of half a pixel.
    if (!drawing) path += `h${(sx / 2).toFixed(2)}`;
    drawing = true;
  });
  return path;
}

/** One tick a centimetre along the left edge, from the top of the picture. */
function depthTicks(widthMm: number, heightMm: number): Markup[] {
  return Array.from({ length: Math.floor(heightMm / 10) }, (_, i) => {
    const y = (i + 1) * 10;
    const long = (i + 1) % 5 === 0;
    return markup`<path class="tick" d="M0 ${y}h${(widthMm * (long ? 0.04 : 0.02)).toFixed(2)}"/>`;
  });
}

function caption(sample: FrameSample): Markup {
  const agreement = ridgeAgreement(sample);
  if (!agreement) {
    const found = sample.foundRow.filter((row) => row !== null).length;
    return markup`<span class="note">bone found in ${found} of ${sample.width} columns</span>`;
  }
  const { both, missed, invented, meanAbsMm, biasMm } = agreement;
  return markup`<span class="note">${
    meanAbsMm === null
      ? "no column has both lines"
      : `mean error ${formatMm(meanAbsMm)} mm, bias ${formatSignedMm(biasMm)} mm in ${both} columns`
  }${missed > 0 && `; missed in ${missed}`}${invented > 0 && `; false in ${invented}`}</span>`;
}

function picture(sample: FrameSample, png: Uint8Array | undefined): Markup {
  const [sx, sy] = sample.pixelMm;
  const w = sample.width * sx,
    h = sample.height * sy;
  const says = `Ultrasound image, frame ${sample.index}${sample.label && `: ${sample.label}`}; ${formatNumber(w, 0)} mm wide, ${formatNumber(h, 0)} mm deep.`;
  const image = png
    ? markup`<image width="${w}" height="${h}" preserveAspectRatio="none" href="data:image/png;base64,${base64(png)}"/>`
    : markup`<text x="${w / 2}" y="${h / 2}" font-size="${w / 18}" text-anchor="middle">image file missing</text>`;
  return markup`<figure class="frame" data-frame-index="${sample.index}"><svg viewBox="0 0 ${w} ${h}" role="img" aria-label="${says}">
<rect width="${w}" height="${h}" class="dark"/>${image}${depthTicks(w, h)}
${sample.trueRow && markup`<path class="ridge true" d="${ridgePath(sample.trueRow, sample.pixelMm)}"/>`}
<path class="ridge found" d="${ridgePath(sample.foundRow, sample.pixelMm)}"/></svg>
<figcaption><strong>Frame ${sample.index}</strong>${sample.label && ` ${sample.label}`}${caption(sample)}</figcaption></figure>`;
}

export function frameGallery(samples: readonly FrameSample[], { frames }: ReportAssets): Markup {
  const png = new Map(frames.map(({ file, pngBytes }) => [file, pngBytes]));
  const hasTruth = samples.some(({ trueRow }) => trueRow !== null);
  const box = (id: string, text: string): Markup =>
    markup`<label><input type="checkbox" id="${id}" checked> <span class="swatch ${id}"></span>${text}</label>`;
  return markup`<div class="controls" role="group" aria-label="Lines drawn on the images">
${box("show-found", "bone line found")}${hasTruth && box("show-true", "true bone line")}</div>
<div class="gallery">${samples.map((sample) => picture(sample, png.get(sample.file)))}</div>
<p class="note">The transducer is at the top; one tick on the left is 1 cm of depth.</p>`;
}
