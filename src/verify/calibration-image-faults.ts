import { createRng, type Rng } from "../core/rng.ts";
import { multiply3x4 } from "../core/rigid.ts";
import { diagnoseSpatial } from "../pipeline/calibration/diagnosis/diagnose-spatial.ts";
import type { SpatialCause } from "../pipeline/calibration/diagnosis/finding.ts";
import { imagesLate, motionOf } from "../pipeline/calibration/diagnosis/suppositions.ts";
import { calibrateSpatial, defaultSpatial } from "../pipeline/calibration/spatial/calibrate-spatial.ts";
import { nWirePhantom, type NWirePhantom } from "../pipeline/calibration/spatial/nwire-phantom.ts";
import type { WireFrame } from "../pipeline/calibration/spatial/wire-frames.ts";
import { accepted } from "./calibration-sessions.ts";

/** What was found in real images, with a fault put into it afterwards. */
export interface FoundWires {
  readonly frames: readonly WireFrame[];
  readonly phantom: NWirePhantom;
  readonly width: number;
  readonly height: number;
}

const either = (rng: Rng, low: number, high: number): number =>
  (rng.uniform() < 0.5 ? -1 : 1) * (low + (high - low) * rng.uniform());

type Spoil = (found: FoundWires, rng: Rng) => FoundWires;

const spoilers: { readonly [K in SpatialCause]?: Spoil } = {
  lag: (found, rng) => {
    const late = imagesLate(found.frames);
    return { ...found, frames: late.undo(found.frames, [either(rng, 0.2, 0.4)]) };
  },
  "marker-moved": (found, rng) => {
    const from = Math.round(found.frames.length * (0.3 + 0.4 * rng.uniform())),
      motion = motionOf([0, 0, 0, either(rng, 2, 4), either(rng, 2, 4), 0]);
    const moved = (frame: WireFrame): WireFrame => ({
      ...frame,
      probeFromPhantom: multiply3x4(motion, frame.probeFromPhantom),
    });
    return { ...found, frames: found.frames.map((frame, i) => (i < from ? frame : moved(frame))) };
  },
  mirrored: (found, rng) => {
    const flipped = (frame: WireFrame): WireFrame => ({
      ...frame,
      handed: frame.handed === 1 ? -1 : 1,
      pixels: frame.pixels.map(([u, v]) => [found.width - 1 - u, v] as const),
    });
    return { ...found, frames: found.frames.map((frame) => (rng.uniform() < 0.3 ? flipped(frame) : frame)) };
  },
  "wire-misplaced": (found, rng) => {
    const wire = rng.integer(found.phantom.wires.length),
      dx = either(rng, 5, 5);
    // The drawing has it elsewhere; the picture is as it was.
    const wires = found.phantom.wires.map((each, i) => {
      const moved = ([x, y, z]: readonly [number, number, number]) => [x + dx, y, z] as const;
      return i === wire ? { ...each, frontMm: moved(each.frontMm), backMm: moved(each.backMm) } : each;
    });
    const patterns = Array.from({ length: found.phantom.patterns }, (_, k) => wires.slice(3 * k, 3 * k + 3));
    const phantom = nWirePhantom(patterns.map((three) => ({ type: "NWire", wires: three })));
    return { ...found, phantom: accepted(phantom) };
  },
  "dots-confused": (found, rng) => {
    const confused = (frame: WireFrame): WireFrame => {
      const pixels = [...frame.pixels],
        a = rng.integer(pixels.length),
        b = (a + 1 + rng.integer(pixels.length - 1)) % pixels.length;
      [pixels[a], pixels[b]] = [pixels[b]!, pixels[a]!];
      return { ...frame, pixels };
    };
    return { ...found, frames: found.frames.map((frame) => (rng.uniform() < 0.25 ? confused(frame) : frame)) };
  },
};

/** How often each fault in recorded images was named as the likeliest cause. */
export function namedInImages(found: FoundWires, seeds: number): { readonly cause: string; readonly count: number }[] {
  return Object.entries(spoilers).map(([cause, spoil]) => {
    let count = 0;
    for (let i = 0; i < seeds; i++) {
      const spoiled = spoil(found, createRng(`judged images ${cause} ${i}`));
      const fit = accepted(calibrateSpatial(spoiled, { ...defaultSpatial, largestErrorMm: Infinity }));
      if (diagnoseSpatial(fit.evidence)[0]?.cause === cause) count++;
    }
    return { cause, count };
  });
}
