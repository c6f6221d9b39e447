import { createRng } from "../../core/rng.ts";
import type { Scene } from "../scene.ts";
import { computeBeam, type Beam } from "./beam.ts";
import { MARGIN_LINES } from "./lateral.ts";
import { allEffects, corticalSurface, fromDecibel, levels, type EchoEffects } from "./effects.ts";
import { fieldSampler } from "./field-sampler.ts";
import { boneHits, trueRidge } from "./frame-truth.ts";
import { createLineMapper, type LineMap } from "./line-map.ts";
import { defaultSettings, imageGeometry, type ImageSettings, type Probe } from "./probe.ts";
import type { EchoRows, KernelSetup } from "./kernel.ts";
import { pointEchoes, type PointTargets } from "./point-echoes.ts";
import type { IqGrid } from "./splat.kernel.ts";
import type { RoughSurface } from "./rough-surface.ts";
import { scanLines } from "./scan-lines.ts";
import { typescriptKernel } from "./typescript-kernel.ts";
import { wasmKernel } from "./wasm-kernel.ts";

export interface EchoFrame {
  /** Rows of columns, as `imageGeometry` says. */
  readonly pixels: Uint8Array;
  /** Row of the first bone that a beam meets in each column; see `trueRidge`. */
  readonly trueRidge: Float32Array;
  /** Per scan line where it meets bone, and at what angle; see `boneHits`. */
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
  "Downshift of the centre frequency with depth: resolution and attenuation are those of the carrier.",
  "Multiple scattering and reverberation between layers, but for two more echoes of bone and a tail.",
  "Apertures cut off at the ends of the array: outer lines have the resolution of the middle ones.",
  "Echo level and attenuation of soft tissue are read in the image plane, not across the slice thickness.",
  "Compression of tissue by the probe, blood flow, pulsation and other motion during a frame.",
  "Persistence and multi-angle compounding; smoothing of the echo's power stands for the scanner's filter.",
  "Grating lobes, phase aberration, side lobes below −46 dB, harmonic imaging.",
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
  const scan = scanLines(probe);
  const lines = scan.count,
    samples = Math.ceil((settings.depthMm + 1) / beam.sampleMm);
  const mapper = createLineMapper(scene, probe, scan, settings, beam, effects, seed32, boneSurface);
  const boneAt = fieldSampler(scene.grid, scene.boneDistanceMm, 2);
  const setup: KernelSetup = {
    scene,
    probe,
    scan,
    settings,
    beam,
    effects,
    boneSurface,
    seed: seed32,
    lines,
    samples,
    boneAt,
  };
  const pointsAt = pointEchoes({ wires: scene.wires ?? [], targets: points, tissues: scene.tissues, beam });
  const kernel =
    path === "typescript" || probe.lineCount < FEWEST_FAST_LINES ? typescriptKernel(setup) : wasmKernel(setup);

  function form(kneeFromImage: Readonly<Float64Array>, frameIndex: number): LineMap {
    const map = mapper(kneeFromImage);
    kernel.scatter(kneeFromImage, map, pointsAt(kneeFromImage));
    for (const { line, depthMm, amplitude } of map.echoes) addEcho(kernel.beamed, beam, line, depthMm, amplitude);
    if (effects.ringDown) addRing(map, beam, kernel.beamed);
    kernel.receive(frameIndex);
    return map;
  }

  return {
    beam,
    echo(kneeFromImage, frameIndex) {
      form(kneeFromImage, frameIndex);
      return kernel.received;
    },
    frame(kneeFromImage, frameIndex) {
      const map = form(kneeFromImage, frameIndex);
      return {
        pixels: kernel.display(),
        trueRidge: trueRidge(map, geometry, settings.depthMm),
        hitsMm: boneHits(map, kneeFromImage, settings.depthMm),
      };
    },
  };
}

/** Adds an echo between the two nearest samples, with exact phase; the pulse filter that follows gives it its length. */
function addEcho(
  { lines, samples, re, im, step }: EchoRows,
  { twoWayWavenumber, sampleMm }: Beam,
  line: number,
  depthMm: number,
  amplitude: number,
): void {
  const at = depthMm / sampleMm,
    sample = Math.floor(at);
  if (sample < 0 || sample >= samples - 1) return;
  const phase = -twoWayWavenumber * depthMm,
    u = at - sample;
  const vr = amplitude * Math.cos(phase),
    vi = amplitude * Math.sin(phase),
    to = (sample * lines + line) * step,
    below = to + lines * step;
  re[to]! += (1 - u) * vr;
  im[to]! += (1 - u) * vi;
  re[below]! += u * vr;
  im[below]! += u * vi;
}

/** Lens echoes below this amplitude are not drawn. */
const RING_FLOOR = 1e-5;

/**
 * The transmit burst, and the pulse that runs to and fro inside the lens: a train of equal spacing, its sign turned at
 * each meeting with air. Alike on all lines; long where the face is in air, soon over in contact.
 */
function addRing(map: LineMap, beam: Beam, rows: EchoRows): void {
  const train = (reflection: number): number[] => {
    const echoes = [fromDecibel(levels.burstDb)];
    for (let n = 1; ; n++) {
      const amplitude = fromDecibel(levels.ringDb - n * levels.ringLossDb) * reflection ** n;
      if (Math.abs(amplitude) < RING_FLOOR) return echoes;
      echoes.push(amplitude);
    }
  };
  const air = train(-1),
    contact = train(levels.lensToTissueReflection);
  for (let line = MARGIN_LINES; line < rows.lines - MARGIN_LINES; line++) {
    for (const [n, amplitude] of (map.contact[line] ? contact : air).entries()) {
      addEcho(rows, beam, line, n * levels.lensEchoMm, amplitude);
    }
  }
}
