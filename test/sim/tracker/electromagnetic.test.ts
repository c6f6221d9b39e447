import { expect, test } from "vitest";
import { fromAxisAngle } from "../../../src/core/rigid.ts";
import { createRng } from "../../../src/core/rng.ts";
import { fourMarkerBody } from "../../../src/sim/tracker/marker-body.ts";
import { auroraClass } from "../../../src/sim/tracker/presets.ts";
import { facing, watch } from "./support.ts";

const sensor = fourMarkerBody("Probe");
const perfect = { ...auroraClass, noiseMm: 0, coilError: 0 };

test("with perfect coils the pose is exact for every place before the generator and every turn", () => {
  /** Sixth roots of products of fields near 1e-7 of their values, in doubles, times 0.5 m. */
  const ROUNDING_MM = 1e-8;
  const rng = createRng("em");
  for (let i = 0; i < 200; i++) {
    const place = [200 * rng.normal(), 200 * rng.normal(), 60 + 300 * rng.uniform()] as const;
    if (Math.hypot(...place) > 590) continue;
    const pose = fromAxisAngle<"tracker", "body">(
      [rng.normal(), rng.normal(), rng.normal()],
      3 * rng.uniform(),
      place,
    ).m;
    const [reading] = watch(perfect, [sensor], 1, () => pose)[0]!;
    expect(reading!.status, `case ${i}`).toBe("tracked");
    if (reading!.status !== "tracked") continue;
    reading!.trackerFromTool.forEach((x, k) => expect(Math.abs(x - pose[k]!), `case ${i}`).toBeLessThan(ROUNDING_MM));
  }
});

test("too far, too near and behind the generator a sensor has no pose; a wall of hands does not matter", () => {
  const statusAt = (z: number) => watch(auroraClass, [sensor], 1, () => facing(z))[0]![0]!.status;
  expect(statusAt(700)).toBe("out-of-volume");
  expect(statusAt(20)).toBe("out-of-volume");
  expect(statusAt(-200)).toBe("out-of-volume");
  const covered = watch(auroraClass, [sensor], 1, () => facing(300), { sight: { at: () => () => true } });
  expect(covered[0]![0]!.status).toBe("tracked");
});

test("steel and aluminium pull to opposite sides, and the residual tells of it", () => {
  const off = (kind: "steel" | "aluminium") => {
    const metals = [{ kind, atMm: [60, 0, 300] as const, radiusMm: 15 }];
    const [reading] = watch({ ...perfect, metals }, [sensor], 1, () => facing(300))[0]!;
    if (reading?.status !== "tracked") throw new Error(reading!.status);
    expect(reading.fitRmsMm).toBeGreaterThan(0.01);
    return reading.trackerFromTool[11]! - 300;
  };
  expect(off("steel") * off("aluminium")).toBeLessThan(0);
  // Twice the answer, half the answer: +a³ against −a³/2.
  expect(off("steel") / off("aluminium")).toBeGreaterThan(-2.4);
  expect(off("steel") / off("aluminium")).toBeLessThan(-1.6);
});
