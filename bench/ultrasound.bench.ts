import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromAxisAngle, multiply3x4 } from "../src/core/rigid.ts";
import { createRng } from "../src/core/rng.ts";
import { createWorkerPool, type WorkerPool } from "../src/core/worker-pool.ts";
import { sampleTrilinear } from "../src/geometry/grid.ts";
import { buildScene } from "../src/sim/knee/build-scene.ts";
import { buildKnee } from "../src/sim/knee/knee.ts";
import { typicalKnee } from "../src/sim/knee/parameters.ts";
import { computeBeam, type Beam } from "../src/sim/probe/beam.ts";
import { looksOf } from "../src/sim/probe/compounding.ts";
import { createEchoSimulator, type EchoFrame, type EchoSimulator } from "../src/sim/probe/echo.ts";
import { allEffects, corticalSurface } from "../src/sim/probe/effects.ts";
import { noiseStart } from "../src/sim/probe/filter.kernel.ts";
import type { KernelSetup } from "../src/sim/probe/kernel.ts";
import type { PointEchoes } from "../src/sim/probe/point-echoes.ts";
import { defaultProbe, defaultSettings } from "../src/sim/probe/probe.ts";
import type { FrameJob } from "../src/sim/probe/render.ts";
import { typescriptKernel } from "../src/sim/probe/typescript-kernel.ts";
import { wasmKernel } from "../src/sim/probe/wasm-kernel.ts";
import type { Scene } from "../src/sim/scene.ts";
import type { BenchSuite, Case } from "./suite.ts";

const SEED = "bench/ultrasound",
  POSES = 12,
  SETUP_SEED = 1,
  TWIN_FRAMES = 30,
  SPEED_MPS = defaultSettings.assumedSpeedMps;

/** A typical knee bent by 30°, and poses all around it, 3 mm into the resting skin. */
async function kneeAndPoses(): Promise<{ scene: Scene; poses: Float64Array[] }> {
  const knee = await buildKnee(typicalKnee(createRng(SEED)), { flexionRad: Math.PI / 6 });
  const scene = buildScene(knee, { spacingMm: 0.75 });
  const poses = Array.from({ length: POSES }, (_, i) =>
    poseOnSkin(scene, (2 * Math.PI * i) / POSES, [-35, -10, 15, 40][i % 4]!),
  );
  return { scene, poses };
}

/** A transverse image, looking at the leg's axis from direction `angle` at height `zMm`, turned a little. */
function poseOnSkin({ grid, skinDistanceMm }: Scene, angle: number, zMm: number): Float64Array {
  const c = Math.cos(angle), s = Math.sin(angle); // prettier-ignore
  let reach = 90;
  while (reach > 0 && sampleTrilinear(grid, skinDistanceMm, reach * c, reach * s, zMm, 50) > -3) reach -= 0.25;
  const kneeFromFace = Float64Array.of(s, -c, 0, reach * c, -c, -s, 0, reach * s, 0, 0, -1, zMm);
  return multiply3x4(kneeFromFace, fromAxisAngle([0.3, 1, 0.2], 0.2).m);
}

/** As `renderFrames`, and how long each frame was with its worker, messages included. */
async function renderTimed(
  workers: WorkerPool,
  scene: Scene,
  poses: readonly Float64Array[],
  frameMs: number[],
): Promise<readonly EchoFrame[]> {
  const sentAt: number[] = [];
  function* jobs(): Generator<{ data: FrameJob }> {
    for (const [frameIndex, kneeFromImage] of poses.entries()) {
      sentAt[frameIndex] = performance.now();
      const settings = {};
      yield { data: { key: SEED, scene, probe: defaultProbe, settings, seed: SEED, kneeFromImage, frameIndex } };
    }
  }
  const module = new URL("../src/sim/probe/echo.worker.ts", import.meta.url);
  return workers.map<EchoFrame>(module, jobs(), (_, i) => void frameMs.push(performance.now() - sentAt[i]!));
}

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]!;

