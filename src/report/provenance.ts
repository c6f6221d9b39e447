import type { Made, Software, UsedModel } from "../data/provenance.ts";
import { formatNumber } from "./format.ts";
import { markup, type Content, type Markup } from "./markup.ts";
import type { Section } from "./page.ts";
import { table } from "./tables.ts";

/** Where the figures of a page come from. */
export interface Origin {
  readonly software: Software;
  readonly seed: string | null;
  readonly models?: readonly UsedModel[] | undefined;
  /** Of timing.json; absent where there is none. */
  readonly made?: Made | undefined;
  /** What is typed to make the same again, one command a line. */
  readonly commands?: readonly string[];
  /** Rows of this kind of page, before the others. */
  readonly first?: readonly (readonly [string, Content])[];
}

/** Version and short commit, for a line under a heading. */
export function softwareLine({ name, version, code }: Software): string {
  return `${name} ${version}${code ? ` (${code.commit.slice(0, 10)}${code.dirty ? ", changed" : ""})` : ""}`;
}

function codeText({ name, version, code }: Software): Content {
  if (!code) return `${name} ${version}; no commit is recorded`;
  const state = code.dirty
    ? markup`<strong>with changes that are not committed: nobody else can make these figures again</strong>`
    : "without changes";
  return markup`${name} ${version}, commit <code>${code.commit}</code>, ${state}`;
}

function madeText({ finishedAt, totalS }: Made): string {
  const took = totalS === undefined ? "" : `, in ${formatNumber(totalS, 0)} s`;
  return `${finishedAt.slice(0, 16).replace("T", " ")} UTC${took}`;
}

const hostText = ({ host: { processor, cores, memoryGb, node, system } }: Made): string =>
  `${processor}, ${cores} ${cores === 1 ? "core" : "cores"}, ${formatNumber(memoryGb, 0)} GB` +
  `${system === undefined ? "" : `, ${system}`}, Node.js ${node}`;

/** A table: program, packages, models, when and where. */
export function provenanceTable({ software, seed, models = [], made, first = [] }: Origin): Markup {
  const rows: (readonly [string, Content])[] = [
    ...first,
    ["Seed", seed ?? "none: nothing was drawn at random that the result depends on"],
    ["Program", codeText(software)],
    ...(software.packages
      ? [["Packages", Object.entries(software.packages).map(([name, version]) => `${name} ${version}`).join(", ")] as const] // prettier-ignore
      : []),
    ...models.map(
      ({ use, name, sha256 }) => [`Model for ${use}`, markup`${name}, SHA-256 <code>${sha256}</code>`] as const,
    ),
    ["Finished", made ? madeText(made) : "not recorded: there is no timing.json beside this page"],
    ...(made ? [["Machine", hostText(made)] as const] : []),
  ];
  return table(
    "What somebody else needs to make the same again",
    markup`<tr><th scope="col">What</th><th scope="col" class="text">Which</th></tr>`,
    markup`<tbody>${rows.map(
      ([what, which]) => markup`<tr><th scope="row">${what}</th><td class="text">${which}</td></tr>`,
    )}</tbody>`,
  );
}

export function commandsBlock(commands: readonly string[] = []): Markup | null {
  if (!commands.length) return null;
  return markup`<p>The same again, byte for byte, on any machine and with any number of workers (give your own file where it is not one that ships):</p><pre tabindex="0" class="commands"><code>${commands.join("\n")}</code></pre>`;
}

export function provenanceSection(origin: Origin, more: Content = null): Section {
  return {
    id: "provenance",
    short: "Provenance",
    content: markup`<section id="provenance"><h2>How it was made</h2>${provenanceTable(origin)}
<p class="note">Date and machine are of timing.json; nothing else on this page depends on them.</p>${commandsBlock(origin.commands)}${more}</section>`,
  };
}

/** To get the program as it was; empty where nobody can. */
export function checkoutCommands({ code }: Software): string[] {
  return code && !code.dirty ? [`git checkout ${code.commit}`, "npm ci"] : [];
}
