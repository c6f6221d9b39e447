import type { Dossier, Said } from "../../data/dossier.ts";
import { formatCount } from "../format.ts";
import { headlineLabel, isShare } from "../labels.ts";
import { markup, type Markup } from "../markup.ts";
import type { Section } from "../page.ts";
import { table } from "../tables.ts";

const figureName = (id: string): string => {
  const { name, scope } = headlineLabel(id);
  return scope ? `${name} (${scope.toLowerCase()})` : name;
};

export const saidTable = (caption: string, head: Said, rows: readonly Said[]): Markup =>
  table(
    caption,
    markup`<tr><th scope="col">${head[0]}</th><th scope="col" class="text">${head[1]}</th></tr>`,
    markup`<tbody>${rows.map(([topic, sentence]) => markup`<tr><th scope="row">${topic}</th><td class="text">${sentence}</td></tr>`)}</tbody>`,
  );

/** What was simulated and how, what was varied, how many, and how it is judged. */
export function protocolSection({ protocol, seed, about, study }: Dossier, number: number): Section {
  const { rig, variants, reference, knees, seedsPerKnee, figures, rules } = protocol;
  const cases = variants.length * knees * seedsPerKnee;
  const changes = variants.map(({ name, changes }): Said => [
    name === reference ? `${name} (reference)` : name,
    changes.length ? changes.map(([field, value]) => `${field} = ${value}`).join("; ") : "the scenario as it stands",
  ]);
  const effectText = (id: string, effect: number): string => {
    if (isShare(id)) return `${100 * effect} points of percent`;
    const unit = study?.variants[0]?.figures.find((figure) => figure.id === id)?.unit;
    return `${effect}${unit === undefined || unit === "1" ? "" : ` ${unit}`}`;
  };
  const judged = figures.map(({ id, better, effect }, i): Said => [
    `${i === 0 ? "Primary" : "Secondary"}: ${figureName(id)}`,
    `${better} is better; a difference of ${effectText(id, effect)} matters (${id})`,
  ]);
  return {
    id: "protocol",
    short: "Protocol",
    content: markup`<section id="protocol"><h2>${number} What was simulated, and how</h2>${about && markup`<p>${about}</p>`}
${saidTable("The rig and the method, in words; every option is in the appendix", ["Part", "As simulated"], rig)}
<h3>What is varied</h3>${saidTable("Variants: fields of the scenario that differ", ["Variant", "Setting"], changes)}
<h3>How many</h3><p>${formatCount(knees)} knees, ${formatCount(seedsPerKnee)} ${seedsPerKnee === 1 ? "draw" : "draws"} of everything else on each, in
${formatCount(variants.length)} ${variants.length === 1 ? "variant" : "variants"}: ${formatCount(cases)} runs. Every variant meets the same knees and the same draws. All random
numbers follow from the seed <code>${seed}</code>.</p>
<h3>How it is judged</h3>${saidTable("Figures, named in the study's file before the runs", ["Figure", "Direction, and the difference that matters"], judged)}
<ul class="plain">${rules.map((rule) => markup`<li>${rule}</li>`)}</ul></section>`,
  };
}
