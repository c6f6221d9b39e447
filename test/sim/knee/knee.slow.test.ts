import { expect, test } from "vitest";
import { silentLog } from "../../../src/core/log.ts";
import { createRng } from "../../../src/core/rng.ts";
import { edgeDefects } from "../../../src/geometry/mesh.ts";
import { buildBones } from "../../../src/sim/knee/bones.ts";
import { buildKnee } from "../../../src/sim/knee/knee.ts";
import { typicalKnee } from "../../../src/sim/knee/parameters.ts";
import { dimensions, kneeSuite, leastClearance } from "../../../src/verify/knee.ts";

const DEG = Math.PI / 180;

/** Statistics over many knees are left to `sonobench verify knee`. */
const single = kneeSuite.checks.filter(({ id }) => !id.startsWith("knee.population.") || id.endsWith("quick-measures"));

test("every check of the knee suite on single knees passes", async () => {
  for (const check of single) {
    const outcome = await check.run({ log: silentLog, full: false, dataFolder: undefined });
    expect(outcome.pass, `${check.id}: ${outcome.measured}, expected ${check.expected}`).toBe(true);
  }
});

/** Coarser than the default, for time; the ruler's figures differ by less than a tenth of a millimetre. */
const SPACING_MM = 1.6;

test("four knees of either sex are closed, keep their bones apart and have the sizes they were asked for", async () => {
  for (let i = 0; i < 4; i++) {
    const parameters = typicalKnee(createRng(`family/${i}`));
    const from = await buildBones(parameters, { spacingMm: SPACING_MM });
    const straight = await buildKnee(parameters, { flexionRad: 0, from });
    for (const { name, mesh } of straight.bones) {
      expect(edgeDefects(mesh), `family/${i} ${name}`).toEqual({ open: 0, nonManifold: 0 });
    }
    for (const { name, measuredMm, parameterMm, toleranceMm } of dimensions(straight)) {
      expect(Math.abs(measuredMm - parameterMm), `family/${i} ${name}`).toBeLessThan(toleranceMm);
    }
    for (const flexionDeg of [0, 30, 90, 120]) {
      const bent = await buildKnee(parameters, { flexionRad: flexionDeg * DEG, from: straight.set });
      expect(leastClearance(bent), `family/${i} at ${flexionDeg}`).toBeGreaterThan(1);
    }
  }
});

test("the same parameters give the same vertices, bit for bit", async () => {
  const build = async () => {
    const parameters = typicalKnee(createRng("twice"));
    return buildKnee(parameters, {
      flexionRad: 40 * DEG,
      from: await buildBones(parameters, { spacingMm: SPACING_MM }),
    });
  };
  const [a, b] = [await build(), await build()];
  a.bones.forEach((bone, i) => expect(bone.mesh).toEqual(b.bones[i]!.mesh));
});
