import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defaultCurves, loadCurves } from "../../src/scenario/decorrelation-curves.ts";
import { defaultPoseCard, loadPoseModel } from "../../src/scenario/pose-model.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sonobench-pose-model-"));
  for (const name of ["pose.onnx", "domain.json", "telemed-l12-40.json"]) {
    await writeFile(join(folder, name), await readFile(join(dirname(defaultPoseCard), name)));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function card(change: (text: string) => string): Promise<string> {
  const path = join(folder, "card.yaml");
  await writeFile(path, change(await readFile(defaultPoseCard, "utf8")));
  return path;
}

test("the card that ships loads from wherever it lies", async () => {
  const { curves, weights } = await loadPoseModel(await card((text) => text));
  expect(curves.lags.map(({ lag }) => lag)).toEqual([1, 2, 4]);
  expect(weights.length).toBeGreaterThan(1000);
});

test("weights that are not those of the card are refused", async () => {
  const other = (text: string): string => text.replace(/sha256: [0-9a-f]{8}/, "sha256: 00000000");
  await expect(loadPoseModel(await card(other))).rejects.toThrow(/card\.yaml.*sha256/s);
});

test("a card of another kind, or with a field too many, is refused with the field", async () => {
  await expect(loadPoseModel(await card((t) => t.replace("pose-model", "bone-model")))).rejects.toThrow("kind");
  await expect(loadPoseModel(await card((t) => `${t}\ncolour: red\n`))).rejects.toThrow("colour");
});

test("curves without a table a lag, or that fall, are refused with the remedy", async () => {
  const curves = JSON.parse(await readFile(defaultCurves, "utf8")) as { lags: { fall: number[][] }[] };
  const path = join(folder, "curves.json");
  await writeFile(path, JSON.stringify({ ...curves, lags: [] }));
  await expect(loadCurves(path)).rejects.toThrow("lags");
  curves.lags[0]!.fall[2]!.reverse();
  await writeFile(path, JSON.stringify(curves));
  await expect(loadCurves(path)).rejects.toThrow(/rise with the distance.*sonobench calibrate decorrelation/s);
});
