import { silentLog, type Log } from "../../core/log.ts";
import { createRng } from "../../core/rng.ts";
import type { WorkerPool } from "../../core/worker-pool.ts";
import { hostSeconds } from "../../data/device.ts";
import type { LiveState, LiveStatus, LiveTool, Spread } from "../../data/live.ts";
import type { LivePlan } from "../../data/live-wire.ts";
import type { DigitisedPoint } from "../../data/recording.ts";
import { surfaceArea } from "../../geometry/mesh.ts";
import { createLivePoses, type LivePose } from "../../pipeline/sync/live-poses.ts";
import { trackFrames } from "../../pipeline/sync/track-frames.ts";
import type { Segmenter } from "../build.ts";
import { createTally } from "../record-tally.ts";
import { createCoverage, type SwathLine } from "./coverage.ts";
import { feed, type FeedSink } from "./feed.ts";
import { createFrameLine, type LiveFrame } from "./frame-line.ts";
import { createLatencies } from "./latencies.ts";
import { createLiveRecorder } from "./live-recorder.ts";
import { usualReference, type LiveSource } from "./live-source.ts";
import { createLook } from "./look.ts";
import { planWindows, type WindowPlan } from "./scan-windows.ts";
import { type BoneOptions, createSurfaceKeeper, defaultBone, type SurfaceKeeper } from "./surface-keeper.ts";

export interface LiveSessionOptions {
  readonly source: LiveSource;
  readonly segmenter: Segmenter;
  /** For segmentation alone. */
  readonly segmentation: WorkerPool;
  /** One thread, for the growing bone alone. */
  readonly boneWorker: WorkerPool;
  readonly bone?: BoneOptions;
  /** Body in whose frame the bone is told; Femur, Reference or the tracker when left out. */
  readonly referenceName?: string;
  /** Of the picture, where no one says how large a pixel is, mm. */
  readonly depthMm?: number;
  /** Where recordings go, and what their names end in. */
  readonly folder: string;
  readonly fileStamp: () => string;
  /** Host clock of the devices, seconds; never runs backwards. */
  readonly nowS: () => number;
  readonly log: Log;
}

/** A scan that goes on, and the bone that grows of it. */
export interface LiveSession {
  readonly surface: SurfaceKeeper;
  readonly swath: readonly SwathLine[];
  /** What the operator touched until now, in the frame of the surface. */
  readonly points: readonly DigitisedPoint[];
  /** The last one that is done. */
  readonly frame: LiveFrame | undefined;
  /** Told of every frame that is done and of every change of the state. */
  onChange(listener: () => void): () => void;
  /** The strokes to do; the same object as long as nothing changes. */
  readonly plan: LivePlan;
  /** What is known of the pages is told back in it. */
  status(pages?: Pick<LiveStatus, "viewers" | "shownAfterMs">): LiveStatus;
  /** From arrival to the surface, over the whole scan. */
  latencyMs(): Spread | null;
  /** Leaves out what comes; a source that can wait stands still. */
  pause(paused: boolean): void;
  /** Begins another bone. */
  clear(): void;
  record(): void;
  /** Resolves when the file is closed. */
  stopRecording(): Promise<void>;
  /** Resolves when the source has ended and its last frame is done; rejects when it failed. */
  readonly ended: Promise<void>;
  /** Ends the source; an open recording is closed first. May be called twice. */
  close(): Promise<void>;
}

/** Nothing came for so long: something is wrong with the source. */
const SILENT_S = 1.5;
const AREA_EVERY_S = 1;
const MOST_NOTES = 20;

