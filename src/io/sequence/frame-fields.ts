import { FormatError } from "../../core/errors.ts";
import type { LostStatus } from "../../data/device.ts";
import type { PoseTrack } from "../../data/recording.ts";
import type { MemoryBudget } from "./budget.ts";
import { frameTimes, type FrameTimes } from "./frame-times.ts";
import { shorten, splitWords, type RasterHeader } from "./raster-header.ts";
import { formatStatus, parseStatus } from "../../data/plus-status.ts";
import { IDENTITY_TEXT, parseMatrix, parseTransformName } from "./transform-fields.ts";

/** Suffix of the per-frame field in which this bench keeps a tracker's fit residual. */
export const FIT_RMS_SUFFIX = "FitRmsMm";

export interface FrameData {
  readonly times: FrameTimes;
  readonly poses: readonly PoseTrack[];
  /** 1 where the image may be used. */
  readonly imageValid: Uint8Array;
  readonly frameFields: ReadonlyMap<string, readonly (string | undefined)[]>;
}

const emptyColumn = (count: number): (string | undefined)[] => Array.from({ length: count }, () => undefined);

/** Bytes of one frame's entry in the arrays of a track: 12 + 1 doubles and a status. */
const TRACK_BYTES = 13 * 8 + 8;

/** Turns the text fields of `count` frames into times, poses, image status and what is left over. */
export function interpretFrames(
  file: string,
  { frames: table, indexValues }: Pick<RasterHeader, "frames" | "indexValues">,
  count: number,
  nominalRateHz: number,
  budget: MemoryBudget,
  warn: (sentence: string) => void,
): FrameData {
  if (table.frameCount > count) {
    warn(`There are field sets up to frame ${table.frameCount - 1}, but only ${count} frames; the rest is left out.`);
  }
  budget.reserve(count * (table.columns.size * 8 + 4 * 8 + 1), "the frame fields");
  const columns = new Map<string, (string | undefined)[]>();
  for (const [name, { frames, values }] of table.columns) {
    const column = emptyColumn(count);
    let used = 0;
    frames.forEach((frame, i) => {
      if (frame >= count) return;
      column[frame] = values[i];
      used++;
    });
    if (used > 0) columns.set(name, column);
  }
  warnMissingSets(columns, count, warn);
  const take = (name: string): (string | undefined)[] | undefined => {
    const column = columns.get(name);
    columns.delete(name);
    return column;
  };
  const timestamp = take("Timestamp") ?? (indexValues === undefined ? undefined : splitWords(indexValues, count)),
    unfiltered = take("UnfilteredTimestamp");
  const frameNumber = columns.get("FrameNumber");
  const times = frameTimes(count, { timestamp, unfiltered, frameNumber }, nominalRateHz, warn);
  const imageValid = imageStatus(count, take("ImageStatus") ?? take("Status"), warn);
  columns.delete("Status");

  const poses: PoseTrack[] = [];
  const kept = new Map<string, (string | undefined)[]>();
  for (const [name, column] of Array.from(columns)) {
    const frames = parseTransformName(name);
    if (!frames) {
      if (name.endsWith("Transform")) {
        warn(`${name} does not say between which two frames it maps (<From>To<To>Transform); it is kept as text.`);
      }
      continue;
    }
    columns.delete(name);
    budget.reserve(count * TRACK_BYTES, `the poses of ${name}`);
    const track = poseTrack(
      file,
      name,
      { column, status: take(`${name}Status`), fit: take(name + FIT_RMS_SUFFIX) },
      warn,
    );
    poses.push({ ...frames, ...times, ...track.poses });
    for (const [key, texts] of track.kept) kept.set(key, texts);
  }
  return { times, poses, imageValid, frameFields: new Map([...columns, ...kept]) };
}

function warnMissingSets(
  columns: ReadonlyMap<string, readonly (string | undefined)[]>,
  count: number,
  warn: (sentence: string) => void,
): void {
  if (columns.size === 0) return;
  const missing: number[] = [];
  const all = [...columns.values()];
  for (let i = 0; i < count; i++) if (all.every((column) => column[i] === undefined)) missing.push(i);
  if (missing.length === 0) return;
  const which = missing.length > 5 ? `${missing.slice(0, 5).join(", ")} …` : missing.join(", ");
  warn(`${count - missing.length} field sets for ${count} frames: frame ${which} has none, so it has no poses.`);
}

