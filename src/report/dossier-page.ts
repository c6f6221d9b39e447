import type { Dossier } from "../data/dossier.ts";
import { configurationTable } from "./configuration.ts";
import { protocolSection, saidTable } from "./dossier/protocol-section.ts";
import { checksAppendix, tally, tallySentence, verificationSection } from "./dossier/verification-section.ts";
import { definitions } from "./how-to-read.ts";
import { markup, type Content } from "./markup.ts";
import { insideSection, renderPage, type Section } from "./page.ts";
import { commandsBlock, provenanceTable, softwareLine } from "./provenance.ts";
import { budgetOf, studyParts } from "./study-page.ts";
import { table } from "./tables.ts";

export const NOT_CLINICAL =
  "This is a simulation study, and simulation is not clinical evidence. No person, no tissue and no real device took part. " +
  "Nothing in it shows that the method is safe or accurate on a patient; it can support the planning of a study on people, " +
  "and it cannot replace one.";

const section = (id: string, short: string, heading: string, content: Content): Section => ({
  id,
  short,
  content: markup`<section id="${id}"><h2>${heading}</h2>${content}</section>`,
});

function glance({ question, study, suites, missing, protocol }: Dossier): Section {
  const checks = tally(suites.flatMap(({ checks }) => checks));
  const failed = study?.variants.flatMap(({ failed }) => failed).reduce((sum, { count }) => sum + count, 0) ?? 0;
  const cases = study?.variants.reduce((sum, { cases }) => sum + cases, 0) ?? 0;
  return {
    id: "glance",
    short: "At a glance",
    content: markup`<section id="glance"><p class="notice statement"><strong>${NOT_CLINICAL}</strong></p><h2>At a glance</h2>${saidTable(
      "What this dossier says",
      ["What", "In short"],
      [
        ["Question", question],
        ["Answer", study ? study.answer : "There is none yet: the study has not been run."],
        [
          "Runs",
          study
            ? `${study.knees} of ${protocol.knees} planned knees, ${cases} runs, ${failed === 0 ? "none" : failed} of them failed`
            : "none",
        ],
        ["Verification", `${tallySentence(checks)}.`],
        ...(missing.length ? ([["Missing from this dossier", missing.join(" ")]] as const) : []),
      ],
    )}</section>`,
  };
}

const purpose = (number: number): Section =>
  section(
    "purpose",
    "Purpose",
    `${number} Purpose and intended use`,
    markup`<p>SonoBench is a testbed for methods that make three-dimensional models of the knee's bones from tracked ultrasound. It computes a
body, a hand, a scanner and a tracker whose truth is known, lets the method work on what they give, and measures how far the result is from
the truth. This dossier collects what one study of it was, what was found, and how far the bench itself can be trusted.</p>
<p>It is meant for those who plan or judge a study: to choose equipment and settings, to estimate how many subjects are needed, to name the
sources of error, and to decide whether an experiment on people is worth its burden. It is not meant for diagnosis, for planning or guiding
the treatment of anyone, or as evidence of the performance of a product. SonoBench is research software and no medical device.</p>`,
  );

function resultsSection({ study }: Dossier, number: number): Section {
  if (!study) {
    return section(
      "results",
      "Results",
      `${number} Results`,
      markup`<p class="notice">The study has not been run, so there are no results.</p>`,
    );
  }
  return {
    id: "results",
    short: "Results",
    content: markup`<section id="results"><h2>${number} Results</h2><p class="answer">${study.answer}</p>${
      study.stopped && markup`<p class="note">${study.stopped}</p>`
    }<p>Made by ${softwareLine(study.software)}.</p>${studyParts(study)
      .filter(({ id }) => id !== "budget")
      .map(insideSection)}</section>`,
  };
}

function budgetSection({ study }: Dossier, number: number): Section | null {
  const part = study && budgetOf(study);
  return part && section(part.id, "Error budget", `${number} Error budget`, part.content);
}

const limitsSection = ({ limits, notModelled }: Dossier, number: number): Section =>
  section(
    "limits",
    "Limits",
    `${number} Limits`,
    markup`<p>${NOT_CLINICAL}</p><h3>Of this study</h3>${
      limits.length
        ? markup`<ul class="plain">${limits.map((line) => markup`<li>${line}</li>`)}</ul>`
        : markup`<p>Its file names none.</p>`
    }<h3>Of the simulation: what it leaves out</h3><ul class="plain">${notModelled.map((line) => markup`<li>${line}</li>`)}</ul>`,
  );

function reproducibility(
  { software, seed, models, made, files, commands, study, studyMade }: Dossier,
  number: number,
): Section {
  const hashes = table(
    "Files that this dossier was made from",
    markup`<tr><th scope="col">File</th><th scope="col" class="text">SHA-256</th></tr>`,
    markup`<tbody>${files.map(({ name, sha256 }) => markup`<tr><th scope="row">${name}</th><td class="text"><code>${sha256}</code></td></tr>`)}</tbody>`,
  );
  return section(
    "reproducibility",
    "Reproducibility",
    `${number} Reproducibility`,
    markup`${provenanceTable({ software, seed, models, made })}${
      study &&
      markup`<h3>The study's runs</h3>${provenanceTable({ software: study.software, seed: study.seed, made: studyMade ?? undefined })}`
    }${hashes}${commandsBlock(commands)}`,
  );
}

const glossarySection = (number: number): Section =>
  section(
    "glossary",
    "Glossary",
    `${number} Glossary`,
    definitions([
      "simulation",
      "knee",
      "draw",
      "kneeInterval",
      "paired",
      "kneesToShow",
      "worst",
      "assd",
      "hd95",
      "rms",
      "bias",
      "covered",
      "reachable",
      "expected",
      "tolerance",
      "fails",
      "skipped",
    ]),
  );

const appendix = ({ texts, configuration }: Dossier): Section => ({
  id: "appendix",
  short: "Files and options",
  content: markup`<section id="appendix" class="appendix"><h2>Appendix B: the files, and every option</h2>${texts.map(
    ({ name, text }) => markup`<h3>${name}</h3><pre tabindex="0"><code>${text}</code></pre>`,
  )}<details><summary>Every option of the reference variant, defaults filled in</summary>${configurationTable(configuration)}</details></section>`,
});

/** One document that could be attached to an application: a function of its argument alone; loads nothing. */
export function renderDossier(dossier: Dossier): string {
  const { question, name, made, software } = dossier;
  let number = 0;
  const next = (): number => ++number;
  return renderPage({
    kicker: "validation dossier",
    heading: question,
    title: `Dossier of ${name}`,
    facts: `Study ${name} · compiled ${made.finishedAt.slice(0, 10)} · ${softwareLine(software)}`,
    contents: "printed",
    sections: [
      glance(dossier),
      purpose(next()),
      protocolSection(dossier, next()),
      verificationSection(dossier, next()),
      resultsSection(dossier, next()),
      dossier.study?.budget ? budgetSection(dossier, next()) : null,
      limitsSection(dossier, next()),
      reproducibility(dossier, next()),
      glossarySection(next()),
      checksAppendix(dossier),
      appendix(dossier),
    ],
    footer: markup`<p>${NOT_CLINICAL} For research; not a medical device.</p>`,
  });
}
