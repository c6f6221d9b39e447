import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { UnsuitableInputError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { ImageDevice, PoseDevice } from "../data/device.ts";
import type { DigitisedPoint } from "../data/recording.ts";
import type { ClockState } from "../hardware/natnet/clock-sync.ts";
import { optitrack, type OptitrackDevice, type OptitrackStatus } from "../hardware/natnet/driver.ts";
import { steadyClock } from "../hardware/natnet/host-clock.ts";
import { natnetOptions } from "../hardware/natnet/url.ts";
import { plusDevices, type PlusDevices } from "../hardware/openigtlink/driver.ts";
import { plusAddress } from "../hardware/openigtlink/url.ts";
import type { LiveRig } from "./record-devices.ts";

export interface RigAddresses {
  /** `plus://…` */
  readonly images?: string;
  /** `natnet://…` or `plus://…` */
  readonly poses?: string;
}

/** Whether the text is the address of a device, rather than a file. */
export const isAddress = (text: string): boolean => /^[a-z]+:\/\//i.test(text);

/**
 * The drivers for devices at these addresses, with one host clock for both. An address that stands for images and poses
 * is connected to once. Throws FormatError for an address that is none, UnsuitableInputError for one that cannot give
 * what it should.
 */
export function liveRig({ images, poses }: RigAddresses, log: Log): LiveRig {
  const points: DigitisedPoint[] = [];
  const servers = new Map<string, PlusDevices>();
  const plus = (address: string): PlusDevices => {
    const known = servers.get(address);
    if (known) return known;
    const devices = plusDevices({
      whenFull: "wait",
      ...plusAddress(address),
      nowS: () => steadyClock.nowS(),
      random: () => randomBytes(4).readUInt32LE() / 2 ** 32,
      log,
      onPoint(point) {
        // They are said again after every new connection.
        if (!points.some((known) => isDeepStrictEqual(known, point))) points.push(point);
      },
    });
    servers.set(address, devices);
    return devices;
  };
  let motive: (() => OptitrackStatus | undefined) | undefined;
  const imager = images === undefined ? undefined : imagesAt(images, plus);
  let tracker: PoseDevice | undefined;
  if (poses !== undefined) {
    if (poses.startsWith("natnet://")) {
      const watched = watch(optitrack({ onGoodbye: "end", ...natnetOptions(poses), clock: steadyClock, log }));
      tracker = watched.device;
      motive = watched.status;
    } else tracker = plus(poses).poses;
  }
  return {
    ...(imager ? { imager } : {}),
    ...(tracker ? { tracker } : {}),
    points,
    counters() {
      const named = (name: string, counts: object): [string, number][] =>
        Object.entries(counts).flatMap(([key, value]) =>
          typeof value === "number" ? [[`${name}.${key}`, value]] : [],
        );
      return Object.fromEntries([
        ...[...servers.values()].flatMap(({ counters }) => named("plus", counters)),
        ...named("natnet", motive?.()?.counters ?? {}),
      ]);
    },
    notes() {
      const status = motive?.();
      if (!status) return [];
      const { state, server, natNetVersion, clock, warnings } = status;
      return [
        `tracker: ${server}, NatNet ${natNetVersion}, ${state}`,
        ...(clock ? [`tracker's clock by its echoes: ${clockText(clock)}`] : []),
        ...warnings,
      ];
    },
  };
}

function imagesAt(address: string, plus: (address: string) => PlusDevices): ImageDevice {
  if (address.startsWith("natnet://")) {
    throw new UnsuitableInputError(`${address} gives no images`, "NatNet has poses only: give plus://host:port");
  }
  return plus(address).images;
}

/** Keeps hold of the stream, which alone can tell how the tracker is. */
function watch(device: OptitrackDevice): { device: PoseDevice; status(): OptitrackStatus | undefined } {
  let stream: Awaited<ReturnType<OptitrackDevice["open"]>> | undefined;
  return {
    device: {
      id: device.id,
      async open(signal) {
        return (stream = await device.open(signal));
      },
    },
    status: () => stream?.status(),
  };
}

/** The driver's map leads from the server's clock to ours. */
function clockText({ offsetS, skew, uncertaintyS }: ClockState): string {
  const aheadS = -offsetS;
  return (
    `${Math.abs(aheadS).toFixed(4)} s ${aheadS < 0 ? "behind" : "ahead of"} this computer's, ` +
    `${(-skew * 1e6).toFixed(1)} ppm fast, within ${(uncertaintyS * 1e3).toFixed(2)} ms`
  );
}