function imageStatus(
  count: number,
  column: readonly (string | undefined)[] | undefined,
  warn: (sentence: string) => void,
): Uint8Array {
  const valid = new Uint8Array(count).fill(1);
  if (!column) return valid;
  let odd: string | undefined;
  for (let i = 0; i < count; i++) {
    const word = column[i];
    if (word === undefined || word === "OK") continue;
    valid[i] = 0;
    if (word !== "INVALID") odd ??= word;
  }
  if (odd !== undefined) warn(`The image status "${shorten(odd)}" is unknown; such images are taken as invalid.`);
  return valid;
}

interface TrackColumns {
  readonly column: readonly (string | undefined)[];
  readonly status: readonly (string | undefined)[] | undefined;
  readonly fit: readonly (string | undefined)[] | undefined;
}

function poseTrack(
  file: string,
  name: string,
  { column, status: words, fit }: TrackColumns,
  warn: (sentence: string) => void,
): {
  readonly poses: Pick<PoseTrack, "status" | "parentFromTool" | "fitRmsMm">;
  readonly kept: ReadonlyMap<string, (string | undefined)[]>;
} {
  const count = column.length;
  const parentFromTool = new Float64Array(12 * count).fill(NaN),
    fitRmsMm = new Float64Array(count).fill(NaN);
  const status: (LostStatus | "tracked")[] = [];
  const lostText = emptyColumn(count),
    oddWords = emptyColumn(count);
  let tracked = 0, unusable = 0, withoutStatus = 0, switched = 0; // prettier-ignore
  let unknownWord: string | undefined, firstBad: { frame: number; reason: string } | undefined; // prettier-ignore
  for (let i = 0; i < count; i++) {
    const text = column[i],
      word = words?.[i];
    let now = word === undefined ? (text === undefined ? "missing" : "tracked") : (parseStatus(word) ?? "unknown");
    if (word !== undefined) {
      if (parseStatus(word) === undefined) unknownWord ??= word;
      if (formatStatus(now) !== word) oddWords[i] = word;
      if (now === "tracked" && word !== "OK") switched++;
    } else if (text !== undefined) withoutStatus++;
    if (now === "tracked") {
      const matrix = parseMatrix(text ?? "");
      if (matrix.ok) {
        parentFromTool.set(matrix.m, 12 * i);
        tracked++;
        const rms = Number(fit?.[i] ?? NaN);
        if (Number.isFinite(rms)) fitRmsMm[i] = rms;
      } else {
        now = "invalid";
        oddWords[i] = undefined;
        unusable++;
        firstBad ??= { frame: i, reason: text === undefined ? "is missing" : matrix.reason };
      }
    }
    if (now !== "tracked" && text !== IDENTITY_TEXT) lostText[i] = text;
    status.push(now);
  }
  if (firstBad && tracked === 0) {
    const field = `Seq_Frame${String(firstBad.frame).padStart(4, "0")}_${name}`;
    const problem = `the matrix ${firstBad.reason}, and no frame has a usable one though the status says so`;
    throw new FormatError(file, { field }, problem, "Correct it, or mark the transform INVALID in every frame");
  }
  if (firstBad) {
    warn(
      `${name} cannot be used in ${unusable} of ${count} frames though its status is OK (in frame ${firstBad.frame} ` +
        `it ${firstBad.reason}); there it is taken as invalid.`,
    );
  }
  if (withoutStatus > 0) warn(`${name} has no status in ${withoutStatus} frames; there it is taken as OK.`);
  if (switched > 0) warn(`${name} reports a pressed switch in ${switched} frames; its pose is used there.`);
  if (unknownWord !== undefined) warn(`The status "${shorten(unknownWord)}" of ${name} is no word of PLUS; unknown.`);
  if (count > 0 && tracked === 0) warn(`${name} is not tracked in any frame.`);
  const kept = new Map<string, (string | undefined)[]>();
  if (lostText.some((text) => text !== undefined)) kept.set(name, lostText);
  if (oddWords.some((word) => word !== undefined)) kept.set(`${name}Status`, oddWords);
  return { poses: { status, parentFromTool, fitRmsMm }, kept };
}
