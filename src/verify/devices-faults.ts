import { createRng } from "../core/rng.ts";
import { calibrateLag } from "../pipeline/calibration/temporal/calibrate-lag.ts";
import { imageSignal } from "../pipeline/calibration/temporal/image-signal.ts";
import type { Fault } from "../hardware/faults/script.ts";
import type { Check } from "./check.ts";
import { badImages, badHeaders, lyingSize } from "./devices-bytes.ts";
import { closings, slowReader } from "./devices-endurance.ts";
import { agreement, IMAGE_LAG_S, IN_AGREEMENT, overNatNet, overPlus, rig, START_S, swing } from "./devices-rig.ts";
import { faultCheck, gaps, natNet, onBoth, plus, plusOutage } from "./devices-wire.ts";

const whole = { fromS: undefined, toS: undefined };

/** One row for each fault of the list, in its order. */
export const faultChecks: readonly Check[] = [
  faultCheck({
    fault: "F1",
    statement: "messages damaged on their way are dropped and counted; the connection stays, and the stream in step",
    besides: "every damaged message is counted, 1 connection",
    async run() {
      const { compared, counters, proxy } = await plus(onBoth("damaged", 0.1));
      return {
        compared: agreement(...compared),
        besides: {
          counted: [counters.wrongChecksum + counters.refused, proxy.damaged],
          connections: [counters.connections, 1],
        },
      };
    },
  }),
  faultCheck({
    fault: "F2",
    statement: "a stream that TCP cuts into pieces of 37 bytes gives what it gives in one piece",
    besides: "1 connection",
    async run() {
      const { compared, counters } = await plus([
        { kind: "chopped", line: "poses", ...whole },
        { kind: "chopped", line: "images", ...whole },
      ]);
      return { compared: agreement(...compared), besides: { connections: [counters.connections, 1] } };
    },
  }),
  faultCheck({
    fault: "F3",
    statement: "a connection that ends in the middle of a message is made again; the part is counted and left out",
    besides: "bytes of a cut message are counted",
    async run() {
      const { compared, counters } = await plusOutage("cut");
      return { compared, besides: { "cut message": [counters.cutBytes > 0, true] } };
    },
  }),
  lyingSize,
  faultCheck({
    fault: "F5",
    statement: "messages of unknown types, with names of no ASCII that fill their fields, are left out and counted",
    besides: "every stranger is counted",
    async run() {
      const { compared, counters, proxy } = await plus(onBoth("foreign", 0.3));
      return { compared: agreement(...compared), besides: { strangers: [counters.unknownTypes, proxy.foreign] } };
    },
  }),
  badImages,
  badHeaders,
  faultCheck({
    fault: "F8",
    statement: "NaN, a scale, a mirror or a rotation of nothing is an invalid pose, on both wires",
    async run() {
      const script = (["nan", "scaled", "mirrored", "zero"] as const).map((as, i): Fault => ({
        kind: "invalid",
        tool: "Probe",
        as,
        fromS: 0.2 + 0.3 * i + 0.004,
        toS: 0.4 + 0.3 * i + 0.004,
      }));
      const a = await natNet(script),
        b = await plus(script);
      return { compared: agreement(a.compared, ...b.compared) };
    },
  }),
  faultCheck({
    fault: "F9",
    statement: "of 1 %, 5 % and 30 % lost datagrams, and bursts of ten, the gaps are exactly their number",
    besides: "gaps counted by the driver are those of the sequence numbers",
    async run() {
      const runs = [];
      for (const [share, run] of [
        [0.01, 1],
        [0.05, 1],
        [0.3, 1],
        [0.2, 10],
      ] as const)
        // prettier-ignore
        runs.push(await natNet([{ kind: "lost", line: "poses", share, run, ...whole }]));
      const counted = runs.map(({ status }) => status.counters.lost).join(" "),
        seen = runs.map(({ poses }) => gaps(poses)).join(" ");
      return { compared: agreement(...runs.map(({ compared }) => compared)), besides: { lost: [counted, seen] } };
    },
  }),
  faultCheck({
    fault: "F10",
    statement: "datagrams out of order are put back, doubles and late ones are left out and counted",
    besides: "every late one and every double is counted",
    async run() {
      const { compared, status, poses } = await natNet([
        { kind: "reordered", line: "poses", share: 0.1 },
        { kind: "repeated", line: "poses", share: 0.1 },
        { kind: "late", line: "poses", share: 0.05 },
      ]);
      const { lost, late, duplicates, frames, samples } = status.counters;
      const overTcp = await plus([...onBoth("repeated", 0.1), ...onBoth("late", 0.05)]);
      return {
        compared: agreement(compared, ...overTcp.compared),
        besides: {
          lost: [lost, gaps(poses)],
          "late and double": [late + duplicates, frames - samples],
        },
      };
    },
  }),
  faultCheck({
    fault: "F11",
    statement: "datagrams that are cut, or whose counts, sizes or end tags lie, are dropped and counted",
    besides: "every damaged datagram is counted",
    async run() {
      const { compared, status, proxy } = await natNet([{ kind: "damaged", line: "poses", share: 0.2 }]);
      return { compared: agreement(compared), besides: { refused: [status.counters.refused, proxy.damaged] } };
    },
  }),
  faultCheck({
    fault: "F12",
    statement: "a tool that is hidden, not in the frame, or frozen with its valid bit set has no pose, and the reason",
    async run() {
      const script: Fault[] = [
        { kind: "occluded", tool: "Probe", fromS: 0.104, toS: 0.304 },
        { kind: "missing", tool: "Femur", fromS: 0.204, toS: 0.404 },
        { kind: "frozen", tool: "Probe", fromS: 0.504, toS: 1.504 },
      ];
      const a = await natNet(script),
        b = await plus(script);
      return { compared: agreement(a.compared, ...b.compared) };
    },
  }),
  faultCheck({
    fault: "F13",
    statement: "definitions that change in mid-stream are asked for again; no frame is read by the old ones",
    besides: "1 change",
    async run() {
      const { compared, status } = await natNet([{ kind: "redefined", atS: 0.604 }]);
      return { compared: agreement(compared), besides: { changes: [status.counters.modelChanges, 1] } };
    },
  }),
  faultCheck({
    fault: "F14",
    statement: "frames in another version of the protocol than was agreed on are read by their own, none misread",
    besides: "none refused",
    async run() {
      const { compared, status } = await natNet([{ kind: "other-version", share: 0.3 }]);
      const { otherVersion, refused } = status.counters;
      return {
        compared: agreement(compared),
        besides: { refused: [refused, 0], "in another version": [otherVersion > 40, true] },
      };
    },
  }),
  faultCheck({
    fault: "F15",
    statement:
      "a clock set by ± 1 h begins a new epoch and times go on; one that drifts by 200 ppm does not; set back over " +
      "OpenIGTLink, the stream ends with the reason",
    besides: "steps counted, and said",
    async run() {
      const step = (byS: number): Fault[] => [{ kind: "clock-step", line: "poses", atS: 1.004, byS }];
      const forward = await natNet(step(3600), { times: "ignored" }),
        back = await natNet(step(-1200), { times: "ignored" }),
        drift = await natNet([{ kind: "clock-offset", line: "poses", byS: 0, ppm: 200 }], { times: "ignored" });
      const leapt = await overPlus(rig(1), [{ kind: "clock-step", line: "images", atS: 0.504, byS: 3600 }]),
        ended = await overPlus(rig(2), [{ kind: "clock-step", line: "poses", atS: 1.004, byS: -3600 }]);
      const steps = [forward, back, drift].map(({ status }) => status.counters.clockSteps).join(" ");
      return {
        compared: agreement(forward.compared, back.compared, drift.compared),
        besides: {
          steps: [`${steps} ${leapt.counters.clockSteps}`, "1 1 0 1"],
          "last epoch": [leapt.images.at(-1)?.geometryEpoch, 1],
          "set back": [/set back by/.test(ended.error?.message ?? ""), true],
        },
      };
    },
  }),
  faultCheck({
    fault: "F16",
    statement:
      "the host's wall clock, set by a day in mid-stream, changes nothing: times of arrival are a steady clock's",
    besides: "arrivals never run backwards",
    run: () =>
      withWallClockSteps(async () => {
        const a = await natNet([]),
          b = await plus([], { speed: 8 });
        const steady = [a.poses, b.poses, b.images].every((samples) =>
          samples.every(({ receivedAt }, i) => i === 0 || receivedAt >= samples[i - 1]!.receivedAt),
        );
        return { compared: agreement(a.compared, ...b.compared), besides: { steady: [steady, true] } };
      }),
  }),
  faultCheck({
    fault: "F17",
    statement: "frames whose cameras do not say when the exposure was carry that their times are estimates",
    async run() {
      const { compared } = await natNet([{ kind: "no-exposure-time" }], { times: "ignored" });
      return { compared: agreement(compared) };
    },
  }),
  faultCheck({
    fault: "F18",
    statement: "a source that rests for a while stalls the stream without ending it; nothing is made up",
    besides: "stalled is said, 0 reconnections",
    async run() {
      const script: Fault[] = (["poses", "images"] as const).map((line) => ({
        kind: "paused",
        line,
        fromS: 0.304,
        toS: 1.004,
      }));
      const a = await natNet(script, { speed: 1, stalledAfterS: 0.3, on: rig(1.3) }),
        b = await plus(script);
      return {
        compared: agreement(a.compared, ...b.compared),
        besides: {
          stalled: [a.warned.has("tracker: stalled"), true],
          reconnections: [a.status.counters.reconnects + b.counters.connections - 1, 0],
        },
      };
    },
  }),
  faultCheck({
    fault: "F19",
    statement: "a server that goes, refuses for a while and comes back is found again, with growing pauses",
    besides: "no sample twice",
    async run() {
      const a = await natNet([{ kind: "disconnected", line: "poses", atS: 0.504, forS: 0.6, how: "cut" }], {
        speed: 1,
        lostAfterS: 0.2,
        on: rig(2),
      });
      const b = await plusOutage("cut", { firstRetryS: 0.01 });
      const twice = [a.poses, b.poses, b.images].some((samples) =>
        samples.some(({ acquiredAt }, i) => i > 0 && acquiredAt <= samples[i - 1]!.acquiredAt),
      );
      return {
        compared: agreement(a.compared),
        besides: { "over TCP": [b.compared, IN_AGREEMENT], twice: [twice, false] },
      };
    },
  }),
  faultCheck({
    fault: "F20",
    statement: "a connection that stands but is silent is asked for its status, then left and made again",
    besides: "1 idle connection",
    async run() {
      const { compared, counters } = await plusOutage("silent", { idleTimeoutS: 0.1 });
      return { compared, besides: { idle: [counters.idleTimeouts, 1] } };
    },
  }),
  faultCheck({
    fault: "F21",
    statement: "a reader that is too slow costs bounded memory: the oldest samples go, and their number is known",
    besides: "10 of each are kept, the others counted",
    async run() {
      const a = await overNatNet(rig(1), [], { queueLimit: 10, reads: "at the end" }),
        b = await overPlus(rig(1), [], { queuedImages: 10, queuedPoses: 10, whenFull: "drop", reads: "at the end" });
      const kept = [a.poses.length, b.images.length, b.poses.length].join(" "),
        dropped = [a.status.counters.dropped, b.counters.droppedImages, b.counters.droppedPoses].join(" ");
      return {
        compared: agreement({ missing: 0, invented: gaps(a.poses) + gaps(b.images) + gaps(b.poses), wrong: 0 }),
        besides: { kept: [kept, "10 10 10"], dropped: [dropped, "110 21 110"] },
      };
    },
  }),
  slowReader,
  faultCheck({
    fault: "F23",
    statement: "images that come twice are counted; a new depth and a new size begin new geometry epochs",
    besides: "every repetition is counted",
    async run() {
      const script: Fault[] = [
        { kind: "repeated-image", share: 0.3 },
        { kind: "depth-changed", atS: 0.604, factor: 1.4 },
        { kind: "resized", atS: 1.004, widthPx: 40, heightPx: 20 },
      ];
      const { compared, counters, images } = await plus(script);
      const same = images.filter(({ value }, i) => {
        const before = images[i - 1]?.value;
        return (
          before?.width === value.width && Buffer.compare(before.pixels as Uint8Array, value.pixels as Uint8Array) === 0
        );
      });
      return {
        compared: agreement(...compared),
        besides: {
          repeated: [counters.repeatedImages, same.length],
          epochs: [[...new Set(images.map(({ geometryEpoch }) => geometryEpoch))].join(" "), "0 1 2"],
        },
      };
    },
  }),
  laggingImages(),
  faultCheck({
    fault: "F25",
    statement: "frames and goodbyes of a second server on the same computer are ignored and counted",
    besides: "every foreign datagram is counted",
    async run() {
      const { compared, status, proxy } = await natNet(onBoth("foreign", 0.3));
      return { compared: agreement(compared), besides: { foreign: [status.counters.foreign, 2 * proxy.foreign] } };
    },
  }),
  faultCheck({
    fault: "F26",
    statement: "a client that the server dropped for silence shakes hands again by itself",
    besides: "1 reconnection",
    async run() {
      const script: Fault[] = [{ kind: "disconnected", line: "poses", atS: 0.504, forS: 0.6, how: "goodbye" }];
      const { compared, status } = await natNet(script, { speed: 2 });
      return { compared: agreement(compared), besides: { reconnections: [status.counters.reconnects, 1] } };
    },
  }),
  faultCheck({
    fault: "F27",
    statement: "bodies taken for one another and leaps of 30 mm are passed on as measured, and raise an alarm",
    besides: "alarms at both ends of each",
    async run() {
      const script: Fault[] = [
        { kind: "swapped", tools: ["Probe", "Femur"], fromS: 0.504, toS: 0.704 },
        { kind: "jumped", tool: "Probe", byMm: 30, fromS: 1.004, toS: 1.204 },
      ];
      const a = await natNet(script),
        b = await plus(script);
      return {
        compared: agreement(a.compared, ...b.compared),
        besides: { alarms: [a.status.counters.jumps, 6], "over TCP": [b.counters.jumps, 6] },
      };
    },
  }),
  closings,
];

