import { UnsuitableInputError } from "../core/errors.ts";
import { orthonormalityError } from "../core/rigid.ts";
import type { SweepToPose } from "../data/user-stages.ts";
import type { RecoverMotion, SweepImages } from "../pipeline/pose/sweep-images.ts";
import { blaming, userModule, type UserModule, type UserModuleOptions } from "./user-module.ts";

/** What the worker is sent. */
export interface SweepJob {
  readonly module: UserModule;
  readonly sweep: SweepToPose;
}

/** A sweep is handed over in one piece; a longer one is refused before it is read. */
const MAX_SWEEP_MB = 1024;

/**
 * The motion of each sweep by a module of the user's. It runs in a worker thread and is handed the images alone: it sees no
 * pose and no truth. Throws an UnsuitableInputError, which in a study is a failed case, when it cannot be loaded, throws,
 * does not answer in time, or answers with anything else than a rigid motion for every image.
 */
export const userMotion =
  (options: UserModuleOptions): RecoverMotion =>
  async (images, { workers }) => {
    const { file, timeoutS } = options;
    const sweep = await readSweep(images);
    const data: SweepJob = { module: await userModule(options), sweep };
    const transfer = [sweep.pixels.buffer as ArrayBuffer];
    return blaming(`pose module ${file}`, "See examples/my-pose for what it exports", async () => {
      const worker = new URL("./user-pose.worker.ts", import.meta.url);
      const [answer] = await workers.map<unknown>(worker, [{ data, transfer, timeoutS }]);
      return { firstFromImage: checkedMotion(answer, images.count), warnings: [] };
    });
  };

async function readSweep({ name, count, geometry, timeS, read }: SweepImages): Promise<SweepToPose> {
  const { width, height, spacingMm, faceCentrePx } = geometry;
  const size = width * height,
    needMb = (count * size) / 2 ** 20;
  if (needMb > MAX_SWEEP_MB) {
    throw new UnsuitableInputError(
      `the sweep "${name}" has ${count} images, ${needMb.toFixed(0)} MB; a pose module is handed at most ${MAX_SWEEP_MB} MB`,
      "Scan in shorter strokes, or at fewer images a second",
    );
  }
  const pixels = new Uint8Array(count * size);
  for (let i = 0; i < count; i++) pixels.set((await read(i)).pixels, i * size);
  return { count, width, height, pixels, pixelMm: spacingMm, faceCentrePx, timeS: timeS.slice() };
}

/** Digits that a program may lose. */
const ROTATION_ERROR = 1e-3,
  FIRST_ERROR = 1e-6;

/** Checks what the module answered for a sweep. Throws an Error that says what is wrong with it. */
export function checkedMotion(answer: unknown, count: number): Float64Array {
  const found =
    typeof answer === "object" && answer !== null && "firstFromImage" in answer ? answer.firstFromImage : undefined;
  const length = typeof found === "object" && found !== null && "length" in found ? found.length : undefined;
  if (length !== 12 * count) {
    throw new Error(`firstFromImage has ${String(length)} numbers, expected 12 for each of ${count} images`);
  }
  const motion = Float64Array.from(found as ArrayLike<number>);
  for (let i = 0; i < count; i++) {
    const pose = motion.subarray(12 * i, 12 * i + 12);
    const wrong = pose.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) throw new Error(`firstFromImage of image ${i} holds ${pose[wrong]}`);
    if (orthonormalityError(pose) > ROTATION_ERROR || determinant(pose) < 0)
      throw new Error(`the 3×3 part of image ${i} is no rotation`);
  }
  const isStart = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0].every((value, k) => Math.abs(motion[k]! - value) <= FIRST_ERROR);
  if (!isStart) throw new Error("the motion of the first image is not the identity: it is the image that all refer to");
  return motion;
}

/** Of the 3×3 part: −1 for a mirror image. */
function determinant(m: Readonly<Float64Array>): number {
  const [a, b, c, , d, e, f, , g, h, i] = m;
  return a! * (e! * i! - f! * h!) - b! * (d! * i! - f! * g!) + c! * (d! * h! - e! * g!);
}
