import type { BoneReport, FrameSample, PerThreshold, Report, SurfaceScore } from "../../src/data/report.ts";
import { selectTriangles, triangleCentre, vertexCount, type Mesh } from "../../src/geometry/mesh.ts";
import type { ScanFrame } from "../../src/data/scan-track.ts";
import type { ReportAssets, ReportMesh, ReportScan } from "../../src/report/assets.ts";
import { PNG } from "pngjs";

/** A closed ball of `rings` × 2·`rings` quads, triangles outward. */
export function ball(radiusMm: number, rings: number, centre: readonly [number, number, number] = [0, 0, 0]): Mesh {
  const around = 2 * rings;
  const positions: number[] = [],
    triangles: number[] = [];
  for (let ring = 0; ring <= rings; ring++) {
    const polar = (Math.PI * ring) / rings;
    for (let step = 0; step < around; step++) {
      const azimuth = (2 * Math.PI * step) / around;
      positions.push(
        centre[0] + radiusMm * Math.sin(polar) * Math.cos(azimuth),
        centre[1] + radiusMm * Math.sin(polar) * Math.sin(azimuth),
        centre[2] + radiusMm * Math.cos(polar),
      );
    }
  }
  for (let ring = 0; ring < rings; ring++) {
    for (let step = 0; step < around; step++) {
      const a = ring * around + step,
        b = ring * around + ((step + 1) % around);
      triangles.push(a, a + around, b, b, a + around, b + around);
    }
  }
  return { positions: Float32Array.from(positions), triangles: Uint32Array.from(triangles) };
}

/** The front of a ball, pushed outward by a wave of 1.5 mm: what a scan from +Y gives, with a known error. */
function dented(radiusMm: number, centre: readonly [number, number, number]): ReportMesh {
  const whole = ball(radiusMm, 48, centre);
  const { mesh } = selectTriangles(whole, (i) => triangleCentre(whole, i).y - centre[1] > -0.2 * radiusMm);
  const positions = Float32Array.from(mesh.positions),
    errorMm = new Float32Array(vertexCount(mesh));
  for (let v = 0; v < errorMm.length; v++) {
    const out = [0, 1, 2].map((axis) => (mesh.positions[v * 3 + axis]! - centre[axis]!) / radiusMm);
    errorMm[v] = 1.5 * Math.sin(6 * out[0]!) * Math.cos(5 * out[2]!) + 0.2;
    for (let axis = 0; axis < 3; axis++) positions[v * 3 + axis]! += errorMm[v]! * out[axis]!;
  }
  return { bone: "femur", role: "result", mesh: { positions, triangles: mesh.triangles }, errorMm };
}

/** Distance to the front that the result covers: none there, then growing over the back. */
function trueBall(bone: string, radiusMm: number, centre: readonly [number, number, number]): ReportMesh {
  const mesh = ball(radiusMm, 48, centre);
  const count = vertexCount(mesh);
  const depth = Float32Array.from(
    { length: count },
    (_, v) => -0.2 * radiusMm - (mesh.positions[v * 3 + 1]! - centre[1]),
  );
  return {
    bone,
    role: "truth",
    mesh,
    errorMm: depth.map((mm) => Math.max(0.3, mm)),
    reachable: Uint8Array.from(depth, (mm) => (mm < 0.4 * radiusMm ? 1 : 0)),
  };
}

const perThreshold = (a: number, b: number, c: number, d: number): PerThreshold => [a, b, c, d];

export function score(assd: number | null, coverage: PerThreshold | null): SurfaceScore {
  return {
    assd,
    meanAccuracy: assd,
    meanCompleteness: assd,
    rms: assd === null ? null : assd * 1.3,
    rmsAccuracy: assd === null ? null : assd * 1.3,
    hd95: assd === null ? null : assd * 2.2,
    hd100: assd === null ? null : assd * 4,
    bias: assd === null ? null : -assd / 3,
    precision: coverage,
    coverage,
    fScore: coverage,
    surfaceDice: coverage,
    resultAreaMm2: 8123.4,
    truthAreaMm2: 12_345.6,
  };
}

