import { expect, test } from "vitest";
import { FormatError } from "../../src/core/errors.ts";
import { createRng } from "../../src/core/rng.ts";
import type { Fault } from "../../src/hardware/faults/script.ts";
import { disturb } from "../../src/scenario/disturb.ts";
import { parseScenario } from "../../src/scenario/schema.ts";
import { drain, rig } from "../../src/verify/devices-rig.ts";

const { imager, tracker } = rig(2);
const script: Fault[] = [
  { kind: "lost", line: "images", share: 0.3 },
  { kind: "repeated-image", share: 0.2 },
  { kind: "paused", line: "images", fromS: 1, toS: 1.2 },
  { kind: "lost", line: "poses", share: 0.2, run: 5 },
  { kind: "occluded", tool: "Probe", fromS: 0.5, toS: 1 },
];

test("the truth of a disturbed scan is that of the images which arrived, in their order", async () => {
  const disturbed = disturb(imager, tracker, script, createRng("disturb"));
  const rendered = Array.from({ length: 61 }, (_, i) => i);
  for (let time = 0; time < 2; time++) {
    // The second time as the first: what was given out is that of the stream which was opened last.
    const images = await drain(disturbed.imager);
    // A rendered image says its number in its first pixel.
    expect(disturbed.recorded(rendered)).toEqual(images.map(({ value }) => value.pixels[0]));
    expect(images.length).toBeLessThan(50);
    expect(new Set(disturbed.recorded(rendered)).size).toBeLessThan(images.length);
  }
});

test("a script without faults leaves the devices and the truth as they are", async () => {
  const disturbed = disturb(imager, tracker, [], createRng("disturb"));
  expect(disturbed.imager).toBe(imager);
  expect(disturbed.tracker).toBe(tracker);
  expect(disturbed.recorded([1, 2, 3])).toEqual([1, 2, 3]);
});

test("a fault that is misspelt, or of another size of images, is refused with its field", () => {
  const withFault = (fault: object) => () =>
    parseScenario({ name: "faults", source: { kind: "simulated", faults: [fault] } }, "test.yaml");
  expect(withFault({ kind: "lost", line: "poses", share: 0.1 })().source).toMatchObject({ faults: [{ share: 0.1 }] });
  expect(withFault({ kind: "lost", line: "poses", share: 2 })).toThrow(FormatError);
  expect(withFault({ kind: "lost", line: "poses", share: 2 })).toThrow(/source\.faults\.0\.share/);
  expect(withFault({ kind: "occluded", tool: "Probe", form: 1 })).toThrow(/source\.faults\.0/);
  expect(withFault({ kind: "resized", atS: 1, widthPx: 8, heightPx: 8 })).toThrow(/source\.faults\.0/);
});
