import { describe, expect, it } from "vitest";
import { fromAxisAngle, multiply3x4 } from "../../../src/core/rigid.ts";
import { FINE_LINES, MARGIN_LINES } from "../../../src/sim/probe/lateral.ts";
import { createEchoSimulator, notModelled } from "../../../src/sim/probe/echo.ts";
import { allEffects, onlyEffects } from "../../../src/sim/probe/effects.ts";
import { domePhantom, muscleTissue, phantomPose, phantomScene, plainTissue } from "../../../src/sim/probe/phantoms.ts";
import { apertureMm, defaultProbe, defaultSettings, imageGeometry } from "../../../src/sim/probe/probe.ts";
import { coherence, copyOf, fullWidthHalfMaximum, meanPower, powerAt } from "./echo-support.ts";

const COARSE = { spacingMm: 1 };
const block = phantomScene({ tissue: () => 0, tissues: [plainTissue()] }, COARSE);
const plate = phantomScene({ bone: (_x, y) => 20 - y, tissue: () => 0, tissues: [plainTissue()] }, COARSE);
const speckle = createEchoSimulator(block, defaultProbe, {}, "seed", { effects: onlyEffects(["speckle"]) });
const { beam } = speckle;
const sampleMm = speckle.beam.sampleMm;
const LINE_MM = apertureMm(defaultProbe) / defaultProbe.lineCount;
const ROW_MM = imageGeometry(defaultProbe, {}).spacingMm[1];

/** Amplitude of line `line` around depth `y`, sample by sample. */
function profile(iq: ReturnType<typeof speckle.echo>, line: number, y: number, reachMm = 1.2): Float64Array {
  const first = Math.round((y - reachMm) / sampleMm);
  return Float64Array.from({ length: Math.round((2 * reachMm) / sampleMm) }, (_, i) =>
    Math.sqrt(powerAt(iq, line, first + i)),
  );
}

/** Depth of the power's centre of gravity on a line near `y`, mm. */
function echoDepth(iq: ReturnType<typeof speckle.echo>, line: number, y: number, reachMm = 0.3): number {
  let sum = 0, weight = 0; // prettier-ignore
  for (let sample = Math.round((y - reachMm) / sampleMm); sample * sampleMm < y + reachMm; sample++) {
    const p = powerAt(iq, line, sample) ** 2; // squared: the ringing tail counts little
    sum += p * sample * sampleMm;
    weight += p;
  }
  return sum / weight;
}

/** Frames far enough apart in elevation that their speckle has nothing in common. */
const independent = [-4, -1.5, 1, 3.5].map((z) => copyOf(speckle.echo(phantomPose(0.3, 0.1, z), 0)));

