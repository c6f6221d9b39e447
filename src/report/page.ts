import { createHash } from "node:crypto";
import { markup, Markup, type Content } from "./markup.ts";
import { style } from "./style.ts";

/** A part of a page that its list of contents names. */
export interface Section {
  readonly id: string;
  /** In the list of contents. */
  readonly short: string;
  /** Holds an element with this id. */
  readonly content: Markup;
}

/** Something that is a section of one kind of page and a part of a section of another. */
export interface Part {
  readonly id: string;
  /** In a list of contents. */
  readonly short: string;
  readonly heading: string;
  readonly content: Content;
  /** It stands out as something to beware of. */
  readonly notice?: boolean;
}

export const sectionOf = ({ id, short, heading, content, notice }: Part): Section => ({
  id,
  short,
  content: markup`<section id="${id}"${notice && markup` class="notice"`}><h2>${heading}</h2>${content}</section>`,
});

/** Below the heading of a section. */
export const insideSection = ({ id, heading, content, notice }: Part): Markup =>
  markup`<div id="${id}" class="part${notice && " notice"}"><h3>${heading}</h3>${content}</div>`;

/** What every page of this bench has; its sections stand in their order, those that are null are left out. */
export interface Page {
  /** What kind of page it is, in a word or two. */
  readonly kicker: string;
  readonly heading: string;
  /** In the browser's tab; the heading when absent. */
  readonly title?: string;
  /** One line under the heading. */
  readonly facts: Content;
  readonly sections: readonly (Section | null)[];
  /** Whether paper shows the list of contents too. */
  readonly contents?: "screen" | "printed";
  /** The last words: what the page is not, and where the same figures lie for programs. */
  readonly footer: Content;
  /** Of this kind of page alone. */
  readonly ownStyle?: string;
  /** Programs that the page carries, already safe inside a script element, and what they read. */
  readonly scripts?: readonly Markup[];
  readonly data?: Markup;
}

const sha256 = (text: string): string => createHash("sha256").update(text, "utf8").digest("base64");

/** The browser itself refuses every fetch, and every script but those that this page was made with. */
function policy(scripts: readonly Markup[]): string {
  const run = scripts.length ? `script-src ${scripts.map(({ text }) => `'sha256-${sha256(text)}'`).join(" ")}; ` : "";
  return `default-src 'none'; ${run}style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'`;
}

/** One file that loads nothing. Depends on its arguments alone. */
export function renderPage({ kicker, heading, title = heading, facts, sections, footer, ...rest }: Page): string {
  const { contents = "screen", ownStyle = "", scripts = [], data } = rest;
  const shown = sections.filter((section) => section !== null);
  return markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy(scripts)}">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} · SonoBench</title>
<style>${new Markup(style + ownStyle)}</style></head><body><a class="skip" href="#main">Skip to the results</a>
<header class="top"><p class="kicker">SonoBench ${kicker}</p><h1>${heading}</h1><p class="facts">${facts}</p></header>
<nav aria-label="Contents" class="${contents}"><ul>${shown.map(
    ({ id, short }) => markup`<li><a href="#${id}">${short}</a></li>`,
  )}</ul></nav><main id="main">${shown.map(({ content }) => content)}</main>
<footer>${footer}</footer>
${data}${scripts.map((text) => markup`<script>${text}</script>`)}</body></html>
`.text;
}
