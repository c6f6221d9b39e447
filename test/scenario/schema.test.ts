import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { loadScenario } from "../../src/scenario/load.ts";
import { reportJsonSchema } from "../../src/report/validate.ts";
import { parseScenario, scenarioJsonSchema } from "../../src/scenario/schema.ts";

const SCENARIOS = resolve(import.meta.dirname, "../../scenarios");
const minimal = { name: "a", source: { kind: "simulated" } };

test("a scenario of two lines gets the default rig, every default filled in", () => {
  const { source, calibration } = parseScenario(minimal, "a.yaml");
  expect(source).toMatchObject({
    phantom: { kind: "parametric", flexionDeg: 30 },
    imaging: { widthPx: 512, heightPx: 512, depthMm: 50, rateHz: 30, lagS: 0.3 },
    tracker: { kind: "duo", rateHz: 120, distanceMm: 1000 },
  });
  expect(calibration).toMatchObject({ kind: "sessions", waterC: 21, depthFrom: "thermometer" });
});

test("what is wrong is named with file and field", () => {
  const wrong =
    (source: unknown, more = {}) =>
    () =>
      parseScenario({ name: "a", source, ...more }, "k.yaml");
  expect(wrong({ kind: "simulated", tracker: { kind: "optical", rateHz: -1 } })).toThrow(
    /^k\.yaml: source\.tracker\.rateHz: /,
  );
  expect(wrong({ kind: "simulated", imaging: { depht: 3 } })).toThrow(/^k\.yaml: source\.imaging: .*depht/);
  expect(wrong({ kind: "simulatd" })).toThrow(/^k\.yaml: source\.kind: /);
  expect(wrong({ kind: "simulated" }, { calibration: { kind: "configuration" } })).toThrow(/calibration\.kind/);
  expect(wrong({ kind: "recording", file: "x" })).toThrow(/the true calibration of a recording is not known/);
  expect(() => parseScenario({ ...minimal, name: "../up" }, "k.yaml")).toThrow(/^k\.yaml: name: /);
  expect(() => parseScenario(null, "k.yaml")).toThrow(/^k\.yaml: \(the whole file\)/);
});

test("broken YAML is refused with the place, and a huge file unread", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sonobench-scenario-"));
  const broken = join(folder, "broken.yaml");
  await writeFile(broken, "name: a\nsource: {kind: [simulated\n");
  await expect(loadScenario(broken)).rejects.toThrow(/broken\.yaml: byte \d+/);
  const twice = join(folder, "twice.yaml");
  await writeFile(twice, "name: a\nname: b\n");
  await expect(loadScenario(twice)).rejects.toThrow(/twice\.yaml: byte \d+.*unique/s);
  const huge = join(folder, "huge.yaml");
  await writeFile(huge, "x".repeat(2 << 20));
  await expect(loadScenario(huge)).rejects.toThrow(/short YAML or JSON/);
});

test("files named by a scenario are relative to its folder", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sonobench-scenario-"));
  const file = join(folder, "r.yaml");
  await writeFile(file, "name: r\nsource: {kind: recording, file: sub/a.mha}\ncalibration: {kind: configuration}\n");
  const { source } = await loadScenario(file);
  expect(source).toMatchObject({ kind: "recording", file: join(folder, "sub/a.mha") });
});

test("every scenario that ships is valid, and schema.json is what the schema says today", async () => {
  const names = (await readdir(SCENARIOS)).filter((name) => name.endsWith(".yaml"));
  expect(names).toContain("knee-tracked.yaml");
  for (const name of names) {
    const scenario = await loadScenario(join(SCENARIOS, name));
    expect(`${scenario.name}.yaml`).toBe(name);
  }
  expect(JSON.parse(await readFile(join(SCENARIOS, "schema.json"), "utf8"))).toEqual(scenarioJsonSchema());
  const written: unknown = JSON.parse(await readFile(join(SCENARIOS, "report.schema.json"), "utf8"));
  expect(written).toEqual(JSON.parse(JSON.stringify(reportJsonSchema())));
});
