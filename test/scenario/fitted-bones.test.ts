import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRng } from "../../src/core/rng.ts";
import { readFittedBone, withFittedBones } from "../../src/scenario/fitted-bones.ts";
import { loadScenario } from "../../src/scenario/load.ts";
import { typicalKnee } from "../../src/sim/knee/parameters.ts";

const drawn = typicalKnee(createRng("drawn"), "male");
const patient = typicalKnee(createRng("patient"), "female");
const femur = { kind: "fitted-bone" as const, bone: "femur" as const, side: "right" as const };
const ofPatient = { ...femur, parameters: { ...patient.femur } };
const folder = await mkdtemp(join(tmpdir(), "fitted-"));

async function file(content: unknown, name = "femur.json"): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

test("a fitted femur takes the place of the drawn one, and the bones beside it come to its size", () => {
  const knee = withFittedBones(drawn, [{ path: "f.json", file: ofPatient }]);
  expect(knee.femur).toEqual(patient.femur);
  const scale = patient.femur.epicondylarWidthMm / drawn.femur.epicondylarWidthMm;
  expect(knee.tibia.plateauWidthMm).toBeCloseTo(drawn.tibia.plateauWidthMm * scale, 10);
  expect(knee.tibia.medialSlopeRad).toBe(drawn.tibia.medialSlopeRad);
  expect(knee.tibia.shaftForwardOffsetMm).toBe(drawn.tibia.shaftForwardOffsetMm);
  expect(knee.softTissue).toEqual(drawn.softTissue);
});

test("file and field are named when a parameter is missing, no number or of another size of creature", async () => {
  const { medialDepthMm: _, ...rest } = ofPatient.parameters;
  const missing = { ...femur, parameters: rest };
  expect(() => withFittedBones(drawn, [{ path: "f.json", file: missing }])).toThrow(
    /^f\.json: parameters\.medialDepthMm: /,
  );
  const dog = { ...femur, parameters: { ...ofPatient.parameters, epicondylarWidthMm: 30 } };
  expect(() => withFittedBones(drawn, [{ path: "f.json", file: dog }])).toThrow(/epicondylarWidthMm.*30\.0 mm/);
  await expect(readFittedBone(await file({ ...femur, parameters: { a: "1" } }))).rejects.toThrow(
    /femur\.json: parameters\.a: /,
  );
  await expect(readFittedBone(await file("{"))).rejects.toThrow(/femur\.json.*sonobench fit --out/s);
});

test("two files of one bone are refused", () => {
  const twice = [
    { path: "a.json", file: ofPatient },
    { path: "b.json", file: ofPatient },
  ];
  expect(() => withFittedBones(drawn, twice)).toThrow(/two files are of the femur/);
});

test("the scenario names the files relative to itself", async () => {
  const path = await file(
    "name: p\nsource: { kind: simulated, phantom: { kind: parametric, bones: [femur.json] } }\n",
    "p.yaml",
  );
  const { source } = await loadScenario(path);
  expect(source.kind === "simulated" && source.phantom.kind === "parametric" && source.phantom.bones).toEqual([
    join(folder, "femur.json"),
  ]);
});
