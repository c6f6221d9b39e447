import type { Rng } from "../../core/rng.ts";

/** The two streams of a rig. */
export type Line = "poses" | "images";

/** Seconds since the first sample of the line; from the beginning, to the end, unless told otherwise. */
interface During {
  readonly fromS?: number | undefined;
  readonly toS?: number | undefined;
}

/** Hits each sample with this probability. */
interface Often extends During {
  readonly line: Line;
  readonly share: number;
}

/** How the line breaks down. */
export type Outage =
  /** In the middle of a message. */
  | "cut"
  /** The connection stands, and nothing comes. */
  | "silent"
  /** A message that announces 2⁶² bytes. NatNet, which has no such field, is cut. */
  | "lying-size"
  /** The server says so. OpenIGTLink, which has no such word for a moment, is cut. */
  | "goodbye";

/** What an attacker, a hand before the camera, a network or a driver of somebody else does to a stream. */
export type Fault =
  /** `run`: so many samples in a row each time; `share` is of all samples. */
  | (Often & { readonly kind: "lost"; readonly run?: number | undefined })
  | (Often & {
      /**
       * damaged: on its way, in every manner that the protocol has. repeated: delivered twice. reordered: overtaken by
       * the next one (TCP keeps the order). late: overtaken by so many that nobody waits for it. foreign: something
       * else arrives beside it: other senders' datagrams, unknown messages.
       */
      readonly kind: "damaged" | "repeated" | "reordered" | "late" | "foreign";
    })
  /** Written in small pieces, so that TCP cuts anywhere. */
  | (During & { readonly kind: "chopped"; readonly line: Line })
  /** Frames in an older version of the protocol than was agreed on. NatNet only. */
  | (Omit<Often, "line"> & { readonly kind: "other-version" })
  /** The source rests (freeze, edit mode): it acquires nothing and counts nothing. */
  | (During & { readonly kind: "paused"; readonly line: Line })
  | {
      readonly kind: "disconnected";
      readonly line: Line;
      readonly atS: number;
      readonly forS: number;
      readonly how: Outage;
    }
  /** The device's clock is set. */
  | { readonly kind: "clock-step"; readonly line: Line; readonly atS: number; readonly byS: number }
  /** The device's clock is off, and more so as time goes by. */
  | { readonly kind: "clock-offset"; readonly line: Line; readonly byS: number; readonly ppm: number }
  /** The camera does not say when its exposure was (V120:Duo). NatNet only. */
  | { readonly kind: "no-exposure-time" }
  /** The pixels of the image before, with a new time. */
  | (During & { readonly kind: "repeated-image"; readonly share: number })
  /** The operator changes the depth: a pixel is so many times as long from then on, and the picture zoomed. */
  | { readonly kind: "depth-changed"; readonly atS: number; readonly factor: number }
  /** The operator changes the size. */
  | { readonly kind: "resized"; readonly atS: number; readonly widthPx: number; readonly heightPx: number }
  /** The rigid bodies are defined anew, with other numbers. NatNet only. */
  | { readonly kind: "redefined"; readonly atS: number }
  | ToolFault;

export type ToolFault =
  | (During & { readonly kind: "occluded" | "missing" | "frozen"; readonly tool: string })
  | (During & { readonly kind: "invalid"; readonly tool: string; readonly as: NoPose })
  /** The tracker takes two bodies for one another. */
  | (During & { readonly kind: "swapped"; readonly tools: readonly [string, string] })
  | (During & { readonly kind: "jumped"; readonly tool: string; readonly byMm: number });

/** Numbers that are no pose. A quaternion cannot be mirrored: on NatNet that is one of length 0, too. */
export type NoPose = "nan" | "scaled" | "mirrored" | "zero";

/** What happens to one sample. */
export interface Fate {
  readonly lost: boolean;
  readonly paused: boolean;
  readonly damaged: boolean;
  readonly repeated: boolean;
  readonly reordered: boolean;
  readonly late: boolean;
  readonly foreign: boolean;
  readonly chopped: boolean;
  readonly otherVersion: boolean;
  readonly noExposureTime: boolean;
  readonly repeatedImage: boolean;
  /** Added to the time of acquisition, without steps of the clock. */
  readonly offsetS: number;
  /** Added by the steps of the clock until now, and how many there were. */
  readonly steppedS: number;
  readonly steps: number;
  readonly redefinitions: number;
  readonly size: { readonly widthPx: number; readonly heightPx: number } | undefined;
  /** By how much a pixel is longer than at first. */
  readonly depthFactor: number;
  readonly tools: readonly ToolFault[];
  /** The line is down; the same object for all samples of one outage. */
  readonly outage: Extract<Fault, { readonly kind: "disconnected" }> | undefined;
}

