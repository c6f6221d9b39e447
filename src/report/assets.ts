import { deflateSync } from "node:zlib";
import type { Made } from "../data/provenance.ts";
import type { PackedBytes, PackedValues, PageData, PageMesh, PageScan } from "../data/report-page.ts";
import type { Report } from "../data/report.ts";
import type { ScanTrack } from "../data/scan-track.ts";
import { packMesh, packValues } from "../geometry/packed-mesh.ts";
import { vertexCount, type Mesh } from "../geometry/mesh.ts";
import { coolWarm, foundMissed, sampleMap } from "./colour-map.ts";

/** A mesh to show, in the reference frame; the per-vertex arrays have one entry a vertex. */
export interface ReportMesh {
  readonly bone: string;
  readonly role: "result" | "truth";
  readonly mesh: Mesh;
  /**
   * Result: signed distance to the true bone, positive outside. Truth: distance to the result, infinite without one.
   * mm; NaN where it was not scored. Empty: no distances at all.
   */
  readonly errorMm?: Float32Array;
  /** Truth only: 1 where the probe could have seen the bone, else 0. */
  readonly reachable?: Uint8Array;
  /** Result only: how many image columns saw bone there, and one standard deviation of its height, mm. */
  readonly observations?: Float32Array;
  readonly sdMm?: Float32Array;
}

export interface ReportFrame {
  /** As `FrameSample.file`. */
  readonly file: string;
  readonly pngBytes: Uint8Array;
}

export interface ReportScan {
  readonly track: ScanTrack;
  /** As `track.film` says. */
  readonly filmPng?: Uint8Array;
}

export interface ReportAssets {
  readonly meshes: readonly ReportMesh[];
  readonly frames: readonly ReportFrame[];
  /** Files that the report names and that could not be shown, and why, in sentences. */
  readonly missing?: readonly string[];
  /** When and where: of timing.json. */
  readonly made?: Made;
  /** Absent where nobody kept it. */
  readonly scan?: ReportScan;
}

/** Colours run from minus to plus this many mm; ±2 mm is shown first, in every report, so that two can be compared. */
export const errorRangesMm = [2, 0.5, 1, 3, 5] as const;
/** The largest threshold of coverage: a true surface farther than this from the result was missed. */
export const MISSED_MM = 3;
/** A frame saw a point when its bone line passes this near: twice the width that the surface is averaged over, as its SD. */
const NEAR_MM = 1.6;
/** Enough that neighbours differ by less than the eye sees. */
const COLOUR_STOPS = 65;

export const errorColours = sampleMap(coolWarm, -1, 1, COLOUR_STOPS);
export const coverageColours = sampleMap(foundMissed, 0, 1, COLOUR_STOPS);

export const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");

const pack = (bytes: Uint8Array): PackedBytes => base64(deflateSync(bytes, { level: 9 }));

function packed(values: Readonly<Float32Array> | undefined): PackedValues | null {
  if (!values?.length) return null;
  const { step, bytes } = packValues(values);
  return { step, bytes: pack(bytes) };
}

function checkLength(name: string, { bone, role, mesh }: ReportMesh, length: number | undefined): void {
  if (length && length !== vertexCount(mesh)) {
    throw new RangeError(`${role} mesh of ${bone}: ${length} values of ${name} for ${vertexCount(mesh)} vertices`);
  }
}

function pageMesh(item: ReportMesh): PageMesh {
  checkLength("errorMm", item, item.errorMm?.length);
  checkLength("reachable", item, item.reachable?.length);
  const { header, bytes } = packMesh(item.mesh);
  checkLength("observations", item, item.observations?.length);
  checkLength("sdMm", item, item.sdMm?.length);
  return {
    bone: item.bone,
    role: item.role,
    ...header,
    geometry: pack(bytes),
    errorMm: packed(item.errorMm),
    observations: packed(item.observations),
    sdMm: packed(item.sdMm),
    reachable: item.reachable?.length ? pack(item.reachable) : null,
  };
}

function pageScan({ track, filmPng }: ReportScan): PageScan | null {
  const { frames, columns, film, widthPx, heightPx, everyFrames, strokes } = track;
  if (!frames.length) return null;
  const poses = Float32Array.from(frames.flatMap(({ pose }) => pose));
  const rows = Float32Array.from(frames.flatMap(({ rows }) => rows.map((row) => row ?? NaN)));
  return {
    widthPx,
    heightPx,
    columns,
    everyFrames,
    strokes,
    index: frames.map(({ index }) => index),
    timeS: frames.map(({ timeS }) => timeS),
    stroke: frames.map(({ stroke }) => stroke),
    poses: pack(new Uint8Array(poses.buffer)),
    rows: packed(rows),
    film: film && filmPng ? { png: base64(filmPng), across: film.across, tilePx: film.tilePx } : null,
    nearMm: NEAR_MM,
  };
}

/** 1 for each vertex of a triangle that at least `frames` frames saw; from `TrueBone.insonified`. */
export function reachableVertices(
  { positions, triangles }: Mesh,
  insonified: ArrayLike<number>,
  frames = 1,
): Uint8Array {
  const reachable = new Uint8Array(positions.length / 3);
  triangles.forEach((vertex, corner) => {
    if (insonified[Math.floor(corner / 3)]! >= frames) reachable[vertex] = 1;
  });
  return reachable;
}

/** "all" pools the bones; it has a chart only where there is no single bone to show. */
export function histogramBones({ bones }: Report): PageData["histograms"] {
  const measured = bones.filter(({ histogram }) => histogram.share.some((share) => share > 0));
  const single = measured.filter(({ bone }) => bone !== "all");
  return (single.length ? single : measured).map(({ bone, histogram }) => ({ bone, ...histogram }));
}

export function pageData(report: Report, { meshes, scan }: ReportAssets): PageData {
  return {
    title: report.title,
    meshes: meshes.filter(({ mesh }) => mesh.triangles.length > 0).map(pageMesh),
    probePathMm: report.probePathMm,
    scan: scan ? pageScan(scan) : null,
    histograms: histogramBones(report),
    errorColours,
    coverageColours,
    errorRangesMm,
    missedMm: MISSED_MM,
  };
}
