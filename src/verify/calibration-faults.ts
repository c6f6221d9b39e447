import { fromAxisAngle } from "../core/rigid.ts";
import type { Rng } from "../core/rng.ts";
import type { SpatialCause } from "../pipeline/calibration/diagnosis/finding.ts";
import type { WireSessionFaults } from "../sim/calibration-points/faults.ts";
import type { PhantomWire, WirePointFrame } from "../sim/calibration-points/wire-points.ts";
import { pointImage } from "../sim/calibration-points/wire-session.ts";

export interface InjectedFault {
  readonly cause: SpatialCause;
  /** The fault, of a random size and place. */
  readonly draw: (rng: Rng) => Partial<WireSessionFaults>;
}

const between = (rng: Rng, low: number, high: number): number => low + (high - low) * rng.uniform();
const either = (rng: Rng, size: number): number => (rng.uniform() < 0.5 ? -size : size);

/** A motion of `mm` and `rad` in random directions: row-major 3×4. */
function motion(rng: Rng, rad: number, mm: number): Float64Array {
  const direction = (): [number, number, number] => {
    const d = [rng.normal(), rng.normal(), rng.normal()] as const,
      length = Math.hypot(...d);
    return [d[0] / length, d[1] / length, d[2] / length];
  };
  const axis = direction(),
    [x, y, z] = direction();
  return Float64Array.from(fromAxisAngle<"probe", "probe">(axis, rad, [mm * x, mm * y, mm * z]).m);
}

/** Roughly the middle of the image of the simulated probe, mm. */
const IMAGE_MM = [15, 115, -10] as const;

/** The same motion with its turn about the image's middle, so that its shift is what the image sees. */
function aboutImage(m: Readonly<Float64Array>): Float64Array {
  const out = Float64Array.from(m);
  for (let row = 0; row < 3; row++)
    for (let k = 0; k < 3; k++) out[4 * row + 3]! += ((row === k ? 1 : 0) - m[4 * row + k]!) * IMAGE_MM[k]!;
  return out;
}

const IDENTITY = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);

/** Holes of fCal phantoms are 5 mm apart. */
const HOLE_MM = 5;

function rethreaded(rng: Rng): (planned: readonly PhantomWire[]) => readonly PhantomWire[] {
  const wire = rng.integer(9),
    ends = rng.integer(3),
    dx = either(rng, HOLE_MM);
  return (planned) =>
    planned.map((each, i) => {
      if (i !== wire) return each;
      const moved = ([x, y, z]: readonly [number, number, number], there: boolean) =>
        [there ? x + dx : x, y, z] as const;
      return { ...each, frontMm: moved(each.frontMm, ends !== 1), backMm: moved(each.backMm, ends !== 0) };
    });
}

/** Another phantom of the kind: its wires lie 1 to 3 mm from where the drawing has them. */
function otherPhantom(rng: Rng): (planned: readonly PhantomWire[]) => readonly PhantomWire[] {
  return (planned) =>
    planned.map((each) => {
      const size = between(rng, 1, 3),
        angle = 2 * Math.PI * rng.uniform(),
        dx = size * Math.cos(angle),
        dz = size * Math.sin(angle);
      const moved = ([x, y, z]: readonly [number, number, number]) => [x + dx, y, z + dz] as const;
      return { ...each, frontMm: moved(each.frontMm), backMm: moved(each.backMm) };
    });
}

/** The phantom was printed too large or too small. */
function rescaled(rng: Rng): (planned: readonly PhantomWire[]) => readonly PhantomWire[] {
  const factor = 1 + either(rng, between(rng, 0.025, 0.06));
  const scaled = ([x, y, z]: readonly [number, number, number]) => [x * factor, y * factor, z * factor] as const;
  return (planned) => planned.map((each) => ({ ...each, frontMm: scaled(each.frontMm), backMm: scaled(each.backMm) }));
}

const flipped = (frame: WirePointFrame): WirePointFrame => ({
  ...frame,
  handed: -1,
  pixels: frame.pixels.map(([u, v]) => [pointImage.width - 1 - u, v] as const),
});

/** Dots of a frame are taken for one another. */
function swapped(frame: WirePointFrame, rng: Rng): WirePointFrame {
  const pixels = [...frame.pixels];
  for (let k = 0; k < 2; k++) {
    const a = rng.integer(pixels.length),
      b = rng.integer(pixels.length);
    const kept = pixels[a]!;
    pixels[a] = pixels[b]!;
    pixels[b] = kept;
  }
  return { ...frame, pixels };
}

/** Stretches of the recording in which something is the case: `share` of the time in all. */
function stretches(rng: Rng, share: number): (at: number) => boolean {
  const periods = 2 + rng.integer(4),
    phase = rng.uniform();
  return (at) => (at * periods + phase) % 1 < share;
}

export const injectedFaults: readonly InjectedFault[] = [
  {
    cause: "lag",
    draw: (rng) => ({ imageLagS: either(rng, between(rng, 0.08, 0.3)) }),
  },
  {
    cause: "speed-of-sound",
    draw: (rng) => ({ soundSpeedRatio: rng.uniform() < 0.7 ? between(rng, 0.93, 0.97) : between(rng, 1.03, 1.05) }),
  },
  { cause: "wrong-phantom", draw: (rng) => ({ wires: rng.uniform() < 0.5 ? otherPhantom(rng) : rescaled(rng) }) },
  { cause: "wire-misplaced", draw: (rng) => ({ wires: rethreaded(rng) }) },
  {
    cause: "registration",
    draw: (rng) => ({ registration: motion(rng, between(rng, 0.03, 0.08), between(rng, 2, 6)) }),
  },
  {
    cause: "marker-moved",
    draw(rng) {
      const at = between(rng, 0.25, 0.75),
        moved = aboutImage(motion(rng, between(rng, 0.01, 0.03), between(rng, 2, 4)));
      return { slip: (share) => (share < at ? IDENTITY : moved) };
    },
  },
  { cause: "tracker-noise", draw: (rng) => ({ trackerNoise: between(rng, 3, 5) }) },
  { cause: "tracker-stuck", draw: (rng) => ({ stuck: stretches(rng, between(rng, 0.15, 0.4)) }) },
  {
    cause: "depth-blurred",
    draw(rng) {
      const below = between(rng, 20, 28),
        more = between(rng, 4, 8);
      return { depthNoise: (depthMm) => (depthMm > below ? more : 0) };
    },
  },
  {
    cause: "dots-confused",
    draw(rng) {
      const share = between(rng, 0.15, 0.35);
      return { frame: (frame, _, own) => (own.uniform() < share ? swapped(frame, own) : frame) };
    },
  },
  {
    cause: "mirrored",
    draw(rng) {
      if (rng.uniform() < 0.5) return { frame: flipped };
      const where = stretches(rng, between(rng, 0.15, 0.4));
      return { frame: (frame, share) => (where(share) ? flipped(frame) : frame) };
    },
  },
  {
    cause: "motion-missing",
    draw(rng) {
      const along = rng.integer(3);
      const only = (size: number): readonly [number, number, number] => [
        along === 0 ? size : 0,
        along === 1 ? size : 0,
        along === 2 ? size : 0,
      ];
      return rng.uniform() < 0.5
        ? { motion: { shiftMm: [2.5, 8, 3], tiltRad: [0.005, 0.005, 0.005] } }
        : { motion: { shiftMm: [0.5, 2, 0.5], tiltRad: only(0.2) } };
    },
  },
];