type Plan = (index: number, timeS: number) => Fate;

/** Of one line: a fault of the other one, or of a tool's pose when the line has images, does not concern it. */
const imageFaults: ReadonlySet<Fault["kind"]> = new Set(["repeated-image", "resized", "depth-changed"]);

function concerns(fault: Fault, line: Line): boolean {
  if ("line" in fault) return fault.line === line;
  return (line === "images") === imageFaults.has(fault.kind);
}

const during = ({ fromS = 0, toS = Infinity }: During, timeS: number): boolean => timeS >= fromS && timeS < toS;

/**
 * What the script does to each sample of a line. The dice of a sample hang on its index alone, so a simulator and a
 * proxy on the wire that have the same script and seed do the same. `index` counts the samples of the source from 0,
 * `timeS` is the time since the first.
 */
export function planFaults(script: readonly Fault[], line: Line, rng: Rng): Plan {
  const faults = script
    .map((fault, i) => ({ fault, seed: rng.fork(`fault ${i}`).integer(2 ** 32) }))
    .filter(({ fault }) => concerns(fault, line));

  return (index, timeS) => {
    const hit = (kind: Fault["kind"]): boolean =>
      faults.some(({ fault, seed }) => {
        if (fault.kind !== kind) return false;
        if (("fromS" in fault || "toS" in fault) && !during(fault, timeS)) return false;
        if (!("share" in fault)) return true;
        const run = fault.kind === "lost" ? (fault.run ?? 1) : 1;
        // A run begins with such a probability that the share of all samples that are in one is as asked.
        const begins = 1 - (1 - fault.share) ** (1 / run);
        for (let first = Math.max(0, index - run + 1); first <= index; first++) {
          if (uniformAt(seed, first) < begins) return true;
        }
        return false;
      });
    const past = faults.map(({ fault }) => fault).filter((fault) => "atS" in fault && timeS >= fault.atS);
    const steps = past.filter((fault) => fault.kind === "clock-step");
    return {
      lost: hit("lost"),
      paused: hit("paused"),
      damaged: hit("damaged"),
      repeated: hit("repeated"),
      reordered: hit("reordered"),
      late: hit("late"),
      foreign: hit("foreign"),
      chopped: hit("chopped"),
      otherVersion: hit("other-version"),
      noExposureTime: hit("no-exposure-time"),
      repeatedImage: hit("repeated-image"),
      offsetS: faults.reduce(
        (sum, { fault }) => sum + (fault.kind === "clock-offset" ? fault.byS + 1e-6 * fault.ppm * timeS : 0),
        0,
      ),
      steppedS: steps.reduce((sum, { byS }) => sum + byS, 0),
      steps: steps.length,
      redefinitions: past.filter(({ kind }) => kind === "redefined").length,
      size: past.findLast((fault) => fault.kind === "resized"),
      depthFactor: past.findLast((fault) => fault.kind === "depth-changed")?.factor ?? 1,
      tools: faults.flatMap(({ fault }) => (isToolFault(fault) && during(fault, timeS) ? [fault] : [])),
      outage: past.find((fault) => fault.kind === "disconnected" && timeS < fault.atS + fault.forS) as Fate["outage"],
    };
  };
}

/** In [0, 1), of the sample alone: what other samples drew does not matter. MurmurHash3's finaliser, twice. */
function uniformAt(seed: number, index: number): number {
  return mix(mix(seed) ^ Math.imul(index + 1, 0x9e3779b1)) / 2 ** 32;
}

function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const isToolFault = (fault: Fault): fault is ToolFault => "tool" in fault || "tools" in fault;

/** What a pose is made into that is none; row-major 3×4. */
export function spoil(m: Readonly<Float64Array>, as: NoPose): Float64Array {
  const factor = { nan: NaN, scaled: 1.01, mirrored: 1, zero: 0 }[as];
  return Float64Array.from(m, (x, k) => {
    if (k % 4 === 3) return as === "zero" ? 0 : x;
    return as === "mirrored" && k % 4 === 2 ? -x : factor * x;
  });
}
