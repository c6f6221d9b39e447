import { createWorkerPool } from "../core/worker-pool.ts";
import { renderFrames } from "../sim/probe/render.ts";
import { domePhantom, phantomPose, phantomScene } from "../sim/probe/phantoms.ts";
import { defaultProbe, imageGeometry, probes, type ImageSettings, type Probe } from "../sim/probe/probe.ts";
import { grayMap } from "../sim/probe/post-filter.ts";
import { scanners, type Scanner } from "../sim/probe/scanners.ts";
import { pixelLabels, SHADOW } from "../sim/truth/pixel-labels.ts";
import type { Scene } from "../sim/scene.ts";
import type { Check } from "./check.ts";
import { fixed, LINE_MM, once, silent, simulatorOf } from "./ultrasound-frames.ts";

/** The dome of `domePhantom` in closed form: radius and depth of its centre, mm. */
const DOME = { radiusMm: 25, centreMm: 47 } as const;
const FAT_MM = (x: number): number => 7 + 0.8 * Math.sin(x / 9);

const dome = (): Scene => once("dome", domePhantom);
const domeFrame = () =>
  once("dome frame", () =>
    simulatorOf(dome(), ["speckle", "boneRough", "boneSpecular"]).frame(phantomPose(0, 0, 1), 0),
  );

/** Variance of a Gaussian cut at ±2.5 standard deviations: 1 − 5φ(2.5)/(2Φ(2.5) − 1). */
const CUT_VARIANCE = 0.911;

/** Few lines and pixels: what is asked is whether bytes are equal. */
const small: Probe = { ...defaultProbe, lineCount: 64 };
const smallSettings: Partial<ImageSettings> = { widthPx: 96, heightPx: 96, depthMm: 30 };
const POSES = [-1.5, 0.25, 2].map((x, i) => phantomPose(x, 0.2 * i, 0.5 - i));

/** Frames of POSES in an order, by so many workers, back in the order of POSES. */
async function noisyFrames(seed: string, order: readonly number[], workers: number): Promise<readonly Uint8Array[]> {
  const pool = createWorkerPool(workers);
  try {
    const frames: Uint8Array[] = [];
    for (const i of order) {
      const request = { scene: dome(), probe: small, settings: smallSettings, seed, poses: POSES[i]!, firstFrame: i };
      frames[i] = (await renderFrames({ ...request, workers: pool }))[0]!.pixels;
    }
    return frames;
  } finally {
    await pool.close();
  }
}

const differing = (a: readonly Uint8Array[], b: readonly Uint8Array[]): number =>
  a.reduce((sum, pixels, i) => sum + pixels.reduce((n, gray, at) => n + (gray === b[i]![at] ? 0 : 1), 0), 0);

/** Spread of a point's power in the picture about its middle, mm²: laterally and along depth. */
function pointVariance(smoothingMm: readonly [number, number]): readonly [number, number] {
  const settings = { smoothingMm, dynamicRangeDb: 100, gainDb: 0, tgcDbPerCm: 0, widthPx: 1024, heightPx: 1024 };
  const scene = once("silent", () => phantomScene({ tissue: () => 0, tissues: [silent] }, { spacingMm: 1 }));
  const simulator = simulatorOf(scene, [], {
    points: { positionsMm: [-LINE_MM / 2, 20, 0], amplitude: 100 },
    settings,
  });
  const { pixels } = simulator.frame(phantomPose(), 0);
  const { width, height, spacingMm, faceCentrePx } = imageGeometry(defaultProbe, settings);
  let weight = 0, u1 = 0, v1 = 0, u2 = 0, v2 = 0; // prettier-ignore
  for (let row = 0; row < height; row++) {
    const y = (row - faceCentrePx[1]) * spacingMm[1] - 20;
    if (Math.abs(y) > 1.5) continue;
    for (let column = 0; column < width; column++) {
      const x = (column - faceCentrePx[0]) * spacingMm[0];
      if (Math.abs(x) > 3) continue;
      const w = 10 ** ((pixels[row * width + column]! * settings.dynamicRangeDb) / 2550);
      weight += w;
      u1 += w * x;
      v1 += w * y;
      u2 += w * x * x;
      v2 += w * y * y;
    }
  }
  return [u2 / weight - (u1 / weight) ** 2, v2 / weight - (v1 / weight) ** 2];
}

