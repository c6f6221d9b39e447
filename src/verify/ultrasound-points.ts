import { createEchoSimulator } from "../sim/probe/echo.ts";
import { onlyEffects } from "../sim/probe/effects.ts";
import { phantomPose, phantomScene, plainTissue } from "../sim/probe/phantoms.ts";
import { apertureMm, defaultProbe, imageGeometry, probes, type Probe } from "../sim/probe/probe.ts";
import type { Scene } from "../sim/scene.ts";
import type { IqGrid } from "../sim/probe/splat.kernel.ts";
import { pulseSigmaMm } from "../sim/probe/band.ts";
import { computeBeam } from "../sim/probe/beam.ts";
import { MARGIN_LINES } from "../sim/probe/lateral.ts";
import { numericCheck, type Check } from "./check.ts";
import { widthMm } from "./ultrasound-element-figures.ts";
import {
  beamTo,
  COARSE,
  copyOf,
  dB,
  fixed,
  fullWidth,
  listed,
  MIDDLE,
  ON_AXIS_MM,
  once,
  peakDepth,
  peakOf,
  plainBlock,
  powerAt,
  profile,
  simulatorOf,
  SPEED_MPS,
} from "./ultrasound-frames.ts";

const DEPTHS_MM = [6, 10, 12, 15, 20, 25, 30, 35, 40] as const;
const sampleMm = (): number => beamTo(50).sampleMm;

/** Highest amplitude on the middle line around each depth. */
const peaks = (iq: IqGrid): readonly number[] =>
  DEPTHS_MM.map((y) => peakOf(profile(iq, MIDDLE, y, sampleMm()).amplitude).height);

const wires = () =>
  once("wires", () =>
    simulatorOf(plainBlock(), [], {
      points: { positionsMm: DEPTHS_MM.flatMap((y) => [0, y, 0]), amplitude: 1 },
    }),
  );

/** −6 dB widths of a point that is stepped past the middle line, mm, by depth. */
function steppedWidths(stepMm: number, reachMm: number, pose: (offsetMm: number) => Float64Array): readonly number[] {
  const count = Math.round(reachMm / stepMm);
  const rows = Array.from({ length: 2 * count + 1 }, (_, i) => peaks(wires().echo(pose((i - count) * stepMm), 0)));
  return DEPTHS_MM.map((_, d) => stepMm * fullWidth(rows.map((row) => row[d]!)));
}

/** −6 dB width of a point on the middle line along depth, mm, on samples interpolated eight times (sinc). */
function axialWidth({ lines, re, im, samples }: IqGrid, depthMm: number): number {
  const FINE = 8;
  const middle = Math.round(depthMm / sampleMm()),
    reach = Math.round(0.5 / sampleMm()),
    column = MIDDLE + MARGIN_LINES;
  const amplitude = Array.from({ length: 2 * reach * FINE + 1 }, (_, i) => {
    const at = middle - reach + i / FINE;
    let a = 0, b = 0; // prettier-ignore
    for (let sample = Math.max(0, middle - 3 * reach); sample < Math.min(samples, middle + 3 * reach); sample++) {
      const x = Math.PI * (at - sample),
        w = Math.abs(x) < 1e-9 ? 1 : Math.sin(x) / x;
      a += w * re[sample * lines + column]!;
      b += w * im[sample * lines + column]!;
    }
    return Math.hypot(a, b);
  });
  return (sampleMm() / FINE) * fullWidth(amplitude);
}

/** Reference 2.1: lateral −6 dB widths, 0.333-0.344 mm at the focus and 0.41-0.46 mm elsewhere. */
const lateralRange = (depthMm: number): readonly [number, number] => (depthMm === 20 ? [0.333, 0.344] : [0.41, 0.46]);

/** Reference 2.1, PyMUST | element model: the range between the two. */
const ELEVATION_RANGE_MM: Readonly<Record<number, readonly [number, number]>> = {
  6: [2.7, 2.83],
  10: [1.72, 1.75],
  15: [0.6, 0.63],
  20: [0.74, 0.74],
  25: [1.0, 1.03],
  30: [1.25, 1.28],
  35: [1.61, 1.72],
  40: [2.04, 2.27],
};

const lateralWidths = (): readonly number[] =>
  once("lateral widths", () => steppedWidths(0.04, 0.6, (x) => phantomPose(ON_AXIS_MM + x)));
const elevationWidths = (): readonly number[] =>
  once("elevation widths", () => steppedWidths(0.06, 1.8, (z) => phantomPose(ON_AXIS_MM, 0, z)));

