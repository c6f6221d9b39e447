import { multiply3x4 } from "../../core/rigid.ts";
import { createRng } from "../../core/rng.ts";
import type { Scene } from "../scene.ts";
import { computeBeam, type Beam } from "./beam.ts";
import { lookAdder, looksOf } from "./compounding.ts";
import { allEffects, corticalSurface, type EchoEffects } from "./effects.ts";
import { boneHits, trueRidge } from "./frame-truth.ts";
import { defaultSettings, imageGeometry, type ImageSettings, type Probe } from "./probe.ts";
import type { KernelSetup } from "./kernel.ts";
import { pointEchoes, type PointTargets } from "./point-echoes.ts";
import type { IqGrid } from "./splat.kernel.ts";
import type { RoughSurface } from "./rough-surface.ts";
import { steeringTurn } from "./scan-lines.ts";
import { typescriptKernel } from "./typescript-kernel.ts";
import { wasmKernel } from "./wasm-kernel.ts";

export interface EchoFrame {
  /** Rows of columns, as `imageGeometry` says. */
  readonly pixels: Uint8Array;
  /** Row of the first bone that a beam meets in each column; see `trueRidge`. */
  readonly trueRidge: Float32Array;
  /** Per scan line, of every look that is compounded, where it meets bone, and at what angle; see `boneHits`. */
  readonly hitsMm: Float32Array;
}

export interface EchoOptions {
  readonly effects?: EchoEffects;
  readonly points?: PointTargets;
  /** Tables of another simulator with the same probe, speed and depth: they take longer than a frame. */
  readonly beam?: Beam;
  /** Another roughness of bone than `corticalSurface`. */
  readonly boneSurface?: RoughSurface;
  /** The loops in WebAssembly, or the readable ones that they are tested against; a gray level may differ by one. */
  readonly path?: "wasm" | "typescript";
}

export interface EchoSimulator {
  /** The frame at a pose, a function of the pose, the seed and (for the noise alone) the frame index. */
  frame(kneeFromImage: Readonly<Float64Array>, frameIndex: number): EchoFrame;
  /** Complex echo before envelope and gain; overwritten by the next call. Lines as in `LineMap`. */
  echo(kneeFromImage: Readonly<Float64Array>, frameIndex: number): IqGrid;
  readonly beam: Beam;
}

/** What this image formation leaves out; printed in every report. */
export const notModelled: readonly string[] = [
  "Refraction: beams are straight; from fat to muscle a real one bends by 3° at 30° of incidence.",
  "Downshift of the centre frequency by attenuation: resolution and loss are those of an unattenuated pulse.",
  "Multiple scattering and reverberation between layers, but for two more echoes of bone, the ring of the lens, and a " +
    "tail with faint copies of the tissue below bone.",
  "Apertures cut off at the ends of the array: outer lines have the resolution of the middle ones.",
  "Echo level, attenuation and shadow of soft tissue are read in the image plane, not across the slice thickness.",
  "Mirrors (bone, fascia, septa, lens) echo line by line with the plain pulse: their ends do not diffract, their " +
    "curvature does not focus.",
  "Steered beams of compounding have the point spread of straight ones, and no second echo of bone.",
  "Blood flow, pulsation and other motion during a frame, and between the directions that are compounded.",
  "Frequency compounding: smoothing of the echo's power stands for it and for the scanner's speckle filter.",
  "Side lobes below −60 dB or further than 12 scan lines (2.5 mm for the default probe), so grating lobes too.",
  "Phase aberration and harmonic imaging.",
];

/** The fast path goes through a row eight lines at a time. */
const FEWEST_FAST_LINES = 8;

/**
 * Settings that are left out are as in `defaultSettings`. Not re-entrant: a simulator renders one frame at a time, so
 * make one per worker.
 */
export function createEchoSimulator(
  scene: Scene,
  probe: Probe,
  chosen: Partial<ImageSettings>,
  seed: string,
  { effects = allEffects, points, beam: known, path = "wasm", boneSurface = corticalSurface }: EchoOptions = {},
): EchoSimulator {
  const settings: ImageSettings = { ...defaultSettings, ...chosen };
  const geometry = imageGeometry(probe, settings);
  const seed32 = Math.floor(createRng(seed).fork("echo").uniform() * 2 ** 32) | 0;
  const beam = known ?? computeBeam(probe, settings.assumedSpeedMps, settings.depthMm);
  const looks = looksOf(probe, settings);
  const scan = looks[0]!.scan,
    lines = scan.count,
    samples = Math.ceil((settings.depthMm + 1) / beam.sampleMm);
  const setup: KernelSetup = {
    scene,
    probe,
    scan,
    looks,
    settings,
    beam,
    effects,
    boneSurface,
    seed: seed32,
    lines,
    samples,
  };
  const pointsAt = pointEchoes({ wires: scene.wires ?? [], targets: points, tissues: scene.tissues, beam });
  // Looks differ in their maps only: their echoes are formed one after the other.
  const kernel =
    path === "typescript" || probe.lineCount < FEWEST_FAST_LINES ? typescriptKernel(setup) : wasmKernel(setup);

  const formers = looks.map((look, index) => {
    const turn = steeringTurn(look.steerRad),
      add = looks.length > 1 ? lookAdder(scan, look, beam.sampleMm, samples) : undefined;
    return (kneeFromImage: Readonly<Float64Array>, noiseIndex: number, extent: "all" | "shown") => {
      const pose = look.steerRad === 0 ? kneeFromImage : multiply3x4(kneeFromImage, turn);
      const map = kernel.see(pose, index);
      kernel.scatter(pointsAt(pose));
      kernel.receive(noiseIndex, extent);
      return { map, add, hitsMm: boneHits(map, pose, settings.depthMm) };
    };
  });
  const straight = formers[0]!;
  const power = looks.length > 1 ? new Float32Array(lines * samples) : undefined,
    seen = new Float32Array(power?.length ?? 0);

  return {
    beam,
    echo(kneeFromImage, frameIndex) {
      straight(kneeFromImage, frameIndex * looks.length, "all");
      return kernel.received;
    },
    frame(kneeFromImage, frameIndex) {
      power?.fill(0);
      seen.fill(0);
      const hitsMm: Float32Array[] = [];
      let ridge: Float32Array | undefined;
      for (const [i, form] of formers.entries()) {
        const look = form(kneeFromImage, frameIndex * looks.length + i, power ? "all" : "shown");
        ridge ??= trueRidge(look.map, geometry, settings.depthMm);
        hitsMm.push(look.hitsMm);
        if (power) look.add?.(kernel.received, power, seen);
      }
      power?.forEach((sum, at) => (power[at] = sum / Math.max(1, seen[at]!)));
      return { pixels: kernel.display(power), trueRidge: ridge!, hitsMm: joined(hitsMm) };
    },
  };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0]!;
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
