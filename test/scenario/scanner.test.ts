import { expect, it } from "vitest";
import { defaultSettings } from "../../src/sim/probe/probe.ts";
import { parseScenario, type SimulatedSource } from "../../src/scenario/schema.ts";
import { imageSettingsOf, probeOf } from "../../src/scenario/scanner.ts";

const sourceOf = (source: object): SimulatedSource => {
  const parsed = parseScenario({ name: "x", source: { kind: "simulated", ...source } }, "x.yaml").source;
  if (parsed.kind !== "simulated") throw new Error("not a simulated source");
  return parsed;
};

it("a scenario that names no scanner has the default rig: the micrUS with the settings that image formation defaults to", () => {
  const source = sourceOf({});
  expect(source.scanner).toBe("telemed-micrus");
  expect(source.probe).toEqual({ kind: "telemed-l12-40" });
  expect(imageSettingsOf(source.imaging)).toEqual(defaultSettings);
  expect(source.imaging).toMatchObject({ rateHz: 30, lagS: 0.3, persistence: 0 });
});

it("a scanner by name brings its probe, filters, frame rate and lag, and what is given goes before it", () => {
  const hospital = sourceOf({ scanner: "hospital" });
  expect(hospital.probe.kind).toBe("l11-5-38");
  expect(hospital.imaging).toMatchObject({ compoundLooks: 5, compoundAngleDeg: 10, persistence: 0.3, rateHz: 25 });
  const mine = sourceOf({
    scanner: "hospital",
    probe: { kind: "telemed-l12-40", elevationFocusMm: 15 },
    imaging: { compoundLooks: 1, lagS: 0.1 },
  });
  expect(probeOf(mine.probe)).toMatchObject({ name: "telemed-l12-40", elevationFocusMm: 15, elevationApertureMm: 5 });
  expect(mine.imaging).toEqual({ ...hospital.imaging, tgcDbPerCm: 13, compoundLooks: 1, lagS: 0.1 });
});

it("gain over depth follows the probe's frequency, and a curved face is not steered", () => {
  const { imaging } = sourceOf({ scanner: "hospital", probe: { kind: "c5-2-r50" } });
  expect(imaging.tgcDbPerCm).toBeCloseTo((13 * 3.57) / 7.5, 2);
  expect(imaging.compoundLooks).toBe(1);
});

it("an unknown scanner or probe is refused by its field", () => {
  expect(() => sourceOf({ scanner: "hosptal" })).toThrow(/source\.scanner/);
  expect(() => sourceOf({ probe: { kind: "c60" } })).toThrow(/source\.probe\.kind/);
  expect(() => sourceOf({ imaging: { smoothingMm: [1] } })).toThrow(/source\.imaging\.smoothingMm/);
});