describe("speckle", () => {
  it.each([
    [10, 17],
    [17, 23],
    [23, 29],
    [29, 40],
  ])("between %d and %d mm is fully developed: envelope SNR 1.80-1.95, 5.57 dB in the logarithm", (from, to) => {
    let n = 0, sum = 0, sum2 = 0, log = 0, log2 = 0; // prettier-ignore
    for (const iq of independent) {
      for (let sample = Math.ceil(from / sampleMm); sample * sampleMm < to; sample++) {
        for (let line = 4; line < defaultProbe.lineCount - 4; line++) {
          const envelope = Math.sqrt(powerAt(iq, line, sample)),
            db = 20 * Math.log10(envelope + 1e-30);
          n++;
          sum += envelope;
          sum2 += envelope * envelope;
          log += db;
          log2 += db * db;
        }
      }
    }
    const snr = sum / n / Math.sqrt(sum2 / n - (sum / n) ** 2);
    expect(snr).toBeGreaterThan(1.8);
    expect(snr).toBeLessThan(1.95);
    const RAYLEIGH_DB = 5.57,
      SPARSE_FOCUS_DB = 0.3; // check C2
    expect(Math.abs(Math.sqrt(log2 / n - (log / n) ** 2) - RAYLEIGH_DB)).toBeLessThan(SPARSE_FOCUS_DB);
    // Unit level: mean power of muscle at the face is 0 dB by definition.
    const LEVEL_DB = 0.5;
    expect(Math.abs(10 * Math.log10(sum2 / n))).toBeLessThan(LEVEL_DB);
  });

  it("belongs to the tissue: moving the probe by one line moves it by one line", () => {
    const before = copyOf(speckle.echo(phantomPose(), 0));
    const after = speckle.echo(phantomPose(LINE_MM), 0);
    let worst = 0, peak = 0; // prettier-ignore
    for (let sample = 100; sample < 800; sample++) {
      for (let line = MARGIN_LINES + 2; line < before.lines - MARGIN_LINES - 2; line++) {
        const a = sample * before.lines + line + 1,
          b = sample * before.lines + line;
        worst = Math.max(worst, Math.abs(before.re[a]! - after.re[b]!), Math.abs(before.im[a]! - after.im[b]!));
        peak = Math.max(peak, Math.abs(before.re[a]!));
      }
    }
    const PHASE_STEP = 0.01; // the phase table has 4096 entries, and a point on a border of samples may cross it
    expect(worst / peak).toBeLessThan(PHASE_STEP);
  });

  it("is the same when the probe turns about its depth axis by half a circle, mirrored", () => {
    const there = copyOf(speckle.echo(phantomPose(), 0));
    const turned = speckle.echo(fromAxisAngle([0, 1, 0], Math.PI).m as Float64Array, 0);
    const mirrored = copyOf(turned);
    for (let sample = 0; sample < turned.samples; sample++) {
      for (let line = 0; line < turned.lines; line++) {
        const from = sample * turned.lines + line,
          to = sample * turned.lines + turned.lines - 1 - line;
        mirrored.re[to] = turned.re[from]!;
        mirrored.im[to] = turned.im[from]!;
      }
    }
    expect(coherence(there, mirrored, sampleMm, [5, 45])).toBeGreaterThan(0.999);
  });

  it("decorrelates in elevation and is gone after 1.4 mm", () => {
    const start = copyOf(speckle.echo(phantomPose(), 0));
    const half = copyOf(speckle.echo(phantomPose(0, 0, 0.36), 0));
    const gone = speckle.echo(phantomPose(0, 0, 1.4), 0);
    const FOCUS: [number, number] = [18, 22];
    const STATISTICS = 0.12; // some 600 resolution cells in the band
    expect(Math.abs(coherence(start, half, sampleMm, FOCUS) - 0.5)).toBeLessThan(STATISTICS);
    for (const band of [[10, 14], FOCUS, [23, 27], [28, 35]] as const) {
      expect(coherence(start, gone, sampleMm, band)).toBeLessThan(0.05);
    }
  });

  it.each([
    [[1, 0, 0], 0.785],
    [[0, 1, 0], 1.2],
    [[1, 1, 1], 0.4],
    [[1, -1, 0.5], 0.785],
  ] as const)("turned about (%s) by %f rad has the same level at every depth", (axis, angleRad) => {
    const deep = phantomScene(
      { tissue: () => 0, tissues: [plainTissue()] },
      { halfMm: [46, 46], depthMm: 90, spacingMm: 2 },
    );
    const simulator = createEchoSimulator(deep, defaultProbe, {}, "seed", { beam, effects: onlyEffects(["speckle"]) });
    const iq = simulator.echo(
      multiply3x4(fromAxisAngle(axis, angleRad, [0, 40, 0]).m as Float64Array, phantomPose(0, -25)),
      0,
    );
    const STATISTICS_DB = 0.5; // some 2000 resolution cells a band
    for (const band of [
      [8, 12],
      [18, 22],
      [28, 32],
      [38, 44],
    ] as const) {
      expect(Math.abs(10 * Math.log10(meanPower(iq, sampleMm, band)))).toBeLessThan(STATISTICS_DB);
    }
  });

  it("depends on the seed", () => {
    const other = createEchoSimulator(block, defaultProbe, {}, "other", { beam, effects: onlyEffects(["speckle"]) });
    const a = copyOf(speckle.echo(phantomPose(), 0));
    expect(coherence(a, other.echo(phantomPose(), 0), sampleMm, [5, 45])).toBeLessThan(0.01);
  });
});