export const truthChecks: readonly Check[] = [
  {
    id: "ultrasound.noise.seed-and-frame",
    statement:
      "With noise on, a frame is a function of pose, seed and frame number: the same bytes in any order and with one worker or " +
      "two; another seed or another frame number makes another picture",
    source: "the noise is a hash of seed, frame and place",
    expected: "0 bytes differ; more than a tenth with another seed, more than a hundredth with another frame",
    tolerance: "exact; one-sided",
    async run() {
      const [first, again, seed] = await Promise.all([
        noisyFrames("verify", [0, 1, 2], 1),
        noisyFrames("verify", [2, 0, 1], 2),
        noisyFrames("verify other", [0, 1, 2], 1),
      ]);
      const total = first.length * first[0]!.length;
      const simulator = once("noisy", () =>
        simulatorOf(dome(), ["speckle", "attenuation", "noise"], { settings: { gainDb: 20 } }),
      );
      const at = (frame: number): Uint8Array => simulator.frame(phantomPose(), frame).pixels;
      const one = at(1),
        another = at(2),
        back = at(1);
      const same = differing(first, again) + differing([one], [back]),
        bySeed = differing(first, seed) / total,
        byFrame = differing([one], [another]) / one.length;
      return {
        measured: `${same} bytes; ${fixed(100 * bySeed, 0)} % with another seed, ${fixed(100 * byFrame, 0)} % with another frame`,
        pass: same === 0 && bySeed > 0.1 && byFrame > 0.01,
      };
    },
  },
  {
    id: "ultrasound.truth.insonified",
    statement:
      "The points of bone that a frame's own beams met lie on the bone, and the angles are those of its surface",
    source: "closed form: a cylinder of 25 mm, its apex 22 mm deep; 0.5 mm grid",
    expected: "0 mm, 0",
    tolerance: "0.05 mm, 0.02 of the cosine",
    async run() {
      const { hitsMm } = domeFrame();
      let off = 0, angle = 0, count = 0; // prettier-ignore
      for (let i = 0; i < hitsMm.length; i += 4) {
        const x = hitsMm[i]!,
          y = hitsMm[i + 1]! - DOME.centreMm;
        if (Number.isNaN(x)) continue;
        count++;
        off = Math.max(off, Math.abs(Math.hypot(x, y) - DOME.radiusMm));
        angle = Math.max(angle, Math.abs(hitsMm[i + 3]! + y / Math.hypot(x, y)));
      }
      return {
        measured: `${fixed(off, 3)} mm, ${fixed(angle, 3)} (${count} of ${hitsMm.length / 4} lines)`,
        pass: count > 150 && off <= 0.05 && angle <= 0.02,
      };
    },
  },
  {
    id: "ultrasound.truth.labels",
    statement: "Every pixel of a frame has the label of what lies there: fat, muscle, shadow below bone",
    source: "closed form of the phantom; pixels within 0.5 mm of a border, its grid's spacing, are left out",
    expected: "0 pixels differ",
    tolerance: "exact",
    async run() {
      const geometry = imageGeometry(defaultProbe, {});
      const labels = pixelLabels(dome(), phantomPose(0, 0, 1), geometry, domeFrame().trueRidge);
      const { width, height, spacingMm, faceCentrePx } = geometry;
      let wrong = 0, asked = 0; // prettier-ignore
      for (let v = 0; v < height; v++) {
        for (let u = 0; u < width; u++) {
          const x = (u - faceCentrePx[0]) * spacingMm[0],
            y = (v - faceCentrePx[1]) * spacingMm[1],
            bone = DOME.centreMm - Math.sqrt(Math.max(0, DOME.radiusMm ** 2 - x * x));
          if (Math.abs(x) > 19 || y < 0.5 || Math.abs(y - FAT_MM(x)) < 0.5 || Math.abs(y - bone) < 0.5) continue;
          asked++;
          const label = labels[v * width + u]!;
          if (y > bone ? !(label & SHADOW) : label !== (y < FAT_MM(x) ? 0 : 1)) wrong++;
        }
      }
      return { measured: `${wrong} of ${asked}`, pass: asked > 100_000 && wrong === 0 };
    },
  },
  {
    id: "ultrasound.probes.sources",
    statement:
      "Five probes (three linear, convex, micro-convex) and two scanners, each with its source and the figures that are assumed",
    source: "the tables of src/sim/probe/probe.ts and scanners.ts",
    expected: "5 probes, 2 scanners, all with a source; what is assumed are fields of theirs",
    tolerance: "exact",
    async run() {
      const all: readonly Probe[] = Object.values(probes),
        set: readonly Scanner[] = Object.values(scanners);
      const told = all.filter(
        (probe) => probe.source.length > 40 && probe.assumed.length > 0 && probe.assumed.every((name) => name in probe),
      );
      const sets = set.filter(
        ({ source, assumed, settings, ...rest }) =>
          source.length > 40 && assumed.every((name) => name in settings || name in rest) && rest.probe in probes,
      );
      const convex = all.filter(({ radiusMm }) => radiusMm).length;
      return {
        measured:
          `${told.length} of ${all.length} probes (${convex} curved), ${sets.length} of ${set.length} scanners; assumed ` +
          all.map(({ name, assumed }) => `${name}: ${assumed.length}`).join(", "),
        pass: all.length === 5 && told.length === 5 && convex === 2 && set.length === 2 && sets.length === 2,
      };
    },
  },
  {
    id: "ultrasound.filters.smoothing",
    statement: "Smoothing widens the power of a point by the variance of its Gaussian, across and along depth",
    source:
      "closed form: variances add; 0.5 and 0.3 mm, a Gaussian cut at 2.5 standard deviations has 0.911 of its variance",
    expected: "0.228, 0.082 mm²",
    tolerance: "5 %",
    async run() {
      const [plain, smooth] = [pointVariance([0, 0]), pointVariance([0.5, 0.3])] as const;
      const added = [smooth[0] - plain[0], smooth[1] - plain[1]] as const;
      return {
        measured: `${added.map((v) => fixed(v, 3)).join(", ")} mm²`,
        pass: added.every((v, i) => Math.abs(v / (CUT_VARIANCE * [0.25, 0.09][i]!) - 1) <= 0.05),
      };
    },
  },
  {
    id: "ultrasound.filters.gray-map",
    statement: "Gamma and S-curve show the logarithmic gray t as t^γ, blended towards 3t² − 2t³",
    source: "closed form on 256 levels; a frame with gamma is the frame without it, mapped",
    expected: "0 levels, 0 pixels off",
    tolerance: "exact",
    async run() {
      const map = grayMap({ gamma: 1.4, sCurve: 0.3 } as ImageSettings)!;
      let levels = 0;
      map.forEach((shown, gray) => {
        const t = (gray / 255) ** 1.4;
        if (shown !== Math.round(255 * (0.7 * t + 0.3 * (3 * t ** 2 - 2 * t ** 3)))) levels++;
      });
      const frame = (settings: Partial<ImageSettings>): Uint8Array =>
        simulatorOf(dome(), ["speckle"], { settings: { ...settings, gainDb: 20 } }).frame(phantomPose(), 0).pixels;
      const plain = frame({}),
        mapped = frame({ gamma: 1.4, sCurve: 0.3 });
      const pixels = mapped.reduce((n, gray, at) => n + (gray === map[plain[at]!] ? 0 : 1), 0);
      return { measured: `${levels} levels, ${pixels} pixels`, pass: levels === 0 && pixels === 0 };
    },
  },
];
