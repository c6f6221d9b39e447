import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Sample } from "../data/device.ts";
import type { Fault } from "../hardware/faults/script.ts";
import { openMcap } from "../io/mcap/reader.ts";
import { createRecordingWriter } from "../io/mcap/writer.ts";
import type { Check, Suite } from "./check.ts";
import { cycles } from "./devices-endurance.ts";
import { faultChecks } from "./devices-faults.ts";
import { IMAGE_RATE_HZ, overNatNet, overPlus, POSE_RATE_HZ } from "./devices-rig.ts";
import { soak } from "./devices-soak.ts";
import { FAULT_LIST, onBoth, shortRig } from "./devices-wire.ts";

/** A bad day: everything that can happen at once without ending a stream. */
export const badDay: readonly Fault[] = [
  ...onBoth("damaged", 0.05),
  ...onBoth("foreign", 0.1),
  ...onBoth("repeated", 0.05),
  { kind: "lost", line: "poses", share: 0.1, run: 4 },
  { kind: "lost", line: "images", share: 0.1 },
  { kind: "reordered", line: "poses", share: 0.1 },
  { kind: "late", line: "poses", share: 0.05 },
  { kind: "occluded", tool: "Probe", fromS: 0.304, toS: 0.504 },
  { kind: "invalid", tool: "Femur", as: "nan", fromS: 0.404, toS: 0.604 },
  { kind: "frozen", tool: "Femur", fromS: 0.804, toS: 1.504 },
  { kind: "clock-step", line: "poses", atS: 1.604, byS: 3600 },
  { kind: "redefined", atS: 1.204 },
  { kind: "repeated-image", share: 0.1 },
];

const recorded: Check = {
  id: "devices.recorded",
  statement:
    "on a bad day (ten kinds of faults at once) what arrived whole is in the recording, as it arrived, and nothing else",
  source: FAULT_LIST,
  expected: "all samples of 2 devices, bit for bit",
  tolerance: "exact",
  async run() {
    const { poses } = await overNatNet(shortRig, badDay),
      { images } = await overPlus(shortRig, badDay);
    const folder = await mkdtemp(join(tmpdir(), "sonobench-verify-"));
    try {
      const path = join(folder, "bad-day.mcap");
      const writer = await createRecordingWriter(path, {});
      writer.addImageDevice("us", { width: 32, height: 24, pixelType: "u8", nominalRateHz: IMAGE_RATE_HZ });
      writer.addPoseDevice("duo", { nominalRateHz: POSE_RATE_HZ });
      for (const sample of images) await writer.writeImage("us", sample);
      for (const sample of poses) await writer.writePoses("duo", sample);
      await writer.close();
      const recording = await openMcap(path);
      try {
        let wrong = 0,
          count = 0;
        for (const device of recording.devices) {
          const sent: readonly Sample<unknown>[] = device.kind === "image" ? images : poses;
          let at = 0;
          for await (const sample of device.samples()) {
            if (plain(sample) !== plain(sent[at++])) wrong++;
            count++;
          }
          wrong += Math.abs(sent.length - at);
        }
        const total = images.length + poses.length;
        const measured = wrong === 0 && count === total && poses.length > 100 && images.length > 30;
        return {
          measured: measured ? "all samples of 2 devices, bit for bit" : `${wrong} of ${total} are wrong or missing`,
          pass: measured,
        };
      } finally {
        await recording.close();
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Text that is the same for samples that are the same to the last bit. */
function plain(sample: Sample<unknown> | undefined): string {
  if (!sample) return "";
  const { sequence, acquiredAt, receivedAt, timeSource, geometryEpoch, value } = sample;
  return JSON.stringify([sequence, acquiredAt, receivedAt, timeSource, geometryEpoch, value], (_, part: unknown) =>
    ArrayBuffer.isView(part)
      ? Array.from(part as Float64Array, String)
      : typeof part === "number"
        ? String(part)
        : part,
  );
}

export const devicesSuite: Suite = {
  name: "devices",
  about: "faults F1 to F28 of devices and networks, in simulation and on the wire; connections that leak; long streams",
  checks: [...faultChecks, recorded, cycles, soak],
};