export function boneReport(bone: BoneReport["bone"], changes: Partial<BoneReport> = {}): BoneReport {
  const edgesMm = Array.from({ length: 41 }, (_, i) => (i - 20) / 5);
  const heights = edgesMm.slice(0, 40).map((low) => Math.exp(-0.5 * ((low - 0.2) / 0.9) ** 2));
  const sum = heights.reduce((total, height) => total + height, 0);
  return {
    bone,
    scores: {
      reachable: score(0.84, perThreshold(0.42, 0.7, 0.957, 0.998)),
      unreachable: score(null, null),
      whole: score(1.9, perThreshold(0.3, 0.5, 0.7, 0.8)),
    },
    aligned: { reachable: score(0.61, perThreshold(0.5, 0.8, 0.97, 1)), translationMm: 0.73, rotationDeg: 0.41 },
    regions: [
      {
        region: "trochlea",
        truthAreaMm2: 1820,
        reachableShare: 0.93,
        mean: 0.7,
        p95: 1.6,
        bias: 0.2,
        coverage1mm: 0.81,
      },
      {
        region: "medial distal",
        truthAreaMm2: 940,
        reachableShare: 0.6,
        mean: 1.1,
        p95: 2.4,
        bias: -0.5,
        coverage1mm: 0.44,
      },
      { region: "notch", truthAreaMm2: 310, reachableShare: 0, mean: null, p95: null, bias: null, coverage1mm: null },
    ],
    histogram: { edgesMm, share: heights.map((height) => height / sum) },
    failure: null,
    ...changes,
  };
}

const FRAME = { width: 200, height: 160, pixelMm: [0.25, 0.3] as const };

function frameSample(index: number): FrameSample {
  const trueRow = Array.from({ length: FRAME.width }, (_, u) => (u < 25 || u > 175 ? null : 60 + (u - 100) ** 2 / 160));
  const foundRow = trueRow.map((row, u) => (row === null || (u > 120 && u < 131) ? null : row + Math.sin(u / 7)));
  return { index, file: `frame-${index}.png`, label: "anterior sweep, knee at 30°", ...FRAME, foundRow, trueRow };
}

/** Speckle that fades with depth, a bright bone line, shadow below it. */
function framePng({ width, height, trueRow }: FrameSample): Uint8Array {
  const png = new PNG({ width, height });
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < width; u++) {
      const row = trueRow?.[u] ?? Infinity;
      const speckle =
        90 * Math.abs(Math.sin(u * 12.9898 + v * 78.233) * Math.cos(u * 3.1 - v * 5.7)) * Math.exp(-v / 90);
      const gray = v < row - 3 ? speckle : v < row + 3 ? 230 - 30 * Math.abs(v - row) : speckle / 8;
      png.data.set([gray, gray, gray, 255], (v * width + u) * 4);
    }
  }
  return PNG.sync.write(png);
}

