import type { FolderPart, ViewedFolder, ViewKind } from "../../data/view-page.ts";
import { formatFigure, formatNumber } from "../format.ts";
import { headlineLabel, headlineTiles } from "../labels.ts";
import { markup, type Markup } from "../markup.ts";
import { renderShell } from "./shell.ts";

const groups: readonly { readonly kind: ViewKind; readonly heading: string }[] = [
  { kind: "recording", heading: "Recordings" },
  { kind: "volume", heading: "Volumes" },
  { kind: "mesh", heading: "Bones and other surfaces" },
];

/** What lies in a folder, each part behind a link; what is missing or broken is said on top. */
export function renderFolderPage(name: string, { report, parts, missing }: ViewedFolder): string {
  return renderShell({
    kicker: "view",
    heading: report.status === "read" ? report.report.title : name,
    facts: `${parts.length} ${parts.length === 1 ? "part" : "parts"} to look at in ${name}`,
    item: null,
    hasFolder: false,
    main: [
      problems({ report, missing, parts }),
      report.status === "read" && reportCard(report.report.headline),
      groups.map(({ kind, heading }) =>
        partList(
          heading,
          parts.filter((part) => part.kind === kind),
        ),
      ),
    ],
  });
}

function problems({ report, missing, parts }: ViewedFolder): Markup[] {
  const notices: (Markup | false)[] = [
    report.status === "broken" &&
      markup`<h2>The report cannot be shown</h2><p>${report.reason}</p><p>The parts below can be looked at all the same.</p>`,
    report.status === "absent" &&
      markup`<p>This folder has no report.json: it is no result folder, or the run did not end.${
        parts.length > 0 && " Its parts can be looked at."
      }</p>`,
    missing.length > 0 &&
      markup`<h2>${missing.length === 1 ? "A part is" : `${missing.length} parts are`} missing</h2><p>The report names ${missing
        .slice(0, 12)
        .map((file, i) => markup`${i > 0 && ", "}<code>${file}</code>`)}${
        missing.length > 12 && " …"
      }. Run the scenario again, or copy the whole folder.</p>`,
    parts.length === 0 && markup`<p>There is no recording, volume or mesh in it.</p>`,
  ];
  return notices
    .filter((notice) => notice !== false)
    .map((notice) => markup`<section class="notice" role="alert">${notice}</section>`);
}

function reportCard(
  headline: Parameters<typeof formatFigure>[1] extends infer F ? Readonly<Record<string, F>> : never,
): Markup {
  const tile = (id: string): Markup => {
    const { value, interval, unit } = formatFigure(id, headline[id]!);
    const { name, scope } = headlineLabel(id);
    return markup`<li class="tile"><span class="name">${name}</span><span class="value">${value}<span class="unit">${unit}</span
></span><span class="interval">${interval && `95 % CI ${interval}`}</span><span class="scope">${scope}</span></li>`;
  };
  return markup`<section class="bare"><ul class="tiles">${headlineTiles(Object.keys(headline)).map(tile)}</ul>
<p class="open"><a class="button" href="/report">Open the report with its 3D view</a></p></section>`;
}

function partList(heading: string, parts: readonly FolderPart[]): Markup | null {
  if (!parts.length) return null;
  return markup`<section><h2>${heading}</h2><ul class="parts">${parts.map(
    ({ path, sizeBytes }) =>
      markup`<li><a href="/item?path=${encodeURIComponent(path)}">${path}</a> <span class="note">${size(sizeBytes)}</span></li>`,
  )}</ul></section>`;
}

const size = (bytes: number): string =>
  bytes < 1e6 ? `${formatNumber(bytes / 1e3, 0)} kB` : `${formatNumber(bytes / 1e6, bytes < 1e7 ? 1 : 0)} MB`;
