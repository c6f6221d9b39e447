import type { Software, UsedModel } from "./provenance.ts";
import type { BoneName } from "./surface.ts";

/** A figure with its 95 % interval; `low` = `high` = `value` only where the figure has no spread (a count). */
export interface Figure {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly unit: string;
}

/** The thresholds of coverage, precision, F-score and surface Dice, mm. */
export const thresholdsMm = [0.5, 1, 2, 3] as const;
/** One number per entry of `thresholdsMm`. */
export type PerThreshold = readonly [number, number, number, number];

/** Definitions: docs/metrics.md. Distances in mm; a number that cannot be computed is null. */
export interface SurfaceScore {
  /** (Σ wA·A + Σ wB·B) / (Σ wA + Σ wB), A = result → truth, B = truth → result. */
  readonly assd: number | null;
  readonly meanAccuracy: number | null;
  readonly meanCompleteness: number | null;
  readonly rms: number | null;
  /** RMS of A alone. */
  readonly rmsAccuracy: number | null;
  /** max of the two one-way 95th percentiles. */
  readonly hd95: number | null;
  readonly hd100: number | null;
  /** Area-weighted signed mean of result → truth; positive: outside the true bone. */
  readonly bias: number | null;
  readonly precision: PerThreshold | null;
  readonly coverage: PerThreshold | null;
  readonly fScore: PerThreshold | null;
  readonly surfaceDice: PerThreshold | null;
  readonly resultAreaMm2: number;
  readonly truthAreaMm2: number;
}

/** Which part of the true bone a score is over. Accuracy is always over the whole result. */
export type TruthPart = "reachable" | "unreachable" | "whole";

export interface RegionScore {
  readonly region: string;
  readonly truthAreaMm2: number;
  readonly reachableShare: number;
  readonly mean: number | null;
  readonly p95: number | null;
  readonly bias: number | null;
  /** Share of the region's reachable area with result within 1 mm. */
  readonly coverage1mm: number | null;
}

export interface BoneReport {
  readonly bone: BoneName | "all" | "bone";
  readonly scores: Readonly<Record<TruthPart, SurfaceScore>>;
  /** After rigid ICP on the reachable truth, no scale: shape alone. Null where it could not be made. */
  readonly aligned: {
    readonly reachable: SurfaceScore;
    readonly translationMm: number;
    readonly rotationDeg: number;
  } | null;
  readonly regions: readonly RegionScore[];
  /** Signed result → truth distance over the result's area: shares per bin; `edgesMm` has one entry more. */
  readonly histogram: { readonly edgesMm: readonly number[]; readonly share: readonly number[] };
  /** Why there is no score, when there is none: it stays in the table. */
  readonly failure: string | null;
}

/** A whole bone made of the seen sheet and a statistical shape (docs/completion.md). Lengths in mm. */
export interface CompletedBoneReport {
  readonly bone: BoneName;
  /** RMS distance to the truth, both ways, where a beam met the bone, where none did, and over all; null without truth. */
  readonly rmsMm: Readonly<Record<"seen" | "unseen" | "whole", number | null>> | null;
  /** 95 % of the true bone that no beam met lies nearer to the result. */
  readonly unseenP95Mm: number | null;
  /** Share of vertices whose error lies within 1.96 of their stated SDs. */
  readonly withinStated: number | null;
  /** Median and 95 % of the stated SDs. */
  readonly statedSdMm: readonly [number, number];
  /** What a printer's program asks of the file, which is in mm. */
  readonly print: {
    readonly closed: boolean;
    /** Pairs of its triangles that pass through each other; absent in older reports. */
    readonly crossings?: number;
    readonly sizeMm: readonly [number, number, number];
    readonly volumeMm3: number;
    readonly minWallMm: number | null;
    readonly wall1PercentMm: number | null;
  };
}

/** One way from the same frames to a surface, all bones as one, over what a beam could reach; docs/pipeline.md. */
export interface RouteReport {
  readonly route: "points" | "volume" | "slicer" | "plus";
  readonly assdMm: number | null;
  readonly hd95Mm: number | null;
  readonly biasMm: number | null;
  readonly coverage2mm: number | null;
  readonly precision2mm: number | null;
  readonly areaMm2: number;
}