describe("a point target", () => {
  const depths = [12, 15, 20, 25, 30, 40];
  const points = { positionsMm: depths.flatMap((y) => [0, y, 0]), amplitude: 1 };
  const wires = createEchoSimulator(block, defaultProbe, {}, "seed", { beam, effects: onlyEffects([]), points });
  const middle = defaultProbe.lineCount / 2; // its line lies half a spacing beside the centre

  it("has the axial width of the pulse at the foci", () => {
    const iq = wires.echo(phantomPose(-LINE_MM / 2), 0);
    // The pulse alone, read by the same straight lines between samples 0.06 mm apart.
    const pulse = fullWidthHalfMaximum(beam.pulse),
      SHARE = 0.1; // check C3
    expect(Math.abs(fullWidthHalfMaximum(profile(iq, middle, 20)) / pulse - 1)).toBeLessThan(SHARE);
  });

  it("has the lateral width of the element model at every depth", () => {
    // Reference 2.1: 0.333-0.344 at the focus, 0.41-0.46 elsewhere.
    const steps = Array.from({ length: 27 }, (_, i) => (i - 13) * 0.05);
    const frames = steps.map((offset) => {
      const iq = wires.echo(phantomPose(-LINE_MM / 2 + offset), 0);
      return depths.map((y) => Math.sqrt(powerAt(iq, middle, Math.round(y / sampleMm))));
    });
    depths.forEach((y, d) => {
      const width = fullWidthHalfMaximum(frames.map((frame) => frame[d]!)) * 0.05;
      const [low, high] = y === 20 ? [0.333, 0.344] : [0.41, 0.46];
      const SHARE = 0.12; // check C4
      expect(width, `${y} mm`).toBeGreaterThan(low * (1 - SHARE));
      expect(width, `${y} mm`).toBeLessThan(high * (1 + SHARE));
    });
  });

  it("is shown where it lies when the tissue has the assumed speed", () => {
    const iq = wires.echo(phantomPose(-LINE_MM / 2), 0);
    const AXIAL_MM = sampleMm / 2 + 0.03; // nearest sample, and the pulse's ringing tail; check C13 asks for 0.1
    for (const y of depths) expect(Math.abs(echoDepth(iq, middle, y) - y)).toBeLessThan(AXIAL_MM);
  });

  it("is shown 10 % too deep at 1400 m/s when 1540 are assumed", () => {
    const slow = phantomScene({ tissue: () => 0, tissues: [plainTissue(0, 1400)] }, COARSE);
    const wire = createEchoSimulator(slow, defaultProbe, {}, "seed", {
      beam,
      effects: onlyEffects(["speedOfSound"]),
      points: { positionsMm: [0, 40, 0], amplitude: 1 },
    });
    const iq = wire.echo(phantomPose(-LINE_MM / 2), 0);
    expect(Math.abs(echoDepth(iq, middle, 44) - 44)).toBeLessThan(0.05); // check C11
  });

  it("is shown 0.62 mm too deep below 10 mm of fat", () => {
    const layered = phantomScene(
      { tissue: (_x, y) => (y < 10 ? 1 : 0), tissues: [plainTissue(), plainTissue(0, 1450)] },
      { spacingMm: 0.5 },
    );
    const wire = createEchoSimulator(layered, defaultProbe, {}, "seed", {
      beam,
      effects: onlyEffects(["speedOfSound"]),
      points: { positionsMm: [0, 30, 0], amplitude: 1 },
    });
    const HALF_VOXEL_OF_FAT_MM = 0.25 * (1540 / 1450 - 1) + 0.05;
    expect(Math.abs(echoDepth(wire.echo(phantomPose(-LINE_MM / 2), 0), middle, 30.62) - 30.62)).toBeLessThan(
      HALF_VOXEL_OF_FAT_MM,
    );
  });
});

describe("attenuation", () => {
  it("takes 2αf dB a centimetre from the echo", () => {
    const alpha = 0.6;
    const lossy = phantomScene({ tissue: () => 0, tissues: [plainTissue(alpha)] }, COARSE);
    const lossySimulator = createEchoSimulator(lossy, defaultProbe, {}, "seed", {
      beam,
      effects: onlyEffects(["speckle", "attenuation"]),
    });
    // Same seed, same speckle: the ratio of the two is free of focus and of chance.
    const ratio = (y: number): number => {
      const band: [number, number] = [y - 1, y + 1];
      const withLoss = meanPower(lossySimulator.echo(phantomPose(), 0), sampleMm, band);
      return 10 * Math.log10(withLoss / meanPower(speckle.echo(phantomPose(), 0), sampleMm, band));
    };
    const slopeDbPerCm = (ratio(10) - ratio(40)) / 3;
    const expected = 2 * alpha * 7.5;
    expect(Math.abs(slopeDbPerCm / expected - 1)).toBeLessThan(0.05); // check C10
  });
});