export function syntheticReport(changes: Partial<Report> = {}): Report {
  const samples = [12, 140, 301].map(frameSample);
  const path = Array.from({ length: 120 }, (_, i) => [30 * Math.sin(i / 30 - 2), 48, 30 * Math.cos(i / 12)]).flat();
  return {
    schemaVersion: 1,
    kind: "run",
    title: "Knee, tracked sweep",
    software: {
      name: "sonobench",
      version: "0.1.0",
      code: { commit: "0123456789abcdef0123456789abcdef01234567", dirty: false },
      packages: { "onnxruntime-node": "1.30.0", "manifold-3d": "3.5.4" },
    },
    seed: "knee-1",
    headline: {
      "femur.reachable.assd": { value: 0.8437, low: 0.7912, high: 0.9054, unit: "mm" },
      "all.reachable.assd": { value: 0.9137, low: 0.8412, high: 0.9954, unit: "mm" },
      "all.reachable.hd95": { value: 2.317, low: 2.02, high: 2.71, unit: "mm" },
      "all.reachable.coverage2mm": { value: 0.957, low: 0.932, high: 0.974, unit: "1" },
      "segmentation.meanAbs": { value: 0.2312, low: 0.2201, high: 0.2443, unit: "mm" },
      "pose.imageRms": { value: 0.61, low: 0.55, high: 0.68, unit: "mm" },
      "frames.count": { value: 312, low: 312, high: 312, unit: "1" },
    },
    configuration: {
      name: "knee-tracked",
      tracker: { kind: "optitrack-duo", rateHz: 120, markers: [[0, 0, 0], [40, 0, 3]] }, // prettier-ignore
      sweeps: [{ name: "anterior", speedMmPerS: 15 }],
    },
    bones: [
      boneReport("femur"),
      boneReport("tibia"),
      boneReport("patella", {
        failure: "no surface was reconstructed",
        regions: [],
        histogram: { edgesMm: [], share: [] },
      }),
    ],
    completed: [
      {
        bone: "femur",
        rmsMm: { seen: 0.6, unseen: 1.1, whole: 0.8 },
        unseenP95Mm: 2.3,
        withinStated: 0.94,
        statedSdMm: [0.5, 0.9],
        print: {
          closed: true,
          crossings: 0,
          sizeMm: [80, 66, 115],
          volumeMm3: 190_000,
          minWallMm: 3.1,
          wall1PercentMm: 5.2,
        },
      },
    ],
    routes: [
      { route: "points", assdMm: 0.4, hd95Mm: 1.3, biasMm: 0.1, coverage2mm: 0.97, precision2mm: 0.99, areaMm2: 23000 },
      { route: "plus", assdMm: null, hd95Mm: null, biasMm: null, coverage2mm: null, precision2mm: null, areaMm2: 0 },
    ],
    motion: [
      {
        sweep: "linear medial",
        frames: 200,
        pathMm: [0, 50, 100],
        errorMm: { lateral: [0, 1, 2], axial: [0, -0.5, 0.5], elevational: [0, -4, -9] },
        sdMm: { lateral: [0, 1, 2], axial: [0, 1, 2], elevational: [0, 3, 6] },
        withinStated: 0.9,
        methods: [
          { method: "learned", driftMm: [0, 4.2, 9.2], score2025: 0.81, finalByPath: 0.092, gpeMm: 4.1, lpeMm: 0.12 },
          { method: "stand-still", driftMm: [0, 50, 100], score2025: 0, finalByPath: 1, gpeMm: 50, lpeMm: 0.5 },
        ],
      },
    ],
    segmentation: {
      meanAbsMm: 0.231,
      p95Mm: 0.83,
      biasMm: 0.05,
      missedColumnsShare: 0.064,
      falseColumnsShare: 0.012,
      columns: 51_200,
    },
    frames: { total: 330, used: 312, dropped: { occluded: 12, "no contact": 6 }, samples },
    models: [{ use: "bone in the images", name: "bone", sha256: "ab".repeat(32) }],
    meshes: [
      { bone: "femur", role: "result", file: "femur.ply", triangles: 5000 },
      { bone: "femur", role: "truth", file: "truth/femur.stl", triangles: 9216 },
    ],
    probePathMm: path,
    notModelled: ["Refraction at the interface of fat and muscle.", "Motion of the leg between the strokes."],
    warnings: ["12 images had no pose within 20 ms and were left out."],
    ...changes,
  };
}

/** Forty frames across the front of the ball of `dented`, each with the arc of its section; a film of gray tiles. */
export function syntheticScan(): ReportScan {
  const columns = Array.from({ length: 20 }, (_, i) => 5 + 10 * i);
  const frames = Array.from({ length: 40 }, (_, i): ScanFrame => {
    const z = -25 + (50 * i) / 39;
    return {
      index: 12 + 8 * i,
      timeS: i / 10,
      stroke: i < 35 ? 0 : -1,
      // Columns along x, rows towards the ball's middle (−y); pixel (0, 0) at x = −25, y = 48.
      pose: [0.25, 0, 0, 0, -0.3, 0, -25, 48, z],
      rows: columns.map((u) => {
        const y2 = 30 ** 2 - z ** 2 - (u * 0.25 - 25) ** 2;
        return y2 > 0 ? (48 - Math.sqrt(y2)) / 0.3 : null;
      }),
    };
  });
  const tilePx = [25, 20] as const,
    across = 7;
  const film = new PNG({ width: across * tilePx[0], height: 6 * tilePx[1] });
  for (let i = 0; i < film.data.length; i += 4) film.data.set([150, 150, 150, 255], i);
  return {
    track: {
      schemaVersion: 1,
      widthPx: FRAME.width,
      heightPx: FRAME.height,
      columns,
      everyFrames: 1,
      strokes: ["anterior <b>sweep</b>"],
      film: { file: "film.png", across, tilePx },
      frames,
    },
    filmPng: PNG.sync.write(film),
  };
}

export function syntheticAssets(report: Report = syntheticReport()): ReportAssets {
  return {
    meshes: [
      dented(30, [0, 0, 0]),
      trueBall("femur", 30, [0, 0, 0]),
      { ...dented(18, [0, 4, -56]), bone: "tibia" },
      trueBall("tibia", 18, [0, 4, -56]),
    ],
    frames: report.frames.samples.map((sample) => ({ file: sample.file, pngBytes: framePng(sample) })),
    made: {
      finishedAt: "2026-01-02T03:04:05.678Z",
      totalS: 81.2,
      host: { cores: 2, processor: "Some processor", memoryGb: 7.8, node: "20.19.0", system: "linux 6.1, x64" },
    },
  };
}
