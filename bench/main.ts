import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { calibrationBench } from "./calibration.bench.ts";
import { liveBench } from "./live.bench.ts";
import { reconstructionBench } from "./reconstruction.bench.ts";
import { segmentationBench } from "./segmentation.bench.ts";
import { trackerlessBench } from "./trackerless.bench.ts";
import { ultrasoundBench } from "./ultrasound.bench.ts";
import { wireBench } from "./wire.bench.ts";
import { type BenchSuite, type Figure, formatFigure, formatMeasured, measure, type Measured } from "./suite.ts";

/** `npm run bench -- <suite> …`; a suite is added here. */
const suites: Readonly<Record<string, BenchSuite>> = {
  calibration: calibrationBench,
  live: liveBench,
  reconstruction: reconstructionBench,
  segmentation: segmentationBench,
  trackerless: trackerlessBench,
  ultrasound: ultrasoundBench,
  wire: wireBench,
};

const SECONDS_PER_CASE = 1.5;

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in suites));
if (unknown.length > 0) {
  const known = Object.entries(suites).map(([name, { about }]) => `  ${name}: ${about}`);
  console.error(`There is no suite ${unknown.join(", ")}. Suites:\n${known.join("\n")}`);
  process.exit(2);
}

const figures: Record<string, readonly (Figure | Measured)[]> = {};
for (const [name, suite] of Object.entries(suites)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`# ${name}: ${suite.about}`);
  const { cases, measured, close } = await suite.prepare();
  const timed = cases.length > 0 ? await measure(cases, SECONDS_PER_CASE) : [];
  for (const figure of timed) console.log(formatFigure(figure));
  const taken = (await measured?.()) ?? [];
  for (const figure of taken) console.log(formatMeasured(figure));
  await close();
  figures[name] = [...timed, ...taken];
}
const machine = { node: process.version, processor: cpus()[0]?.model ?? "unknown", threads: availableParallelism() };
await writeFile(new URL("latest.json", import.meta.url), `${JSON.stringify({ machine, figures }, undefined, 2)}\n`);
