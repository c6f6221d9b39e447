import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { silentLog } from "../../src/core/log.ts";
import { createWorkerPool } from "../../src/core/worker-pool.ts";
import { loadScenario } from "../../src/scenario/load.ts";
import { simulate } from "../../src/scenario/simulate.ts";
import { dataFolder } from "../support/data.ts";

const folder = await mkdtemp(join(tmpdir(), "sonobench-meshes-"));
const workers = createWorkerPool(1);
afterAll(async () => {
  await workers.close();
  await rm(folder, { recursive: true });
});

test.skipIf(!dataFolder)(
  "the real knee of the recordings is scanned as a phantom: its front is met where its meshes are (needs the recordings)",
  async () => {
    const real = join(dataFolder!, "knee-dess01-right");
    const path = join(folder, "real.yaml");
    await writeFile(
      path,
      `name: real
source:
  kind: simulated
  phantom:
    kind: meshes
    femur: ${join(real, "femur.stl")}
    tibia: ${join(real, "tibia.stl")}
    patella: ${join(real, "patella.stl")}
    side: right
    space: ras
    gridSpacingMm: 1.5
  imaging: { widthPx: 96, heightPx: 96, rateHz: 2 }
  operator: { sweeps: [prepatellar transverse, anterolateral tibia] }
`,
    );
    const scenario = await loadScenario(path);
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (event: string) => void warnings.push(event) };
    if (scenario.source.kind !== "simulated") throw new Error("the scenario is simulated");
    const recording = join(folder, "real.mcap");
    const { truth } = await simulate(scenario, scenario.source, recording, {
      log,
      workers,
      signal: new AbortController().signal,
      overwrite: true,
    });
    expect(warnings).toEqual(["no fibula was given: one of average shape stands in for it"]);
    expect(truth.bones.map((b) => b.name)).toEqual(["femur", "tibia", "fibula", "patella"]);
    for (const name of ["patella", "tibia"]) {
      const { insonified, region, regionNames } = truth.bones.find((b) => b.name === name)!;
      const seen = insonified.reduce(
        (count, hits, i) => count + (hits > 0 && regionNames[region[i]!] !== "cap" ? 1 : 0),
        0,
      );
      expect(seen, name).toBeGreaterThan(150);
    }
    const ridge = truth.trueRidge(2);
    expect(ridge.filter((row) => row > 5 && row < 60).length).toBeGreaterThan(20);
    expect((await stat(recording)).size).toBeGreaterThan(50_000);
  },
  300_000,
);
