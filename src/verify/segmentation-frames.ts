import { fileURLToPath } from "node:url";
import { silentLog } from "../core/log.ts";
import { createRng } from "../core/rng.ts";
import { createWorkerPool, type WorkerPool } from "../core/worker-pool.ts";
import type { BoneMask } from "../data/bone-mask.ts";
import { type GrayImage, imageFromPixel, type ImageGeometry } from "../data/image.ts";
import type { TrackedFrames } from "../data/tracked-frames.ts";
import type { BoneLineFrame } from "../metrics/judged-column.ts";
import { segment } from "../scenario/build.ts";
import { makeKnee } from "../scenario/dataset/knee-shard.ts";
import { parseRecipe, type DatasetRecipe } from "../scenario/dataset/schema.ts";
import { readYaml } from "../scenario/load.ts";
import type { SegmentationConfig } from "../scenario/schema.ts";

/** The three that are compared. */
export const methods = {
  network: { kind: "neural", minConfidence: 0.5 },
  classical: { kind: "classical" },
  brightest: { kind: "brightest" },
} as const satisfies Record<string, SegmentationConfig>;
export type Method = keyof typeof methods;

/** Frames of one geometry, and what is known of them. */
export interface FrameSet {
  readonly geometry: ImageGeometry;
  readonly frames: readonly GrayImage[];
  /** Row at which the scanner shows the bone; NaN where there is none. */
  readonly shown: readonly Float32Array[];
  readonly cosine: readonly Float32Array[];
  readonly tissue: readonly (readonly string[])[];
}

const recipePath = fileURLToPath(new URL("../../scenarios/datasets/bone.yaml", import.meta.url));

/**
 * The ranges of the training recipe, with another seed and the probe that training never met: other knees, settings and
 * poses.
 */
export async function unseenRecipe(part: Partial<DatasetRecipe>): Promise<DatasetRecipe> {
  const recipe = parseRecipe(await readYaml(recipePath), recipePath);
  return { ...recipe, seed: "verify/segmentation", ...part };
}

/** Draws `knees` knees of the recipe's test part. */
export async function drawFrames(recipe: DatasetRecipe, knees: number): Promise<FrameSet[]> {
  const workers = createWorkerPool(1);
  try {
    const sets: FrameSet[] = [];
    for (let index = 0; index < knees; index++) {
      sets.push(...setsOf(recipe, await makeKnee(recipe, { split: "test", index }, workers)));
    }
    return sets;
  } finally {
    await workers.close();
  }
}

type Shard = Awaited<ReturnType<typeof makeKnee>>;

function setsOf({ widthPx: width, heightPx: height, framesPerSetting, settingsPerKnee }: DatasetRecipe, shard: Shard) {
  const array = <T extends Uint8Array | Float32Array | Float64Array>(name: string): T =>
    shard.arrays.find((a) => a.name === name)!.data as T;
  const names = JSON.parse(shard.attributes.settingNames) as string[],
    tissues = JSON.parse(shard.attributes.tissues) as string[];
  const pixels = array<Uint8Array>("frames"), labels = array<Uint8Array>("labels"); // prettier-ignore
  const shown = array<Float32Array>("shown"), ridge = array<Float32Array>("ridge"), cosine = array<Float32Array>("cosine"); // prettier-ignore
  const settings = array<Float64Array>("settings");
  return Array.from({ length: settingsPerKnee }, (_, s): FrameSet => {
    const first = s * framesPerSetting;
    const value = (name: string): number => settings[first * names.length + names.indexOf(name)]!;
    const indices = Array.from({ length: framesPerSetting }, (_, i) => first + i);
    const columns = (from: Float32Array) => indices.map((i) => from.slice(i * width, (i + 1) * width));
    const radiusMm = value("faceRadiusMm"), depthMm = value("depthMm"); // prettier-ignore
    return {
      geometry: {
        width,
        height,
        spacingMm: [value("pixelMm"), value("pixelMm")],
        faceCentrePx: [value("faceColumn"), value("faceRow")],
        fieldOfView:
          radiusMm > 0
            ? { kind: "sector", radiusMm, angleRad: value("faceAngleRad"), depthMm }
            : { kind: "rectangle", widthMm: value("faceWidthMm"), depthMm },
      },
      frames: indices.map((i) => ({
        width,
        height,
        pixels: pixels.slice(i * width * height, (i + 1) * width * height),
      })),
      shown: columns(shown),
      cosine: columns(cosine),
      tissue: indices.map((i) => tissueAbove(labels.subarray(i * width * height), ridge.subarray(i * width), width, tissues)), // prettier-ignore
    };
  });
}

/** The last tissue above the bone in each column that is no bone itself. */
function tissueAbove(
  labels: Readonly<Uint8Array>,
  ridge: Readonly<Float32Array>,
  width: number,
  tissues: readonly string[],
): string[] {
  return Array.from({ length: width }, (_, u) => {
    if (Number.isNaN(ridge[u]!)) return "";
    for (let v = Math.floor(ridge[u]!); v >= 0; v--) {
      const name = tissues[labels[v * width + u]! & 127];
      if (name !== undefined && name !== "bone") return name;
    }
    return "";
  });
}

/** What a method finds in frames of one geometry, whose poses are all alike. */
export async function findBone(
  config: SegmentationConfig,
  { geometry, frames }: Pick<FrameSet, "geometry" | "frames">,
  workers: WorkerPool,
): Promise<readonly BoneMask[]> {
  const m = imageFromPixel(geometry);
  const referenceFromPixel = new Float64Array(12 * frames.length);
  frames.forEach((_, i) => referenceFromPixel.set(m, 12 * i));
  const tracked: TrackedFrames = {
    count: frames.length,
    width: geometry.width,
    height: geometry.height,
    nominalGeometry: geometry,
    sourceIndex: Uint32Array.from(frames.keys()),
    timeS: Float64Array.from(frames.keys()),
    referenceFromPixel,
    dropped: {},
    read: (frame) => Promise.resolve(frames[frame]!),
  };
  return (await segment(config, tracked, { rng: createRng("verify/segmentation"), log: silentLog, workers })).masks;
}

/** Found beside true lines, for the metrics. */
export const judged = (set: FrameSet, masks: readonly BoneMask[]): BoneLineFrame[] =>
  masks.map(({ ridgeRowPx, ridgeConfidence, ridgeSdPx }, i) => ({
    pixelMm: set.geometry.spacingMm,
    faceRowPx: set.geometry.faceCentrePx[1],
    found: { rowPx: ridgeRowPx, confidence: ridgeConfidence, sdPx: ridgeSdPx },
    trueRowPx: set.shown[i]!,
    cosine: set.cosine[i]!,
    tissue: set.tissue[i]!,
  }));
