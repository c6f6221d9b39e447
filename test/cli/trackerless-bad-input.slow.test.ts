import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sonobench } from "../support/command.ts";
import { type Clip, SIDE, speckle, writeClip, writeClipConfig } from "../support/speckle-clip.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sonobench-trackerless-bad-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const STEP_MM = 0.3,
  COUNT = 36;

/** Runs the command on a recording of COUNT pictures whose probe slid out of the plane by STEP_MM each. */
async function reconstruct(
  name: string,
  clip: Pick<Clip, "picture" | "timeS"> & { readonly pixelMm?: readonly [number, number] },
) {
  const path = await writeClip(folder, name, { count: COUNT, slidMm: (i) => i * STEP_MM, ...clip }),
    config = await writeClipConfig(folder, name, clip.pixelMm),
    out = join(folder, name);
  const words = ["--pose", "decorrelation", "--spacing", "1", "-j", "1", "--quiet", "--out", out];
  const ran = sonobench("reconstruct", path, "--config", config, ...words);
  const warnings = async (): Promise<string> =>
    (JSON.parse(await readFile(join(out, "report.json"), "utf8")) as { warnings: string[] }).warnings.join("\n");
  return { ...ran, warnings };
}

/** What is odd about a recording is told in these words. */
const ODD = {
  "scene cut": /scene cut at frame 18:/,
  "frame rate": /frame rate changes by a factor of 2\.\d+ near frame/,
  overlay: /\d\.\d % of the picture never changes/,
  "non-square pixels": /pixels are 0\.240 by 0\.200 mm/,
  "unknown probe": /an unknown probe, gain or tissue.*sonobench calibrate decorrelation/,
} as const;

test("a clip in which nothing moves is refused, with what to do", async () => {
  const still = speckle("still", 0.9)(0);
  const { code, out, err } = await reconstruct("still", { picture: () => still });
  expect(err).toMatch(/all 36 images are the same picture, a static clip.*Record while the probe moves/s);
  expect(err).not.toMatch(/\n\s+at |NaN|undefined/);
  expect({ code, out }).toEqual({ code: 2, out: "" });
});

test("a cut, another frame rate, text, wide pixels and an unknown probe in one clip are each named in the report", async () => {
  // Every other patch, 20 by 24 of these pixels, decorrelates slowly, the others at once: no motion of a known probe does that.
  const lasts = (at: number): boolean =>
    (Math.floor(((at % SIDE) - 3) / 20) + Math.floor((Math.floor(at / SIDE) - 3) / 24)) % 2 === 0;
  const lasting = speckle("lasting", 4),
    fleeting = speckle("fleeting", 0.2),
    next = [speckle("next", 4), speckle("next fleeting", 0.2)] as const;
  const picture = (i: number): Uint8Array => {
    const [slow, fast] = i < COUNT / 2 ? [lasting, fleeting] : next;
    const [a, b] = [slow(i * STEP_MM), fast(i * STEP_MM)];
    const pixels = a.map((value, at) => (lasts(at) ? value : b[at]!));
    for (let row = 4; row < 12; row++) pixels.fill(200, row * SIDE + 4, row * SIDE + 30);
    return pixels;
  };
  const timeS = (i: number): number => (i <= COUNT / 2 ? i / 28 : COUNT / 56 + (i - COUNT / 2) / 14);
  const { code, warnings } = await reconstruct("odd", { picture, timeS, pixelMm: [0.24, 0.2] });
  expect(code).toBe(0);
  for (const [what, sentence] of Object.entries(ODD)) expect(await warnings(), what).toMatch(sentence);
});
