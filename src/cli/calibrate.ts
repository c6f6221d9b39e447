import { basename } from "node:path";
import type { Command } from "commander";
import type { CalibrationPage } from "../data/calibration-page.ts";
import { formatFigure } from "../report/format.ts";
import { writeCalibrationPage } from "../scenario/calibration-figures/write-page.ts";
import {
  landmarksRecording,
  pivotRecording,
  planeRecording,
  pointRecording,
  spatialRecording,
  temporalRecording,
  type Calibrate,
  type CalibrateOptions,
} from "./calibrate-recording.ts";
import { addCalibrateDecorrelation } from "./calibrate-decorrelation.ts";
import type { Outcome } from "./calibrate-outcome.ts";
import { calibrateScenario, isScenario } from "./calibrate-session.ts";
import { terminalFor } from "./command.ts";
import type { Terminal } from "./terminal.ts";
import { checkThresholds } from "./thresholds.ts";
import { ownSoftware } from "./software.ts";

export function addCalibrate(program: Command): void {
  const group = program
    .command("calibrate")
    .summary("one calibration from a recording or a simulated session, with its error figures and its refusals")
    .description(
      "Calibrates a stylus (pivot), a phantom (landmarks), the time between images and poses (temporal) or the place of " +
        'the image on the probe (spatial). In place of a recording a scenario whose source.kind is "session" may be given: it ' +
        "is simulated, calibrated and scored. Input that cannot give the answer is refused with the reason: exit code 2.",
    );
  const add = (name: string, about: string, run: Calibrate): Command =>
    group
      .command(`${name} <recording>`)
      .summary(about)
      .description(`${about}. Definitions: docs/calibration.md.`)
      .option("-c, --config <xml>", "PLUS configuration: phantom and transforms")
      .option("--stylus <tool>", "name of the stylus in the recording", "Stylus")
      .option("--probe <tool>", "name of the probe", "Probe")
      .option("--reference <tool>", "name of the body that holds the divots or the phantom", "Reference")
      .option("--from <s>", "leave out what lies before, s from the first pose")
      .option("--to <s>", "leave out what lies after, s from the first pose")
      .option(
        "--fail-if <condition...>",
        'exit with 1 when it holds, e.g. --fail-if "calibration.pivot.residual > 0.5"',
      )
      .option("--out <folder>", "write a page with pictures (calibration.html) and calibration.json there")
      .option("--json", "print one object")
      .option("-q, --quiet", "no progress")
      .action(async (recording: string, options: CalibrateOptions) => {
        const terminal = terminalFor(options);
        const outcome = isScenario(recording)
          ? await calibrateScenario(name, recording, options)
          : await run(recording, options);
        const { headline, transform, result } = outcome;
        const json = JSON.stringify({ headline, ...(transform ? { transform } : {}), result }, plain, 2);
        if (options.json) terminal.out(json);
        else printCalibration(outcome, terminal);
        if (options.out !== undefined) {
          const page = await calibrationPage(name, recording, outcome);
          terminal.err(`report: ${await writeCalibrationPage(options.out, page, json)}`);
        }
        checkThresholds(headline, options.failIf ?? []);
      });
  add("pivot", "the tip of a stylus that was turned in one or more divots", pivotRecording).option(
    "--spin",
    "the recording holds spinning about the shaft: give the shaft's direction instead",
  );
  add(
    "landmarks",
    "where a phantom sits on its reference, from touching its landmarks with a stylus",
    landmarksRecording,
  ).option(
    "--tip <x,y,z>",
    "tip of the stylus, mm; default: StylusTip of the configuration, else the pivot calibration of this recording",
  );
  add("temporal", "by how much the images run behind the poses", temporalRecording)
    .option("--poses <recording>", "the recording that holds the poses, when the images are in another one")
    .option("--images <recording>", "the recording that holds the images, when the poses are in another one")
    .option("--reach <s>", "largest lag looked for, either sign", "1");
  const spatialOptions = (command: Command): Command =>
    command
      .option("--smooth <s>", "half width of the window over which the tracker's jitter is smoothed, 0: none", "0.5")
      .option(
        "--lag <s>",
        "by how much the images run behind the poses (calibrate temporal); by-time recordings only",
        "0",
      )
      .option("--water <C>", 'temperature of the water, or "wires": corrects depth for use in tissue');
  spatialOptions(
    add("spatial", "where the image lies on the probe, from sweeping over an N-wire phantom", spatialRecording)
      .option("--validation <recording>", "frames that only judge; default: frames left out in turn")
      .option(
        "--registration-rms <mm>",
        "what the phantom's landmarks left over (calibrate landmarks: rms): its place may move within what that allows",
      ),
  );
  spatialOptions(
    add("point", "where the image lies on the probe, from a resting point: crossed wires, a bead", pointRecording),
  );
  addCalibrateDecorrelation(group);
  spatialOptions(
    add("plane", "where the image lies on the probe, from a resting plane: the bottom of a tank", planeRecording),
  );
}

const MOST_FINDINGS = 3;

function printCalibration({ headline, sentences, findings, transform }: Outcome, { out }: Terminal): void {
  for (const [id, { value, low, high, unit }] of Object.entries(headline)) {
    const text = formatFigure(id, { value, low, high, unit });
    out(`  ${id.padEnd(44)} ${text.value} ${text.unit}${text.interval && `   (95 %: ${text.interval})`}`);
  }
  for (const sentence of sentences ?? []) out(`  ${sentence}`);
  if (findings && findings.length > 0) {
    out("\n  What may be wrong, the likeliest first:");
    for (const { cause, score, sentence, remedy } of findings.slice(0, MOST_FINDINGS))
      out(`  ${score.toFixed(2)} ${cause}: ${sentence} ${remedy}`);
  }
  if (!transform) return;
  out(`\n  <Transform From="${transform.from}" To="${transform.to}"`);
  out(`    Matrix="${transform.matrix.map((x) => x.toPrecision(7)).join(" ")} 0 0 0 1"/>`);
}

const titles: Readonly<Record<string, string>> = {
  pivot: "Stylus tip",
  landmarks: "Phantom on its reference",
  temporal: "Time between images and poses",
  spatial: "Image on the probe, from N-wires",
  point: "Image on the probe, from a point",
  plane: "Image on the probe, from a plane",
};

async function calibrationPage(name: string, recording: string, outcome: Outcome): Promise<CalibrationPage> {
  const { headline, seed, sentences = [], findings, figures, transform } = outcome;
  return {
    title: titles[name] ?? name,
    software: await ownSoftware(),
    ...(seed === undefined ? {} : { seed }),
    facts: `${isScenario(recording) ? "Simulated session" : "Recording"} ${basename(recording)}`,
    headline,
    sentences,
    ...(findings ? { findings } : {}),
    figures: figures ? await figures() : [],
    ...(transform ? { transform } : {}),
  };
}

/** Typed arrays as plain arrays; numbers that JSON has no word for as null. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Float64Array || value instanceof Uint32Array) return Array.from(value);
  return value;
}
