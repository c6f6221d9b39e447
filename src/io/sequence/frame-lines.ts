import { UnsuitableInputError } from "../../core/errors.ts";
import type { PoseTrack, Recording } from "../../data/recording.ts";
import { FIT_RMS_SUFFIX } from "./frame-fields.ts";
import { frameFieldsOf } from "./sequence-recording.ts";
import { formatStatus } from "../../data/plus-status.ts";
import { formatMatrix, formatNumber, IDENTITY_TEXT, parseTransformName } from "./transform-fields.ts";

/** What of a recording is written: sequences pair by index, so free-running devices go to one file each. */
export interface SequenceContent {
  readonly count: number;
  readonly images: Recording["images"];
  readonly poses: readonly PoseTrack[];
  readonly acquiredAtS: Float64Array;
  readonly receivedAtS: Float64Array;
}

/**
 * Everything, or one half: `images` without poses, `poses` without images. The tracks of what is written must share
 * their times, since a sequence has one time for each frame.
 */
export function contentOf(recording: Recording, part: "all" | "images" | "poses", path: string): SequenceContent {
  const images = part === "poses" ? undefined : recording.images,
    poses = part === "images" ? [] : recording.poses;
  const first = images ?? poses[0];
  if (!first) {
    throw new UnsuitableInputError(
      `${path}: the recording has no ${part === "all" ? "data" : part}`,
      "Choose another part",
    );
  }
  const { acquiredAtS, receivedAtS } = first;
  if (images && images.count !== acquiredAtS.length) {
    throw new Error(`a track of ${images.count} images came with ${acquiredAtS.length} times`);
  }
  for (const track of poses) {
    if (same(track.acquiredAtS, acquiredAtS) && same(track.receivedAtS, receivedAtS)) continue;
    throw new UnsuitableInputError(
      `${path}: ${track.tool} was sampled at other times than ${images ? "the images" : (poses[0]?.tool ?? "")}, ` +
        "and a sequence has one time for each frame",
      'Write it in parts ("images", "poses"), or resample the poses to the images first',
    );
  }
  return { count: acquiredAtS.length, images, poses, acquiredAtS, receivedAtS };
}

function same(a: Float64Array, b: Float64Array): boolean {
  return a === b || (a.length === b.length && a.every((x, i) => Object.is(x, b[i])));
}

/** The `Seq_FrameNNNN_` lines of one frame as [key, value]. */
export function frameLines(recording: Recording, content: SequenceContent): (frame: number) => [string, string][] {
  const { images, poses, acquiredAtS, receivedAtS } = content;
  const extra = frameFieldsOf(recording);
  const tracks = poses.map((track) => ({ track, name: transformName(track) }));
  const ofTracks = new Set(tracks.flatMap(({ name }) => [name, `${name}Status`]));
  // A lost tool's last matrix belongs to its track: it goes where the track goes.
  const others = [...extra].filter(([name]) => !ofTracks.has(name) && !isOfTrack(name, recording.poses));
  const reserved = new Set(["Timestamp", "UnfilteredTimestamp", "ImageStatus", "Status"]);
  for (const [name] of others) {
    if (reserved.has(name)) throw new UnsuitableInputError(`the frame field "${name}" is taken`, "Rename it");
  }
  return (frame) => {
    const prefix = `Seq_Frame${String(frame).padStart(4, "0")}_`;
    const lines: [string, string][] = [];
    const add = (name: string, value: string): void => void lines.push([prefix + name, value]);
    for (const [name, values] of others) {
      const value = values[frame];
      if (value !== undefined) add(name, value);
    }
    for (const { track, name } of tracks) {
      const status = track.status[frame] ?? "missing";
      const matrix =
        status === "tracked"
          ? formatMatrix(track.parentFromTool.subarray(12 * frame, 12 * frame + 12))
          : (extra.get(name)?.[frame] ?? IDENTITY_TEXT);
      add(name, matrix);
      add(`${name}Status`, extra.get(`${name}Status`)?.[frame] ?? formatStatus(status));
      const rms = track.fitRmsMm[frame] ?? NaN;
      if (Number.isFinite(rms)) add(name + FIT_RMS_SUFFIX, formatNumber(rms));
    }
    add("Timestamp", formatNumber(acquiredAtS[frame]!));
    if (receivedAtS !== acquiredAtS) add("UnfilteredTimestamp", formatNumber(receivedAtS[frame]!));
    add("ImageStatus", images && images.valid[frame] === 1 ? "OK" : "INVALID");
    return lines;
  };
}

function isOfTrack(name: string, poses: readonly PoseTrack[]): boolean {
  const frames = parseTransformName(name.replace(/Status$/, ""));
  return poses.some(({ tool, parent }) => tool === frames?.tool && parent === frames.parent);
}

function transformName({ tool, parent }: PoseTrack): string {
  const name = `${tool}To${parent}Transform`,
    back = parseTransformName(name);
  if (back?.tool !== tool || back.parent !== parent || /[\s=:]/.test(name)) {
    const problem = `the pose track of "${tool}" in "${parent}" has no unambiguous name ${name}`;
    throw new UnsuitableInputError(problem, 'Choose frame names of letters and digits without "To"');
  }
  return name;
}