/** Images whose times are off by a constant and a drift: the lag is what temporal calibration finds. */
function laggingImages(): Check {
  const OFFSET_S = 0.2,
    PPM = 100,
    DURATION_S = 8,
    WITHIN_S = 0.002,
    LATENCY_S = 0.0054;
  // The mean of the drift; PLUS stamps poses when they arrive.
  const expected = IMAGE_LAG_S + OFFSET_S + (1e-6 * PPM * DURATION_S) / 2 - LATENCY_S;
  return {
    id: "devices.F24",
    statement: "F24: an offset of 0.2 s and a drift of 100 ppm between images and poses are found by calibration",
    source: "what the script adds to the simulated lag; s",
    expected,
    tolerance: WITHIN_S,
    async run() {
      const rng = createRng("verify/devices/line");
      const lined = rig(DURATION_S, [48, 160], (_, timeS, [width, height]) => {
        const row = 80 - 4 * swing(timeS);
        const pixels = Uint8Array.from({ length: width * height }, (_, i) => {
          const off = Math.floor(i / width) - row;
          return 20 + 4 * rng.uniform() + 200 * Math.exp(-off * off);
        });
        return { width, height, pixels };
      });
      const { images, poses } = await overPlus(lined, [
        { kind: "clock-offset", line: "images", byS: OFFSET_S, ppm: PPM },
      ]);
      const seen = poses.flatMap(({ acquiredAt, value }) => {
        const probe = value.tools.find(({ tool }) => tool === "Probe");
        return probe?.status === "tracked" ? [{ timeS: acquiredAt - START_S, pose: probe.trackerFromTool }] : [];
      });
      const series = {
        timeS: Float64Array.from(seen, ({ timeS }) => timeS),
        poses: Float64Array.from(seen.flatMap(({ pose }) => Array.from(pose))),
        sourceIndex: Uint32Array.from(seen, (_, i) => i),
        dropped: {},
      };
      const times = Float64Array.from(images, ({ acquiredAt }) => acquiredAt - START_S);
      const signal = await imageSignal({
        width: 48,
        height: 160,
        pixelType: "u8",
        count: images.length,
        acquiredAtS: times,
        receivedAtS: times,
        valid: new Uint8Array(images.length).fill(1),
        read: async (i) => images[i]!.value,
      });
      if ("status" in signal) return { measured: signal.reason, pass: false };
      const fit = calibrateLag(signal, series);
      if (fit.status === "refused") return { measured: fit.reason, pass: false };
      return { measured: fit.imageLagS, pass: Math.abs(fit.imageLagS - expected) <= WITHIN_S };
    },
  };
}

/** While `work` runs, what programs read as the time of day leaps forth and back every 50 ms. */
async function withWallClockSteps<T>(work: () => Promise<T>): Promise<T> {
  const original = Date.now;
  const began = performance.now();
  const DAY_MS = 86_400_000;
  Date.now = () => original() + DAY_MS * ((Math.floor((performance.now() - began) / 50) % 3) - 1);
  try {
    return await work();
  } finally {
    Date.now = original;
  }
}