describe("bone", () => {
  it("shadows what lies below it by more than 26 dB", () => {
    const half = phantomScene(
      { bone: (x, y) => Math.max(20 - y, x), tissue: () => 0, tissues: [plainTissue()] },
      { spacingMm: 0.5 },
    );
    const simulator = createEchoSimulator(half, defaultProbe, {}, "seed", {
      beam,
      effects: onlyEffects(["speckle", "shadow", "boneSpecular", "boneRough"]),
    });
    const iq = simulator.echo(phantomPose(), 0);
    const band: [number, number] = [25, 29];
    const below = meanPower(iq, sampleMm, band, [10, 60]),
      beside = meanPower(iq, sampleMm, band, [140, 190]);
    expect(10 * Math.log10(below / beside)).toBeLessThan(-26); // check C19, noise and tail off
    expect(Math.abs(10 * Math.log10(beside))).toBeLessThan(1);
  });

  it("at right angles is brightest within 0.1 mm of its surface, on every line", () => {
    const simulator = createEchoSimulator(plate, defaultProbe, {}, "seed", {
      beam,
      effects: onlyEffects(["speckle", "shadow", "boneSpecular", "boneRough"]),
    });
    const iq = simulator.echo(phantomPose(), 0);
    for (let line = 0; line < defaultProbe.lineCount; line += 7) {
      expect(Math.abs(echoDepth(iq, line, 20) - 20)).toBeLessThan(0.1);
    }
  });

  it("is shown at its true row, apex and flank, and fades and thickens with tilt", () => {
    const noSpeedError = { ...allEffects, speedOfSound: false, noise: false };
    const simulator = createEchoSimulator(domePhantom(), defaultProbe, {}, "seed", { beam, effects: noSpeedError });
    const { pixels, trueRidge } = simulator.frame(phantomPose(), 0);
    const at = (column: number) => {
      const around = Math.round(trueRidge[column]!);
      let peak = around - 8;
      for (let row = around - 8; row <= around + 12; row++) {
        if (pixels[row * 512 + column]! > pixels[peak * 512 + column]!) peak = row;
      }
      let top = peak, bottom = peak; // prettier-ignore
      const gray = pixels[peak * 512 + column]!;
      while (pixels[top * 512 + column]! > gray / 2) top--;
      while (pixels[bottom * 512 + column]! > gray / 2) bottom++;
      return { gray, errorMm: (peak - trueRidge[column]!) * ROW_MM, thicknessMm: (bottom - top - 1) * ROW_MM };
    };
    const mean = (from: number, to: number, of: (column: number) => number): number => {
      let sum = 0;
      for (let column = from; column < to; column++) sum += of(column);
      return sum / (to - from);
    };
    const apex = (of: (column: number) => number): number => mean(240, 272, of),
      flank = (of: (column: number) => number): number => mean(410, 440, of); // 37-46° of tilt
    expect(trueRidge[256]).toBeCloseTo(22 / ROW_MM, 0);
    expect(Math.abs(apex((c) => at(c).errorMm))).toBeLessThan(0.1);
    expect(Math.abs(flank((c) => at(c).errorMm))).toBeLessThan(0.35); // check C18
    expect(apex((c) => at(c).gray)).toBeGreaterThan(150);
    const fading = flank((c) => at(c).gray) / apex((c) => at(c).gray);
    expect(fading).toBeGreaterThan(0.45); // recorded L14 frames: 143 of 220
    expect(fading).toBeLessThan(0.85);
    // Check C17: in-vivo median to 90th percentile.
    expect(apex((c) => at(c).thicknessMm)).toBeGreaterThan(0.6);
    expect(apex((c) => at(c).thicknessMm)).toBeLessThan(1.3);
    expect(flank((c) => at(c).thicknessMm)).toBeGreaterThan(1.1);
    expect(flank((c) => at(c).thicknessMm)).toBeLessThan(2.8);
  });

  it("fades with tilt between an element model's surfaces of 30 and of 60 µm roughness", () => {
    const empty = { ...plainTissue(), texture: "none" as const };
    const peakDb = (tiltDeg: number): number => {
      const tilt = (tiltDeg * Math.PI) / 180;
      const scene = phantomScene(
        { bone: (x, y) => (20 - y) * Math.cos(tilt) + x * Math.sin(tilt), tissue: () => 0, tissues: [empty] },
        COARSE,
      );
      const effects = onlyEffects(["boneSpecular", "boneRough"]);
      const simulator = createEchoSimulator(scene, defaultProbe, {}, "seed", { beam, effects });
      let sum = 0, count = 0; // prettier-ignore
      for (const z of [-4, -1.5, 1, 3.5]) {
        const iq = simulator.echo(phantomPose(0, 0, z), 0);
        for (let line = 80; line < 112; line += 2, count++) {
          const y = 20 + (line - 95.5) * LINE_MM * Math.tan(tilt);
          sum += Math.max(...profile(iq, line, y)) ** 2;
        }
      }
      return 10 * Math.log10(sum / count);
    };
    const flat = peakDb(0);
    const TOLERANCE_DB = 4; // check C15: means over few patches of a rough surface
    for (const [tiltDeg, rough30, rough60] of [
      [8, -6.3, -2.8],
      [16, -10.9, -7],
      [24, -13.6, -10.8],
      [36, -18.9, -12],
      [48, -26.6, -13],
    ] as const) {
      const db = peakDb(tiltDeg) - flat;
      expect(db, `${tiltDeg}°`).toBeGreaterThan(rough30 - TOLERANCE_DB);
      expect(db, `${tiltDeg}°`).toBeLessThan(rough60 + TOLERANCE_DB);
    }
  });

  it("is reported where the beam met it, with the angle", () => {
    const simulator = createEchoSimulator(domePhantom(), defaultProbe, {}, "seed");
    const { hitsMm } = simulator.frame(phantomPose(0, 0, 1), 0);
    for (let line = 0; line < defaultProbe.lineCount; line++) {
      const [x, y, z, cosine] = [...hitsMm.subarray(4 * line, 4 * line + 4)] as [number, number, number, number];
      const TRILINEAR_MM = 0.02; // sphere of 25 mm on a 0.5 mm grid
      expect(Math.abs(Math.hypot(x, y - 47) - 25)).toBeLessThan(TRILINEAR_MM);
      expect(z).toBeCloseTo(1, 5);
      expect(Math.abs(cosine - (47 - y) / 25)).toBeLessThan(0.01);
    }
  });
});