export const ultrasoundBench: BenchSuite = {
  about: "echo frames of a knee, 512 x 512, 192 lines, 50 mm",
  async prepare() {
    const { scene, poses } = await kneeAndPoses();
    const one = createWorkerPool(1),
      two = createWorkerPool(2);
    const times = { "1 worker": [] as number[], "2 workers": [] as number[] };
    const rendered = (name: keyof typeof times, workers: WorkerPool): Case => ({
      name: `frames, ${name}`,
      units: POSES,
      unit: "frames",
      run: () => renderTimed(workers, scene, poses, times[name]),
      beside: name === "2 workers" ? ["frames, 1 worker"] : [],
    });
    await Promise.all([renderTimed(one, scene, poses, []), renderTimed(two, scene, poses, [])]);
    const beam = computeBeam(defaultProbe, SPEED_MPS, defaultSettings.depthMm);
    printFrameTimes(createEchoSimulator(scene, defaultProbe, {}, SEED, { beam }), poses, 5);
    measureGrowth(scene, poses.slice(0, 4));
    compareKernels(scene, poses[0]!, beam);
    return {
      cases: [rendered("1 worker", one), rendered("2 workers", two), ...pathCases(scene, poses, beam)],
      async close() {
        for (const [name, ms] of Object.entries(times)) {
          const [median, p95] = [0.5, 0.95].map((share) => percentile(ms, share).toFixed(1));
          console.log(
            `frame with its worker, ${name}: median ${median} ms, 95 % below ${p95} ms (${ms.length} frames)`,
          );
        }
        console.log(`memory of the whole process: ${Math.round(process.memoryUsage().rss / 1e6)} MB`);
        await Promise.all([one.close(), two.close()]);
      },
    };
  },
};

function pathCases(scene: Scene, poses: readonly Float64Array[], beam: Beam): Case[] {
  const path = (name: "wasm" | "typescript", beside: Case["beside"]): Case => {
    const simulator = createEchoSimulator(scene, defaultProbe, {}, SEED, { beam, path: name });
    const run = () => poses.map((pose, i) => simulator.frame(pose, i).pixels[0]);
    return { name: `frames, ${name}, no worker`, units: POSES, unit: "frames", run, beside: beside ?? [] };
  };
  return [path("typescript", []), path("wasm", ["frames, typescript, no worker"])];
}

/** Processor time of each frame without a worker, ms: it hardly minds what else runs on the machine. */
function printFrameTimes(simulator: EchoSimulator, poses: readonly Float64Array[], rounds: number): void {
  const least = poses.map(() => Infinity),
    all: number[] = [];
  for (let round = -1; round < rounds; round++) {
    poses.forEach((pose, i) => {
      const before = process.cpuUsage();
      simulator.frame(pose, i);
      const { user, system } = process.cpuUsage(before),
        ms = (user + system) / 1e3;
      if (round < 0) return; // to warm up
      least[i] = Math.min(least[i]!, ms);
      all.push(ms);
    });
  }
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
  console.log(
    `processor time of a frame: ${mean(least).toFixed(1)} ms (mean of the least of each pose), ` +
      `${mean(all).toFixed(1)} ms (mean of all), 95 % below ${percentile(all, 0.95).toFixed(1)} ms`,
  );
}

/**
 * How the processor time of a frame grows with lines and with depth: a power law through three points each, by least
 * squares of the logarithms. 1 is linear; with lines it is less, since scatterers do not become more.
 */
function measureGrowth(scene: Scene, poses: readonly Float64Array[]): void {
  const msOf = (lineCount: number, depthMm: number): number => {
    const simulator = createEchoSimulator(scene, { ...defaultProbe, lineCount }, { depthMm }, SEED);
    const least = poses.map(() => Infinity);
    for (let round = 0; round < 4; round++) {
      poses.forEach((pose, i) => {
        const before = process.cpuUsage();
        simulator.frame(pose, i);
        const { user, system } = process.cpuUsage(before);
        least[i] = Math.min(least[i]!, (user + system) / 1e3);
      });
    }
    return least.reduce((sum, ms) => sum + ms, 0) / least.length;
  };
  const fit = (name: string, sizes: readonly number[], ms: readonly number[]): void => {
    const x = sizes.map(Math.log2),
      y = ms.map(Math.log2),
      n = x.length;
    const mx = x.reduce((a, b) => a + b) / n,
      my = y.reduce((a, b) => a + b) / n;
    const exponent =
      x.reduce((sum, v, i) => sum + (v - mx) * (y[i]! - my), 0) / x.reduce((sum, v) => sum + (v - mx) ** 2, 0);
    const row = sizes.map((size, i) => `${size}: ${ms[i]!.toFixed(1)} ms`).join(", ");
    console.log(`growth with ${name} (${row}): to the power ${exponent.toFixed(2)}`);
  };
  const lines = [96, 192, 384],
    depths = [25, 50, 100];
  fit("lines at 50 mm", lines, lines.map((count) => msOf(count, 50))); // prettier-ignore
  fit("depth in mm at 192 lines", depths, depths.map((depth) => msOf(192, depth))); // prettier-ignore
}