const share = (value: number, expected: number): number => value / expected - 1;

/** A wire at `depthMm` under `tissue` of the scene, all at one speed or in layers; where it is shown, mm. */
function shownDepth(scene: Scene, depthMm: number, near: number, imageDepthMm: number): number {
  const simulator = simulatorOf(scene, ["speedOfSound"], {
    points: { positionsMm: [0, depthMm, 0], amplitude: 1 },
    settings: { depthMm: imageDepthMm },
  });
  return peakDepth(simulator.echo(phantomPose(ON_AXIS_MM), 0), MIDDLE, near, beamTo(imageDepthMm).sampleMm);
}

/** Largest distance between where points are shown in the picture and where they are: across and along depth, mm. */
function gridErrors(probe: Probe): { readonly across: number; readonly along: number } {
  const depthMm = 50,
    half = apertureMm(probe) / 2;
  const positions: number[] = [];
  for (const depth of [5, 12.3, 20, 28.7, 37.1, 45]) {
    for (const share of [-0.85, -0.43, 0.02, 0.51, 0.84]) {
      const s = share * half, r = probe.radiusMm; // prettier-ignore
      if (!r) positions.push(s, depth, 0);
      else positions.push((r + depth) * Math.sin(s / r), (r + depth) * Math.cos(s / r) - r, 0);
    }
  }
  const settings = {
    widthPx: 1024,
    heightPx: 1024,
    depthMm,
    tgcDbPerCm: 0,
    dynamicRangeDb: 60,
    gainDb: 20,
    smoothingMm: [0, 0] as const,
  };
  const simulator = createEchoSimulator(plainBlock(), probe, settings, "verify", {
    effects: onlyEffects([]),
    points: { positionsMm: positions, amplitude: 10 },
    beam: probe === defaultProbe ? beamTo(depthMm) : computeBeam(probe, SPEED_MPS, depthMm),
  });
  const { pixels } = simulator.frame(phantomPose(), 0);
  const { width, height, spacingMm, faceCentrePx } = imageGeometry(probe, settings);
  let across = 0,
    along = 0;
  for (let i = 0; i < positions.length; i += 3) {
    // Centre of gravity of what is within 20 dB of the brightest pixel within five wavelengths.
    const u0 = Math.round(positions[i]! / spacingMm[0] + faceCentrePx[0]),
      v0 = Math.round(positions[i + 1]! / spacingMm[1] + faceCentrePx[1]);
    const reach = Math.round((5e3 * SPEED_MPS) / probe.frequencyHz / spacingMm[0]);
    let top = 0;
    const near: (readonly [number, number, number])[] = [];
    for (let v = Math.max(0, v0 - reach); v <= Math.min(height - 1, v0 + reach); v++) {
      for (let u = Math.max(0, u0 - reach); u <= Math.min(width - 1, u0 + reach); u++) {
        near.push([u, v, pixels[v * width + u]!]);
        top = Math.max(top, pixels[v * width + u]!);
      }
    }
    let weight = 0, su = 0, sv = 0; // prettier-ignore
    for (const [u, v, gray] of near) {
      const w = Math.max(0, 10 ** (((gray - top) * settings.dynamicRangeDb) / 255 / 10) - 0.01);
      weight += w;
      su += w * u;
      sv += w * v;
    }
    across = Math.max(across, Math.abs((su / weight - faceCentrePx[0]) * spacingMm[0] - positions[i]!));
    along = Math.max(along, Math.abs((sv / weight - faceCentrePx[1]) * spacingMm[1] - positions[i + 1]!));
  }
  return { across, along };
}

/** Mean echo power of speckle with and without loss at a depth, dB; same scatterers, so focus and chance cancel. */
function lossDb(alphaDbCmMhz: number, depthMm: number): number {
  const frame = (alpha: number): IqGrid =>
    once(`loss ${alpha}`, () => {
      const scene = phantomScene({ tissue: () => 0, tissues: [plainTissue(alpha)] }, COARSE);
      return copyOf(simulatorOf(scene, ["speckle", "attenuation"]).echo(phantomPose(), 0));
    });
  let lossy = 0, whole = 0; // prettier-ignore
  const from = Math.ceil((depthMm - 1) / sampleMm()),
    to = Math.floor((depthMm + 1) / sampleMm());
  for (let sample = from; sample <= to; sample++) {
    for (let line = 4; line < defaultProbe.lineCount - 4; line++) {
      lossy += powerAt(frame(alphaDbCmMhz), line, sample);
      whole += powerAt(frame(0), line, sample);
    }
  }
  return dB(lossy / whole);
}

