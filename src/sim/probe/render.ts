import type { WorkerPool } from "../../core/worker-pool.ts";
import type { Scene } from "../scene.ts";
import type { EchoFrame } from "./echo.ts";
import type { ImageSettings, Probe } from "./probe.ts";
import type { RoughSurface } from "./rough-surface.ts";

export interface RenderRequest {
  /** Its arrays lie on shared memory: workers read them where they are. */
  readonly scene: Scene;
  readonly probe: Probe;
  /** What is left out is as in `defaultSettings`. */
  readonly settings: Partial<ImageSettings>;
  readonly seed: string;
  /** 12 numbers a frame: row-major 3×4, kneeFromImage, mm. */
  readonly poses: Float64Array;
  /** Another roughness of bone than `corticalSurface`. */
  readonly boneSurface?: RoughSurface;
  /** Index of the first frame, for the noise; 0 when not given. */
  readonly firstFrame?: number;
  readonly workers: WorkerPool;
  /** Told after each frame, in no order. */
  readonly onDone?: (frame: EchoFrame, index: number) => void;
}

/** What a worker is sent for one frame. */
export interface FrameJob {
  /** Equal for jobs that can share a simulator. */
  readonly key: string;
  readonly scene: Scene;
  readonly probe: Probe;
  readonly settings: Partial<ImageSettings>;
  readonly seed: string;
  readonly boneSurface?: RoughSurface;
  readonly kneeFromImage: Float64Array;
  readonly frameIndex: number;
}

/** Numbers the scenes of this process, so that a worker knows a scene again without comparing its bytes. */
const sceneNumbers = new WeakMap<Scene, number>();
let scenesSeen = 0;

function sceneNumber(scene: Scene): number {
  const known = sceneNumbers.get(scene);
  if (known !== undefined) return known;
  sceneNumbers.set(scene, ++scenesSeen);
  return scenesSeen;
}

/** Renders frames in parallel. The answer is in the order of the poses and the same for any number of workers. */
export function renderFrames({
  scene,
  probe,
  settings,
  seed,
  poses,
  boneSurface,
  firstFrame = 0,
  workers,
  onDone,
}: RenderRequest): Promise<EchoFrame[]> {
  const key = JSON.stringify([sceneNumber(scene), probe, settings, seed, boneSurface]);
  const jobs = Array.from({ length: poses.length / 12 }, (_, i) => {
    const data: FrameJob = {
      key,
      scene,
      probe,
      settings,
      seed,
      ...(boneSurface && { boneSurface }),
      kneeFromImage: poses.slice(i * 12, i * 12 + 12),
      frameIndex: firstFrame + i,
    };
    return { data };
  });
  return workers.map<EchoFrame>(new URL("./echo.worker.ts", import.meta.url), jobs, onDone);
}
