/** One instant of the tracker as it stands on the wire. Lengths in the server's unit (metres by default). */
export type Vector = readonly [number, number, number];

export interface MarkerSet {
  readonly name: string;
  readonly markers: readonly Vector[];
}

/** A marker that the record of a rigid body carries before version 3.0. */
export interface BodyMarker {
  readonly position: Vector;
  readonly id: number;
  readonly size: number;
}

export interface RigidBody {
  readonly id: number;
  readonly position: Vector;
  /** x, y, z, w. */
  readonly quaternion: readonly [number, number, number, number];
  /** Empty since 3.0. */
  readonly markers: readonly BodyMarker[];
  /** Mean distance of the markers from where the body says they are. */
  readonly meanError: number;
  /** Bit 0: the pose is valid; else it is stale or zero. Null before 2.6, which cannot say. */
  readonly params: number | null;
}

export interface Skeleton {
  readonly id: number;
  readonly bones: readonly RigidBody[];
}

export interface AssetMarker {
  readonly id: number;
  readonly position: Vector;
  readonly size: number;
  readonly params: number;
  readonly residual: number;
}

/** A trained marker set, 4.1. */
export interface Asset {
  readonly id: number;
  readonly bodies: readonly RigidBody[];
  readonly markers: readonly AssetMarker[];
}

export interface LabelledMarker {
  /** High 16 bits: the model; low 16: the marker in it. */
  readonly id: number;
  readonly position: Vector;
  readonly size: number;
  /** Null before 2.6. */
  readonly params: number | null;
  /** Null before 3.0. */
  readonly residual: number | null;
}

/** A force plate or another analog device: samples per channel. */
export interface AnalogReading {
  readonly id: number;
  readonly channels: readonly (readonly number[])[];
}

/** Ticks of the server's high-resolution clock; 0 where the camera system does not say. */
export interface FrameTicks {
  readonly midExposure: bigint;
  readonly dataReceived: bigint;
  readonly transmit: bigint;
}

export interface Frame {
  readonly frameNumber: number;
  readonly markerSets: readonly MarkerSet[];
  readonly otherMarkers: readonly Vector[];
  readonly rigidBodies: readonly RigidBody[];
  readonly skeletons: readonly Skeleton[];
  /** Empty before 4.1. */
  readonly assets: readonly Asset[];
  readonly labelledMarkers: readonly LabelledMarker[];
  /** Empty before 2.9. */
  readonly forcePlates: readonly AnalogReading[];
  /** Empty before 2.11. */
  readonly devices: readonly AnalogReading[];
  /** Null since 3.0. */
  readonly softwareLatencyS: number | null;
  readonly timecode: { readonly code: number; readonly subframe: number };
  /** Seconds since Motive started; null before 2.6. */
  readonly timestampS: number | null;
  /** Null before 3.0. */
  readonly ticks: FrameTicks | null;
  /** Time by the precision time protocol; since 4.1, in some 4.0. */
  readonly precision: { readonly seconds: number; readonly fraction: number } | null;
  /** See `frameFlags`; null before 2.6. */
  readonly params: number | null;
  /** "assumed-4.1": the frame is newer than any public description and was read as 4.1. */
  readonly layout: "known" | "assumed-4.1";
}

/** Bits of `Frame.params`. */
export const frameFlags = { recording: 1, modelChanged: 2, editMode: 4, bitstreamChanged: 8 } as const;

/** Bit of `RigidBody.params`. */
export const TRACKING_VALID = 1;