describe("a frame", () => {
  const settings = { ...defaultSettings, smoothingMm: [0, 0] as const };

  it("is the same bytes at the same pose whatever was rendered in between", () => {
    const simulator = createEchoSimulator(domePhantom(), defaultProbe, {}, "seed", { beam });
    const pose = phantomPose(1, 0, 0.5);
    const first = simulator.frame(pose, 3);
    simulator.frame(phantomPose(-4, 0.2, 2), 4);
    const again = simulator.frame(pose, 3);
    expect(again.pixels).toEqual(first.pixels);
    expect(again.trueRidge).toEqual(first.trueRidge);
    expect(again.hitsMm).toEqual(first.hitsMm);
    expect(simulator.frame(pose, 4).pixels).not.toEqual(first.pixels); // other noise
    const fresh = createEchoSimulator(domePhantom(), defaultProbe, {}, "seed");
    expect(fresh.frame(pose, 3).pixels).toEqual(first.pixels);
  });

  it("gains 6·255/DR gray levels with 6 dB", () => {
    const dark = createEchoSimulator(block, defaultProbe, { ...settings, tgcDbPerCm: 0, gainDb: 20 }, "seed", {
      beam,
      effects: onlyEffects(["speckle"]),
    }).frame(phantomPose(), 0).pixels;
    const bright = createEchoSimulator(block, defaultProbe, { ...settings, tgcDbPerCm: 0, gainDb: 26 }, "seed", {
      beam,
      effects: onlyEffects(["speckle"]),
    }).frame(phantomPose(), 0).pixels;
    let sum = 0, count = 0; // prettier-ignore
    dark.forEach((gray, i) => {
      if (gray < 40 || gray > 200) return;
      sum += bright[i]! - gray;
      count++;
    });
    expect(count).toBeGreaterThan(50_000);
    const ROUNDING_GRAY = 0.05;
    expect(Math.abs(sum / count - (6 * 255) / 60)).toBeLessThan(ROUNDING_GRAY);
  });

  it("is black beside the aperture and has its face in row 0 at column (w - 1)/2", () => {
    const geometry = imageGeometry(defaultProbe, {});
    expect(geometry).toEqual({
      width: 512,
      height: 512,
      spacingMm: [50 / 512, 50 / 512],
      faceCentrePx: [255.5, 0],
      fieldOfView: { kind: "rectangle", widthMm: 40, depthMm: 50 },
    });
    const { pixels } = createEchoSimulator(block, defaultProbe, { gainDb: 20 }, "seed").frame(phantomPose(), 0);
    const edge = Math.floor(255.5 - 20 / geometry.spacingMm[0]);
    let beside = 0, inside = 0; // prettier-ignore
    for (let row = 100; row < 400; row++) {
      for (let column = 0; column < edge; column++) beside = Math.max(beside, pixels[row * 512 + column]!);
      inside += pixels[row * 512 + edge + 3]! > 0 ? 1 : 0;
    }
    expect(beside).toBe(0);
    expect(inside).toBeGreaterThan(280);
  });

  it("rings and stays dark where the face is in air, and meets no bone there", () => {
    const lifted = phantomScene(
      {
        bone: (_x, y) => 20 - y,
        skin: (x, y) => (x > 2 ? 12 - y : -y),
        tissue: (x, y) => (y < (x > 2 ? 12 : 0) ? 1 : 0),
        tissues: [
          { ...muscleTissue, echoDb: 0, texture: "diffuse" },
          { ...plainTissue(), name: "gel", texture: "none" },
        ],
      },
      { spacingMm: 0.5 },
    );
    const simulator = createEchoSimulator(lifted, defaultProbe, {}, "seed", {
      beam,
      effects: { ...allEffects, noise: false },
    });
    const { trueRidge, hitsMm } = simulator.frame(phantomPose(), 0);
    expect(trueRidge[400]).toBeNaN();
    expect(trueRidge[120]).toBeCloseTo(20 / ROW_MM, 0);
    expect(hitsMm[4 * 180]).toBeNaN();
    const iq = simulator.echo(phantomPose(), 0);
    const air = meanPower(iq, sampleMm, [15, 19], [150, 190]),
      contact = meanPower(iq, sampleMm, [15, 19], [10, 60]);
    expect(10 * Math.log10(air / contact)).toBeLessThan(-40); // check C24
    const ring = meanPower(iq, sampleMm, [1, 3], [150, 190]);
    expect(ring).toBeGreaterThan(10 * meanPower(iq, sampleMm, [1, 3], [10, 60]));
  });

  it("has nothing but noise outside the body, and brighter noise deeper down", () => {
    const empty = phantomScene(
      { tissue: () => 0, tissues: [{ ...plainTissue(), texture: "none", name: "gel" }] },
      COARSE,
    );
    const simulator = createEchoSimulator(empty, defaultProbe, { ...settings, gainDb: 60 }, "seed", {
      beam,
      effects: onlyEffects(["noise"]),
    });
    const iq = simulator.echo(phantomPose(), 0);
    const shallow = meanPower(iq, sampleMm, [5, 10]),
      deep = meanPower(iq, sampleMm, [40, 45]);
    expect(Math.abs(10 * Math.log10(deep / shallow))).toBeLessThan(0.3); // the gain is the display's
    expect(Math.abs(10 * Math.log10(deep) + 70)).toBeLessThan(0.5);
    let envelope = 0;
    for (let line = 0; line < 192; line++) envelope += Math.sqrt(powerAt(iq, line, 700)) / 192;
    const RAYLEIGH = Math.sqrt(Math.PI) / 2; // mean over root mean square
    expect(Math.abs(envelope / Math.sqrt(deep) / RAYLEIGH - 1)).toBeLessThan(0.12);
    const { pixels } = simulator.frame(phantomPose(), 0);
    const rowMean = (row: number): number => {
      let sum = 0;
      for (let v = row; v < row + 40; v++) for (let u = 60; u < 450; u++) sum += pixels[v * 512 + u]! / (40 * 390);
      return sum;
    };
    const growth = rowMean(420) - rowMean(100);
    const expected = ((320 * ROW_MM) / 10) * defaultSettings.tgcDbPerCm * (255 / defaultSettings.dynamicRangeDb);
    expect(Math.abs(growth - expected)).toBeLessThan(2); // check C23; 16 000 samples of 24 gray levels' spread
  });

  it("lists what it leaves out", () => {
    expect(notModelled.length).toBeGreaterThan(3);
    expect(FINE_LINES).toBeGreaterThan(1);
  });

  it("refuses an image size or a depth that no scanner has", () => {
    expect(() => imageGeometry(defaultProbe, { widthPx: 4 })).toThrow(/16 to 4096/);
    expect(() => imageGeometry(defaultProbe, { depthMm: 0 })).toThrow(/5 to 200 mm/);
  });
});
