import type { Grid } from "../geometry/grid.ts";
import type { Report } from "./report.ts";

export type ViewKind = "mesh" | "volume" | "recording";

/** Values that can be shown as colours on a mesh, one a vertex. */
export interface ViewScalars {
  readonly name: string;
  readonly min: number;
  readonly max: number;
}

export interface ViewedMesh {
  readonly kind: "mesh";
  readonly name: string;
  readonly vertices: number;
  readonly triangles: number;
  /** In the order of their bytes. */
  readonly scalars: readonly ViewScalars[];
  readonly sizeMm: readonly number[];
  readonly warnings: readonly string[];
}

export interface ViewedVolume {
  readonly kind: "volume";
  readonly name: string;
  readonly grid: Grid;
  readonly element: "u8" | "i16" | "f32";
  readonly min: number;
  readonly max: number;
  /** Gray values that become black and white at first: 1 % and 99 % of the voxels that are not the darkest. */
  readonly window: readonly [number, number];
  /** The value at whose height the surface is taken first. */
  readonly level: number;
  /** Where there is most to see: along each axis the slice that passes the level by most. */
  readonly start: readonly [number, number, number];
  /** Voxels of the file that make one of the surface, along each axis. */
  readonly surfaceStep: number;
  readonly warnings: readonly string[];
}

/** From when on a tool had this status. */
export interface StatusChange {
  readonly fromS: number;
  readonly status: string;
}

/** One tool's way, thinned for drawing; times as the images'. */
export interface ViewedTrack {
  readonly tool: string;
  readonly parent: string;
  readonly samples: number;
  readonly trackedShare: number;
  readonly rateHz: number | null;
  readonly timesS: readonly number[];
  /** 12 numbers a sample: row-major 3×4 from the tool to its parent, mm; null where it was not tracked. */
  readonly poses: readonly (readonly number[] | null)[];
  readonly status: readonly StatusChange[];
}

export interface ViewedRecording {
  readonly kind: "recording";
  readonly name: string;
  readonly images: {
    readonly count: number;
    readonly width: number;
    readonly height: number;
    readonly pixelType: "u8" | "i16" | "f32";
    /** As the device says; null when it says nothing. */
    readonly pixelMm: readonly [number, number] | null;
    /** Of every `everyImages`-th image. */
    readonly timesS: readonly number[];
    readonly everyImages: number;
    readonly rateHz: number | null;
  } | null;
  readonly tracks: readonly ViewedTrack[];
  readonly sweeps: readonly { readonly name: string; readonly fromS: number; readonly toS: number }[];
  readonly points: readonly { readonly name: string; readonly body: string }[];
  readonly pairing: "by-index" | "by-time";
  readonly warnings: readonly string[];
}

/** What `sonobench view` tells its page of a file, as JSON. */
export type ViewedItem = ViewedMesh | ViewedVolume | ViewedRecording;

/** A file that can be looked at; the path with "/" below the folder. */
export interface FolderPart {
  readonly path: string;
  readonly kind: ViewKind;
  readonly sizeBytes: number;
}

export type FolderReport =
  | { readonly status: "read"; readonly report: Report }
  | { readonly status: "absent" }
  | { readonly status: "broken"; readonly reason: string };

export interface ViewedFolder {
  readonly report: FolderReport;
  readonly parts: readonly FolderPart[];
  /** Files that the report names and the folder does not have. */
  readonly missing: readonly string[];
}