/**
 * The loops from scatterers to pixels on one and the same map: WebAssembly, TypeScript, and the twin in C if there is a
 * compiler. Least processor time of a frame, in turns, so that all meet the same neighbours on the machine.
 */
function compareKernels(scene: Scene, pose: Float64Array, beam: Beam): void {
  const looks = looksOf(defaultProbe, defaultSettings),
    scan = looks[0]!.scan,
    lines = scan.count,
    samples = Math.ceil((defaultSettings.depthMm + 1) / beam.sampleMm);
  const setup: KernelSetup = {
    boneSurface: corticalSurface,
    scene,
    probe: defaultProbe,
    scan,
    looks,
    settings: defaultSettings,
    beam,
    effects: allEffects,
    seed: SETUP_SEED,
    lines,
    samples,
  };
  const noPoints: PointEchoes = { count: 0, xyzMm: new Float64Array(), amplitude: new Float64Array() };
  const fast = wasmKernel(setup),
    plain = typescriptKernel(setup);
  fast.see(pose, 0);
  plain.see(pose, 0);
  const cpuMs = (kernel: typeof fast | typeof plain, frames: number): number => {
    let least = Infinity;
    for (let i = 0; i < frames; i++) {
      const before = process.cpuUsage();
      kernel.scatter(noPoints);
      kernel.receive(0, "shown");
      kernel.display();
      const { user, system } = process.cpuUsage(before);
      least = Math.min(least, (user + system) / 1e3);
    }
    return least;
  };
  cpuMs(fast, 5);
  const twin = buildTwin(scene, fast.memory);
  let wasm = Infinity, native = Infinity; // prettier-ignore
  for (let turn = 0; turn < 3; turn++) {
    wasm = Math.min(wasm, cpuMs(fast, TWIN_FRAMES / 3));
    if (twin) native = Math.min(native, twin.run(TWIN_FRAMES / 3));
  }
  const typescript = cpuMs(plain, 4);
  console.log(
    `scatterers to pixels, CPU ms a frame: WebAssembly ${wasm.toFixed(1)}, TypeScript ${typescript.toFixed(1)}`,
  );
  if (!twin) return;
  const drawn = fast.display(),
    other = twin.pixels();
  const differing = other.reduce((count, gray, i) => count + (Math.abs(gray - drawn[i]!) > 1 ? 1 : 0), 0);
  console.log(
    `the same in C (gcc -O3 -march=native): ${native.toFixed(1)}; WebAssembly takes ${(wasm / native).toFixed(2)} times, ` +
      `TypeScript ${(typescript / native).toFixed(1)} times as long; ` +
      `${differing} of ${other.length} pixels differ by more than 1`,
  );
  twin.remove();
}

/** The twin in a temporary folder with its inputs; undefined, with a word, where it cannot be compiled. */
function buildTwin(scene: Scene, memory: WebAssembly.Memory) {
  const folder = mkdtempSync(join(tmpdir(), "sonobench-twin-"));
  const file = (name: string): string => join(folder, name);
  const source = fileURLToPath(new URL("ultrasound-twin.c", import.meta.url));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    execFileSync("gcc", ["-O3", "-march=native", "-o", file("twin"), source, "-lm"], { stdio: "pipe" });
  } catch (error) {
    console.log(`no comparison with C: gcc did not compile the twin (${(error as Error).message.split("\n")[0]})`);
    remove();
    return undefined;
  }
  const { boneDistanceMm: bone, grid } = scene;
  writeFileSync(file("memory"), new Uint8Array(memory.buffer));
  writeFileSync(file("bone"), new Uint8Array(bone.buffer, bone.byteOffset, bone.byteLength));
  const numbers = [...grid.shape, ...grid.spacingMm, ...grid.originMm].join(",");
  return {
    run(frames: number): number {
      const noise = `${noiseStart(SETUP_SEED, 0)}`;
      const inputs = [file("memory"), file("bone"), numbers, noise, `${frames}`, file("pixels")];
      const out = execFileSync(file("twin"), inputs);
      return Number(out.toString());
    },
    pixels: () => readFileSync(file("pixels")),
    remove,
  };
}