export function createLiveSession(options: LiveSessionOptions): LiveSession {
  const { source, segmenter, segmentation, boneWorker, nowS, log } = options;
  const { rig, calibration } = source;
  const stop = new AbortController();
  const startedS = nowS();
  const impossible = whyNoBone(source);
  const reference = (tools: readonly string[]): string => options.referenceName ?? usualReference(tools);
  const poses =
    impossible === null && "fixed" in calibration
      ? createLivePoses(calibration.fixed, reference, { ...trackFrames.defaults, ...calibration })
      : undefined;
  const tally = createTally(nowS, rig.imager?.id, rig.tracker?.id, rig.points);
  const surface = createSurfaceKeeper(boneWorker, options.bone ?? defaultBone);
  const coverage = createCoverage();
  const latencies = createLatencies();
  const counts = { updated: 0, whilePaused: 0, refused: 0, withBone: 0 };
  const unposed: Record<string, number> = {};
  const notes: string[] = [];
  const tools = new Map<string, Omit<LiveTool, "name" | "trackedShare">>();
  const listeners = new Set<() => void>();
  let state: LiveState = { kind: "connecting", said: "starting" },
    isPaused = false,
    frame: LiveFrame | undefined,
    lastImageS = Infinity,
    plannedPoints = -1,
    plan = noPlan;

  const changed = (): void => listeners.forEach((tell) => tell());
  function note(sentence: string): void {
    if (notes.at(-1) === sentence) return;
    notes.push(sentence);
    if (notes.length > MOST_NOTES) notes.shift();
    log.warn(sentence);
    changed();
  }
  function turn(kind: LiveState["kind"], said = ""): void {
    state = { kind, said };
    changed();
  }
  const turnOn = (): void => turn(isPaused ? "paused" : "live");

  const look = createLook(
    segmenter,
    { rng: createRng("live"), log: silentLog, workers: segmentation },
    rig.geometry,
    options.depthMm,
  );
  const line = createFrameLine({
    lanes: segmentation.size,
    nowS,
    look: look.at,
    poseOf(sample): LivePose {
      if (!poses) return { status: "unposed", reason: impossible ?? "no pose" };
      try {
        return poses.poseOf(sample);
      } catch (error) {
        // No chain of transforms leads to the reference yet: another tool may come.
        return { status: "unposed", reason: error instanceof Error ? error.message : String(error) };
      }
    },
    insert: (referenceFromPixel, mask) => surface.insert({ referenceFromPixel, mask }),
    done,
    refused(reason) {
      counts.refused++;
      note(reason);
    },
  });
  const { label } = source;
  const recorder = createLiveRecorder({ ...options, rig, label, note });

  function done(finished: LiveFrame): void {
    const { referenceFromPixel, mask, arrivedS, doneS, facePx } = finished;
    if (referenceFromPixel) {
      counts.updated++;
      if (mask.ridgeConfidence.some((c) => c > 0)) counts.withBone++;
      latencies.add(doneS, (doneS - arrivedS) * 1000);
      coverage.add(referenceFromPixel, mask, { width: mask.width, faceCentrePx: facePx });
    } else {
      const reason = finished.unposed ?? "no pose";
      unposed[reason] = (unposed[reason] ?? 0) + 1;
    }
    // With several threads an older one may be done later: it is in the surface, and not shown.
    if (!frame || finished.order > frame.order) frame = finished;
    changed();
  }

  function touched(): DigitisedPoint[] {
    const name = reference(poses?.tools ?? []);
    return rig.points.filter(({ body }) => body === name);
  }
  /** The strokes can be laid on the leg when its points were touched, which may be in the middle of the scan. */
  function planWhenTouched(): void {
    if (!poses || rig.points.length === plannedPoints) return;
    plannedPoints = rig.points.length;
    const planned = planWindows(touched(), source.flexionRad);
    coverage.plan(planned);
    plan = planned.status === "planned" ? planOf(planned) : noPlan;
  }

  const sink: FeedSink = {
    opened(rates) {
      poses?.reset();
      recorder.opened(rates);
      turnOn();
    },
    image(sample) {
      lastImageS = nowS();
      tally.image({ ...sample, receivedAt: hostSeconds(lastImageS) });
      poses?.addImage(sample);
      recorder.image(sample);
      planWhenTouched();
      if (state.kind === "silent") turnOn();
      if (isPaused) counts.whilePaused++;
      else line.push(sample, source.arrivedS(sample.receivedAt));
    },
    poses(sample) {
      tally.poses({ ...sample, receivedAt: hostSeconds(nowS()) });
      for (const reading of sample.value.tools) {
        const rmsMm = reading.status === "tracked" && Number.isFinite(reading.fitRmsMm) ? reading.fitRmsMm : null;
        tools.set(reading.tool, { status: reading.status, fitRmsMm: rmsMm });
      }
      poses?.addPoses(sample);
      recorder.poses(sample);
      line.pump();
    },
    ready: () => line.idle(),
    lost(reason) {
      void recorder.stop("the source was lost").then(changed);
      if (state.kind !== "lost") note(`the source is gone, and is tried again: ${reason}`);
      lastImageS = Infinity;
      turn("lost", reason);
    },
  };

  const watch = setInterval(() => {
    if (state.kind === "live" && nowS() - lastImageS > SILENT_S) turn("silent", "no image has come for a while");
  }, 500);
  // Threads take a second to start; images that come meanwhile would only be skipped.
  const ended = Promise.all([look.warmUp(), surface.warmUp()])
    .then(() => feed(source, sink, stop.signal))
    .then(async () => {
      await line.idle();
      turn("ended", "the source has ended; the bone can still be looked at and saved");
    })
    .catch((error: unknown) => {
      note(error instanceof Error ? error.message : String(error));
      turn("ended", "the source failed");
      throw error;
    })
    .finally(async () => {
      clearInterval(watch);
      await recorder.stop("the source ended");
      changed();
    });
  ended.catch(() => undefined); // whoever awaits it is told

  let closing: Promise<void> | undefined;
  const area = createAreaMeter(surface, nowS);
  return {
    surface,
    get swath() {
      return coverage.swath;
    },
    get points() {
      return touched();
    },
    get frame() {
      return frame;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    get plan() {
      return plan;
    },
    status({ viewers, shownAfterMs } = { viewers: 0, shownAfterMs: null }) {
      const { images, poses: tracker, tools: shares } = tally.status();
      const shareOf = (name: string): number => shares.find(({ tool }) => tool === name)?.trackedShare ?? 0;
      const lagMs = "imageLagS" in calibration ? calibration.imageLagS * 1000 : null;
      const { skipped, onTheWay: waiting } = line;
      return {
        source: {
          kind: source.kind,
          label,
          calibration: "about" in calibration ? calibration.about : calibration.missing,
          canWait: source.hold !== undefined,
          behindS: source.behindS?.() ?? 0,
        },
        state,
        elapsedS: nowS() - startedS,
        images: images ? { ...images, lagMs } : null,
        tracker: tracker
          ? { ...tracker, tools: [...tools].map(([name, tool]) => ({ name, ...tool, trackedShare: shareOf(name) })) }
          : null,
        frames: {
          updated: counts.updated,
          skipped,
          unposed: { ...unposed },
          whilePaused: counts.whilePaused,
          refused: counts.refused,
          waiting,
          updatedPerS: latencies.ratePerS(nowS()),
        },
        latencyMs: latencies.recent(nowS()),
        bone: {
          impossible,
          areaCm2: area(),
          triangles: surface.triangles,
          framesWithBone: counts.withBone,
          reference: reference(poses?.tools ?? []),
        },
        coverage: coverage.status(),
        recording: recorder.recording,
        lastRecording: recorder.last,
        viewers,
        shownAfterMs,
        notes: [...notes, ...rig.notes()],
      };
    },
    latencyMs: () => latencies.all(),
    pause(paused) {
      isPaused = paused;
      source.hold?.(paused);
      if (paused && line.drop()) counts.whilePaused++;
      if (state.kind === "live" || state.kind === "paused" || state.kind === "silent") turnOn();
    },
    clear() {
      surface.clear();
      coverage.clear();
      changed();
    },
    record() {
      if (state.kind === "ended" || state.kind === "lost") return;
      recorder.start();
      changed();
    },
    async stopRecording() {
      await recorder.stop("stopped by the operator");
      changed();
    },
    ended,
    close() {
      closing ??= (async () => {
        await recorder.stop("the live view was closed");
        stop.abort();
        await ended.catch(() => undefined);
      })();
      return closing;
    },
  };
}

const noPlan: LivePlan = { windows: [], up: null, front: null, kneeMm: null };

const planOf = ({ windows, axes }: Extract<WindowPlan, { status: "planned" }>): LivePlan => ({
  windows: windows.map(({ name, stations }) => ({
    name,
    stations: stations.flatMap(({ targetMm, approach }) => [...targetMm, ...approach]),
  })),
  up: axes.up,
  front: axes.front,
  kneeMm: axes.kneeMm,
});

function whyNoBone({ rig, calibration }: LiveSource): string | null {
  if (!rig.tracker)
    return "the source has no tracker, so nobody knows where the images lie: pictures and bone lines only";
  if ("missing" in calibration) return `${calibration.missing}: pictures and bone lines only`;
  return null;
}

/** Summing the triangles of a whole bone takes a while, so it is done seldom. */
function createAreaMeter(surface: SurfaceKeeper, nowS: () => number): () => number {
  let cm2 = 0,
    atS = -Infinity;
  return () => {
    if (nowS() - atS > AREA_EVERY_S) {
      cm2 = [...surface.parts.values()].reduce((sum, { mesh }) => sum + surfaceArea(mesh), 0) / 100;
      atS = nowS();
    }
    return cm2;
  };
}
