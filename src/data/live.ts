import type { StreamStatus } from "./stream-status.ts";

/** How a live scan goes; what the page shows besides pictures and surface. Times in ms where the name says so. */
export interface LiveStatus {
  readonly source: {
    readonly kind: "simulated" | "recording" | "devices";
    readonly label: string;
    readonly calibration: string;
    /** Whether pausing holds the source, too. */
    readonly canWait: boolean;
    /** By how much a played source has fallen behind, s. */
    readonly behindS: number;
  };
  readonly state: LiveState;
  readonly elapsedS: number;
  readonly images: (StreamStatus & { readonly lagMs: number | null }) | null;
  readonly tracker: (StreamStatus & { readonly tools: readonly LiveTool[] }) | null;
  readonly frames: LiveFrameCounts;
  /** From arrival to the updated surface, over the last seconds; null when there was none. */
  readonly latencyMs: Spread | null;
  readonly bone: LiveBoneStatus;
  readonly coverage: LiveCoverage;
  readonly recording: LiveRecording | null;
  /** The last one that was finished, and why it ended. */
  readonly lastRecording: { readonly file: string; readonly images: number; readonly endedBy: string } | null;
  readonly viewers: number;
  /** From arrival until a page had it on the screen, the last time, ms. */
  readonly shownAfterMs: number | null;
  /** In sentences, the newest last. */
  readonly notes: readonly string[];
}

export type LiveState =
  | { readonly kind: "connecting" | "live" | "silent" | "paused" | "ended"; readonly said: string }
  /** The devices are gone; they are tried again. */
  | { readonly kind: "lost"; readonly said: string };

export interface LiveTool {
  readonly name: string;
  /** Of the last frame: "tracked", or why not. */
  readonly status: string;
  readonly trackedShare: number;
  /** Residual of the last marker fit; null when the tracker gives none. */
  readonly fitRmsMm: number | null;
}

/** Every image that came is in exactly one of these. */
export interface LiveFrameCounts {
  /** In the surface. */
  readonly updated: number;
  /** A newer one came before it could be looked at. */
  readonly skipped: number;
  /** Looked at, not used, by reason. */
  readonly unposed: Readonly<Record<string, number>>;
  readonly whilePaused: number;
  /** Could not be looked at. */
  readonly refused: number;
  readonly waiting: number;
  readonly updatedPerS: number;
}

export interface Spread {
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly count: number;
}

export interface LiveBoneStatus {
  /** Why there can be none; null when there can. */
  readonly impossible: string | null;
  readonly areaCm2: number;
  readonly triangles: number;
  /** Frames in which bone was found and placed. */
  readonly framesWithBone: number;
  readonly reference: string;
}

/** How much of what should be scanned has been, and what it is told by. */
export interface LiveCoverage {
  readonly basis: string;
  readonly windows: readonly LiveWindow[];
  /** Name of the window to scan next; null when none is left or none is known. */
  readonly next: string | null;
}

export interface LiveWindow {
  readonly name: string;
  /** Of its way, 0 … 1. */
  readonly seenShare: number;
  /** "1" for each of its stations that was seen. */
  readonly seen: string;
}

export interface LiveRecording {
  readonly file: string;
  readonly images: number;
  readonly seconds: number;
  /** Samples that a slow disk left no time for. */
  readonly dropped: number;
}