/** One number for each image that is shown of a sweep. */
export type PerImage = readonly number[];

/** Along the lateral, axial and elevational axis of the sweep's first image. */
export interface PerImageAxis {
  readonly lateral: PerImage;
  readonly axial: PerImage;
  readonly elevational: PerImage;
}

/**
 * How the motion of one sweep was recovered, beside the true one; both in the frame of its first image (docs/trackerless.md).
 * Of the picture's centre, mm; of some images only where the sweep has many.
 */
export interface MotionReport {
  readonly sweep: string;
  readonly frames: number;
  /** Length of the true path up to the image. */
  readonly pathMm: PerImage;
  /** Estimate less truth. */
  readonly errorMm: PerImageAxis;
  /** One stated SD of it; null where the method states none. */
  readonly sdMm: PerImageAxis | null;
  /** Share of all frames and axes whose error lies within 1.96 stated SDs; null where none are stated. */
  readonly withinStated: number | null;
  /** The method of the run first, then the null models. */
  readonly methods: readonly {
    readonly method: string;
    /** Distance from the truth. */
    readonly driftMm: PerImage;
    readonly score2025: number | null;
    readonly finalByPath: number | null;
    readonly gpeMm: number | null;
    readonly lpeMm: number | null;
  }[];
}

/** One frame shown in the report; pixels lie in `frames/<file>` beside it. Rows per column, null: none. */
export interface FrameSample {
  readonly index: number;
  readonly file: string;
  readonly label: string;
  readonly width: number;
  readonly height: number;
  readonly pixelMm: readonly [number, number];
  readonly foundRow: readonly (number | null)[];
  readonly trueRow: readonly (number | null)[] | null;
}

/** `report.json`: deterministic; timings, dates and host facts are in timing.json. */
export interface Report {
  readonly schemaVersion: 1;
  readonly kind: "run" | "reconstruct";
  readonly title: string;
  readonly software: Software;
  readonly seed: string | null;
  readonly headline: Readonly<Record<string, Figure>>;
  /** The scenario or the command's options, every default filled in. */
  readonly configuration: unknown;
  readonly bones: readonly BoneReport[];
  /** Absent in reports that are older than the completion. */
  readonly completed?: readonly CompletedBoneReport[];
  /** Absent where there is no truth, and in older reports. */
  readonly routes?: readonly RouteReport[];
  /** Of sweeps whose poses were recovered without a tracker (or are judged as such); absent otherwise. */
  readonly motion?: readonly MotionReport[];
  /** Per-frame segmentation against truth, where there is truth. */
  readonly segmentation: {
    readonly meanAbsMm: number | null;
    readonly p95Mm: number | null;
    readonly biasMm: number | null;
    readonly missedColumnsShare: number | null;
    readonly falseColumnsShare: number | null;
    readonly columns: number;
    /**
     * What the same frames, poses and calibration give with the true bone line in place of the found one: the rest is what
     * segmentation costs. All bones, reachable part. Absent where the run itself was one with the true line.
     */
    readonly oracle?:
      | {
          readonly assd: number | null;
          readonly hd95: number | null;
          readonly coverage2mm: number | null;
        }
      | undefined;
  } | null;
  readonly frames: {
    readonly total: number;
    readonly used: number;
    readonly dropped: Readonly<Record<string, number>>;
    readonly samples: readonly FrameSample[];
  };
  /** Weights and shapes that it was made with; absent in older reports. */
  readonly models?: readonly UsedModel[];
  /** Files of the result folder that the page shows, by role; paths relative to the folder. */
  readonly meshes: readonly {
    readonly bone: string;
    readonly role: "result" | "truth";
    readonly file: string;
    readonly triangles: number;
  }[];
  /** Centre of the transducer face at each used frame, xyz interleaved, mm, reference frame, rounded to 0.01. */
  readonly probePathMm: readonly number[];
  readonly notModelled: readonly string[];
  readonly warnings: readonly string[];
}
