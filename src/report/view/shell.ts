import type { Content } from "../markup.ts";
import { markup } from "../markup.ts";

/** A page of `sonobench view`: its style and its script come from the same server. */
export interface Shell {
  /** What kind of thing it shows. */
  readonly kicker: string;
  readonly heading: string;
  readonly facts?: Content;
  /** Below the folder that is viewed; null for a page without a script. */
  readonly item: { readonly path: string; readonly kind: string } | null;
  /** Whether there is a page above this one. */
  readonly hasFolder: boolean;
  readonly main: Content;
}

export function renderShell({ kicker, heading, facts, item, hasFolder, main }: Shell): string {
  return markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${heading} · SonoBench</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/view.css">${
    item && markup`<script src="/view-app.js" defer></script>`
  }</head>
<body${item && markup` data-item="${item.path}" data-kind="${item.kind}"`}><a class="skip" href="#main">Skip to the content</a>
<header class="top"><p class="kicker">SonoBench ${kicker}</p><h1>${heading}</h1><p class="facts" data-facts>${facts}</p>${
    hasFolder && markup`<p class="back"><a href="/">All parts of this folder</a></p>`
  }</header>
<main id="main">${
    item &&
    markup`<section class="notice" data-problem hidden role="alert"></section><p data-loading role="status">Reading the file …</p>
<noscript><section class="notice"><p>This view needs JavaScript.</p></section></noscript>`
  }${main}</main>
<footer><p>For research. Not a medical device. The files stay on this computer; this page is served from it to it alone.</p></footer>
</body></html>
`.text;
}

/** A page that says what is wrong and what to do. */
export function renderProblem(heading: string, problem: string, remedy: string, hasFolder: boolean): string {
  return renderShell({
    kicker: "view",
    heading,
    item: null,
    hasFolder,
    main: markup`<section class="notice" role="alert"><h2>This cannot be shown</h2><p>${problem}</p>${remedy && markup`<p>${remedy}</p>`}</section>`,
  });
}
