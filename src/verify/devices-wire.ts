import type { Sample } from "../data/device.ts";
import type { Fault, Line } from "../hardware/faults/script.ts";
import type { Check } from "./check.ts";
import {
  agreement,
  compareNatNet,
  comparePlusImages,
  comparePlusPoses,
  IN_AGREEMENT,
  overNatNet,
  overPlus,
  rig,
  simulatedImages,
  simulatedPoses,
  START_S,
  type NatNetRun,
  type PlusRun,
  type Rig,
} from "./devices-rig.ts";

/** Two seconds of both lines: 240 tracker frames, 61 images. */
export const shortRig: Rig = rig(2);

export const FAULT_LIST = "the project's list of faults of real devices and networks";

interface Row {
  /** "F9", … */
  readonly fault: string;
  readonly statement: string;
  /** What is expected besides the agreement with the simulator. */
  readonly besides?: string;
  run(): Promise<{
    readonly compared: string;
    readonly besides?: Readonly<Record<string, readonly [got: unknown, expected: unknown]>>;
  }>;
}

/** One fault: what comes out is what the simulator gives with the same script, and the counters tell the rest. */
export function faultCheck({ fault, statement, besides, run }: Row): Check {
  return {
    id: `devices.${fault}`,
    statement: `${fault}: ${statement}`,
    source: FAULT_LIST,
    expected: besides === undefined ? IN_AGREEMENT : `${IN_AGREEMENT}; ${besides}`,
    tolerance: "exact",
    async run() {
      const { compared, besides: figures = {} } = await run();
      const wrong = Object.entries(figures).filter(([, [got, expected]]) => got !== expected);
      const said = Object.entries(figures).map(([name, [got, expected]]) =>
        got === expected ? `${name} ${String(got)}` : `${name} ${String(got)} instead of ${String(expected)}`,
      );
      return { measured: [compared, ...said].join("; "), pass: compared === IN_AGREEMENT && wrong.length === 0 };
    },
  };
}

/** The script over NatNet, beside the simulator. */
export async function natNet(
  script: readonly Fault[],
  options: Parameters<typeof overNatNet>[2] & { readonly times?: "compared" | "ignored"; readonly on?: Rig } = {},
): Promise<NatNetRun & { readonly compared: ReturnType<typeof compareNatNet> }> {
  const { times, on = shortRig, ...rest } = options;
  const run = await overNatNet(on, script, rest);
  return { ...run, compared: compareNatNet(await simulatedPoses(on, script), run.poses, times) };
}

/** The script over OpenIGTLink, beside the simulator. */
export async function plus(
  script: readonly Fault[],
  options: Parameters<typeof overPlus>[2] & { readonly on?: Rig } = {},
): Promise<
  PlusRun & { readonly compared: readonly [ReturnType<typeof comparePlusPoses>, ReturnType<typeof comparePlusImages>] }
> {
  const { on = shortRig, ...rest } = options;
  const run = await overPlus(on, script, rest);
  return {
    ...run,
    compared: [
      comparePlusPoses(await simulatedPoses(on, script), run.poses),
      comparePlusImages(await simulatedImages(on, script), run.images),
    ],
  };
}

/** How many sequence numbers were passed over. */
export function gaps(samples: readonly Sample<unknown>[]): number {
  return samples.reduce((n, { sequence }, i) => n + (i > 0 ? sequence - samples[i - 1]!.sequence - 1 : 0), 0);
}

export const onBoth = (kind: "damaged" | "repeated" | "foreign" | "late", share: number): Fault[] =>
  LINES.map((line) => ({ kind, line, share, fromS: AFTER_FIRST_S }));

const LINES = ["poses", "images"] as const satisfies readonly Line[];
/** Of two servers on one computer a NatNet driver believes the one whose frame comes first. */
const AFTER_FIRST_S = 0.004;

/**
 * A line that breaks down while it is played at 4 times its speed: of what was sent outside the outage (which
 * ends when the driver has found the server again) all must arrive, of what was sent in it nothing wrong.
 */
export async function plusOutage(
  how: Extract<Fault, { kind: "disconnected" }>["how"],
  options: Parameters<typeof overPlus>[2] = {},
): Promise<PlusRun & { readonly compared: string }> {
  const on = rig(4);
  const [beginsS, endsS] = [0.75, 3];
  const run = await overPlus(on, [{ kind: "disconnected", line: "poses", atS: beginsS, forS: 0.4, how }], {
    speed: 4,
    connectedFromS: endsS,
    ...options,
  });
  const outside = <T>(samples: readonly Sample<T>[], originS: number): Sample<T>[] =>
    samples.filter(({ receivedAt, acquiredAt }) => {
      const timeS = originS === 0 ? receivedAt : acquiredAt - originS;
      return timeS < beginsS - 0.05 || timeS > endsS;
    });
  const poses = await simulatedPoses(on, []),
    images = await simulatedImages(on, []);
  const all = [comparePlusPoses(poses, run.poses), comparePlusImages(images, run.images)],
    kept = [
      comparePlusPoses(outside(poses, 0), outside(run.poses, START_S)),
      comparePlusImages(outside(images, 0), outside(run.images, START_S)),
    ];
  return {
    ...run,
    compared: agreement(
      ...all.map((each) => ({ ...each, missing: 0 })),
      ...kept.map(({ missing }) => ({ missing, invented: 0, wrong: 0 })),
    ),
  };
}