const ALPHA = 0.6;

export const pointChecks: readonly Check[] = [
  {
    id: "ultrasound.c03.axial-width",
    statement: "At the foci a point is as long as the pulse: −6 dB width along depth at 20 mm",
    source:
      "closed form for 70 % of 7.5 MHz: 0.441·c/(B·f) = 0.129 mm. It knows no aperture: off the foci the element " +
      "model's points are 0.120-0.164 mm long (next check)",
    expected: `${fixed(2 * Math.sqrt(2 * Math.LN2) * pulseSigmaMm(defaultProbe, SPEED_MPS), 3)} mm`,
    tolerance: "10 %",
    async run() {
      const expected = 2 * Math.sqrt(2 * Math.LN2) * pulseSigmaMm(defaultProbe, SPEED_MPS);
      const found = axialWidth(wires().echo(phantomPose(ON_AXIS_MM), 0), 20);
      return { measured: `${fixed(found, 3)} mm`, pass: Math.abs(share(found, expected)) <= 0.1 };
    },
  },
  {
    id: "ultrasound.c03.axial-own-element-model",
    statement: "A point is as long as this project's own element model says, from 12 mm down",
    source: "test/support/element-model: what comes from the edges of aperture and lens is early or late",
    expected: `${listed(Object.values(widthMm.axial), 3)} mm`,
    tolerance: "10 %",
    async run() {
      const iq = wires().echo(phantomPose(ON_AXIS_MM), 0);
      const off = Object.entries(widthMm.axial).map(
        ([y, width]) => [y, share(axialWidth(iq, Number(y)), width)] as const,
      );
      return {
        measured: off.map(([y, part]) => `${fixed(100 * part, 0)} % at ${y} mm`).join(", "),
        pass: off.every(([, part]) => Math.abs(part) <= 0.1),
      };
    },
  },
  {
    id: "ultrasound.c04.lateral-width",
    statement: "A point is as wide as the table says: −6 dB width across lines at 12, 15, 20, 25, 30, 35, 40 mm",
    source: "reference 2.1 (element model); nearer than 12 mm the beam has two humps",
    expected: "0.333-0.344 mm at 20 mm, 0.41-0.46 mm elsewhere",
    tolerance: "12 %",
    async run() {
      const found = lateralWidths();
      const depths = DEPTHS_MM.map((y, i) => [y, found[i]!] as const).filter(([y]) => y >= 12);
      return {
        measured: `${listed(depths.map(([, width]) => width))} mm`,
        pass: depths.every(([y, width]) => {
          const [low, high] = lateralRange(y);
          return width >= low * 0.88 && width <= high * 1.12;
        }),
      };
    },
  },
  {
    id: "ultrasound.c04.lateral-own-element-model",
    statement: "The same against this project's own element model, depth by depth",
    source: "test/support/element-model",
    expected: `${listed(DEPTHS_MM.filter((y) => y >= 12).map((y) => widthMm.lateral[y]))} mm`,
    tolerance: "12 %",
    async run() {
      const off = DEPTHS_MM.map((y, i) => [y, share(lateralWidths()[i]!, widthMm.lateral[y])] as const).filter(
        ([y]) => y >= 12,
      );
      return {
        measured: off.map(([y, part]) => `${fixed(100 * part, 0)} % at ${y} mm`).join(", "),
        pass: off.every(([, part]) => Math.abs(part) <= 0.12),
      };
    },
  },
  {
    id: "ultrasound.c05.elevation-width",
    statement: "The slice is as thick as the table says: −6 dB width in elevation at 6, 10, 15, 20, 25, 30, 35, 40 mm",
    source: "reference 2.1 (PyMUST and element model)",
    expected: Object.values(ELEVATION_RANGE_MM)
      .map(([low, high]) => (low === high ? low : `${low}-${high}`))
      .join(", "),
    tolerance: "10 %",
    async run() {
      const rows = DEPTHS_MM.map((y, i) => [y, elevationWidths()[i]!] as const).filter(
        ([y]) => y in ELEVATION_RANGE_MM,
      );
      const off = rows.filter(([y, width]) => {
        const [low, high] = ELEVATION_RANGE_MM[y]!;
        return width < low * 0.9 || width > high * 1.1;
      });
      return {
        measured:
          `${listed(rows.map(([, width]) => width))} mm` +
          (off.length ? `; outside at ${off.map(([y]) => y).join(", ")} mm` : ""),
        pass: off.length === 0,
      };
    },
  },
  {
    id: "ultrasound.c05.elevation-own-element-model",
    statement: "The same against this project's own element model, depth by depth",
    source: "test/support/element-model",
    expected: `${listed(DEPTHS_MM.map((y) => widthMm.elevation[y]))} mm`,
    tolerance: "10 %",
    async run() {
      const off = DEPTHS_MM.map((y, i) => [y, share(elevationWidths()[i]!, widthMm.elevation[y])] as const);
      return {
        measured: off.map(([y, part]) => `${fixed(100 * part, 0)} % at ${y} mm`).join(", "),
        pass: off.every(([, part]) => Math.abs(part) <= 0.1),
      };
    },
  },
  {
    id: "ultrasound.c10.attenuation",
    statement: "Loss lowers the echo by 2αf a centimetre (0.6 dB/cm/MHz, from 8 to 40 mm, TGC off)",
    source: "closed form; focus and chance divided out by the same speckle without loss",
    expected: 2 * ALPHA * (defaultProbe.frequencyHz / 1e6),
    tolerance: "5 %",
    async run() {
      const slope = (lossDb(ALPHA, 8) - lossDb(ALPHA, 40)) / 3.2;
      return { measured: slope, pass: Math.abs(share(slope, 2 * ALPHA * (defaultProbe.frequencyHz / 1e6))) <= 0.05 };
    },
  },
  numericCheck(
    {
      id: "ultrasound.c11.slow-medium",
      statement: "A wire 50 mm deep at 1400 m/s is shown at 55 mm when 1540 m/s are assumed (mm)",
      source: "closed form: d·c₀/c",
      expected: 55,
      tolerance: 0.05,
    },
    () =>
      shownDepth(
        phantomScene({ tissue: () => 0, tissues: [plainTissue(0, 1400)] }, { ...COARSE, depthMm: 70 }),
        50,
        55,
        60,
      ),
  ),
  numericCheck(
    {
      id: "ultrasound.c12.fat-layer",
      statement: "Below 10 mm of fat (1450 m/s) a wire is shown this much too deep, mm",
      source: "closed form: d·(c₀/c − 1)",
      expected: 10 * (SPEED_MPS / 1450 - 1),
      tolerance: 0.03,
    },
    () => {
      // Voxel centres at 9.875 and 10.125 mm: the border of the labels lies at 10 mm.
      const layered = phantomScene(
        { tissue: (_x, y) => (y < 10 ? 1 : 0), tissues: [plainTissue(), plainTissue(0, 1450)] },
        { spacingMm: 0.25, halfMm: [8, 2] },
      );
      const [ox, oy, oz] = layered.grid.originMm;
      const moved: Scene = { ...layered, grid: { ...layered.grid, originMm: [ox, oy + 0.125, oz] } };
      return shownDepth(moved, 30, 30.62, 50) - 30;
    },
  ),
  {
    id: "ultrasound.c13.linear-geometry",
    statement: "Points all over the image are shown where they are, with every linear probe of the table",
    source: "positions of the phantom, assumed speed = true speed",
    expected: "0 mm",
    tolerance: "0.15 mm across, 0.1 mm along depth",
    async run() {
      const found = Object.values<Probe>(probes)
        .filter(({ radiusMm }) => !radiusMm)
        .map((probe) => ({ name: probe.name, ...gridErrors(probe) }));
      return {
        measured: found
          .map(({ name, across, along }) => `${name}: ${fixed(across, 3)} across, ${fixed(along, 3)} along`)
          .join("; "),
        pass: found.every(({ across, along }) => across <= 0.15 && along <= 0.1),
      };
    },
  },
  {
    id: "ultrasound.c13.convex-geometry",
    statement: "The same with every convex probe after scan conversion, on the whole sector",
    source: "positions of the phantom",
    expected: "0 mm",
    tolerance: "0.15 mm across, 0.1 mm along depth",
    async run() {
      const found = Object.values<Probe>(probes)
        .filter(({ radiusMm }) => radiusMm)
        .map((probe) => ({ name: probe.name, ...gridErrors(probe) }));
      return {
        measured: found
          .map(({ name, across, along }) => `${name}: ${fixed(across, 3)} across, ${fixed(along, 3)} along`)
          .join("; "),
        pass: found.every(({ across, along }) => across <= 0.15 && along <= 0.1),
      };
    },
  },
];
