import { z } from "zod";
import {
  encodeUpdate,
  MAX_COMMAND_BYTES,
  SWATH_NUMBERS,
  type LiveFrameUpdate,
  type LivePlan,
  type LiveSurfaceUpdate,
  type LiveSwathUpdate,
} from "../../data/live-wire.ts";
import type { LiveFrame } from "./frame-line.ts";
import type { LiveSession } from "./session.ts";

/** The way to a page. */
export interface ViewerLink {
  send(bytes: Uint8Array): void;
  /** What has not left this process yet. */
  readonly pendingBytes: number;
  close(code: 1001 | 1008 | 1013, reason: string): void;
}

export interface Broadcast {
  /** Everything that is known is sent first. */
  join(link: ViewerLink): { heard(text: string): void; left(): void };
  readonly viewers: number;
  /** From arrival until a page said that it had shown the frame, ms; the last one. */
  readonly shownAfterMs: number | null;
  close(): void;
}

/** Updates on their way to a page that has not said that it has shown them. */
const MOST_UNSEEN = 2;
/** A page whose connection holds more than this waits. */
const MOST_PENDING_BYTES = 1 << 20;
/** Faster than this nobody looks. */
const LEAST_MS = 30;
const STATUS_EVERY_MS = 250;
/** Parts of the surface in one update: one that has just been opened gets the bone piece by piece. */
const MOST_BLOCKS = 300;
/** Pictures are sent no larger than this, pixels each way. */
const MOST_PX = 640;

const command = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("shown"), turn: z.int().min(0) }),
  z.strictObject({ type: z.enum(["pause", "resume", "record", "stop", "clear"]) }),
]);

interface Viewer {
  readonly link: ViewerLink;
  turn: number;
  unseen: { readonly turn: number; readonly arrivedS: number | undefined }[];
  sentMs: number;
  statusMs: number;
  sentOrder: number;
  readonly dirty: Set<number>;
  resetSurface: boolean;
  sentLines: number;
  sentPlan: LivePlan | undefined;
}

/**
 * Shows a session to pages. Nothing waits for a page: each is sent the newest when it has shown what it was sent before,
 * and of what it missed only what still holds. `nowS`: the session's clock.
 */
export function createBroadcast(session: LiveSession, nowS: () => number): Broadcast {
  const viewers = new Set<Viewer>();
  let shownAfterMs: number | null = null;
  const stopSurface = session.surface.onChange((blocks) => {
    for (const viewer of viewers) {
      if (blocks === "all") {
        viewer.dirty.clear();
        viewer.resetSurface = true;
      } else blocks.forEach((block) => viewer.dirty.add(block));
    }
  });
  const offer = (): void => viewers.forEach(show);
  const stopFrames = session.onChange(offer);
  const ticker = setInterval(offer, STATUS_EVERY_MS / 2);
  ticker.unref();

  function show(viewer: Viewer): void {
    const nowMs = performance.now();
    if (viewer.unseen.length >= MOST_UNSEEN || viewer.link.pendingBytes > MOST_PENDING_BYTES) return;
    if (nowMs - viewer.sentMs < LEAST_MS) return;
    const { frame, plan } = session;
    const newFrame = frame && frame.order !== viewer.sentOrder ? frame : undefined;
    const statusDue = nowMs - viewer.statusMs >= STATUS_EVERY_MS;
    const surface = surfaceUpdate(session, viewer);
    if (!newFrame && !statusDue && !surface) return;
    const swath = swathUpdate(session, viewer);
    const turn = ++viewer.turn;
    viewer.link.send(
      encodeUpdate({
        turn,
        ...(statusDue ? { status: session.status({ viewers: viewers.size, shownAfterMs }) } : {}),
        ...(plan === viewer.sentPlan ? {} : { plan }),
        ...(newFrame ? { frame: frameUpdate(newFrame) } : {}),
        ...(surface ? { surface } : {}),
        ...(swath ? { swath } : {}),
      }),
    );
    viewer.unseen.push({ turn, arrivedS: newFrame?.arrivedS });
    viewer.sentMs = nowMs;
    if (statusDue) viewer.statusMs = nowMs;
    if (newFrame) viewer.sentOrder = newFrame.order;
    viewer.sentPlan = plan;
  }

  function obey(viewer: Viewer, text: string): void {
    const parsed = text.length <= MAX_COMMAND_BYTES ? command.safeParse(jsonOf(text)) : undefined;
    if (!parsed?.success) return viewer.link.close(1008, "this is no command");
    const { data } = parsed;
    switch (data.type) {
      case "shown": {
        const seen = viewer.unseen.find(({ turn }) => turn === data.turn);
        if (seen?.arrivedS !== undefined) shownAfterMs = (nowS() - seen.arrivedS) * 1000;
        viewer.unseen = viewer.unseen.filter(({ turn }) => turn > data.turn);
        return show(viewer);
      }
      case "pause":
      case "resume":
        return session.pause(data.type === "pause");
      case "record":
        return session.record();
      case "stop":
        return void session.stopRecording();
      case "clear":
        return session.clear();
    }
  }

  return {
    join(link) {
      const viewer: Viewer = {
        link,
        turn: 0,
        unseen: [],
        sentMs: -Infinity,
        statusMs: -Infinity,
        sentOrder: -1,
        dirty: new Set(session.surface.parts.keys()),
        resetSurface: true,
        sentLines: -1,
        sentPlan: undefined,
      };
      viewers.add(viewer);
      show(viewer);
      return { heard: (text) => obey(viewer, text), left: () => void viewers.delete(viewer) };
    },
    get viewers() {
      return viewers.size;
    },
    get shownAfterMs() {
      return shownAfterMs;
    },
    close() {
      clearInterval(ticker);
      stopSurface();
      stopFrames();
      for (const { link } of viewers) link.close(1001, "the live view has ended");
      viewers.clear();
    },
  };
}

/** Undefined when nothing has changed. What is sent is no longer dirty. */
function surfaceUpdate({ surface }: LiveSession, viewer: Viewer): LiveSurfaceUpdate | undefined {
  const { dirty, resetSurface: reset } = viewer;
  if (dirty.size === 0 && !reset) return undefined;
  const chosen = [...dirty].slice(0, MOST_BLOCKS);
  const parts = chosen.map((block) => ({ block, part: surface.parts.get(block) }));
  const sum = (of: "positions" | "triangles"): number =>
    parts.reduce((n, { part }) => n + (part?.mesh[of].length ?? 0), 0);
  const positions = new Float32Array(sum("positions")),
    triangles = new Uint16Array(sum("triangles")),
    observations = new Uint8Array(positions.length / 3);
  let p = 0,
    t = 0;
  for (const { part } of parts) {
    if (!part) continue;
    positions.set(part.mesh.positions, p);
    triangles.set(part.mesh.triangles, t);
    part.observations.forEach((value, v) => (observations[p / 3 + v] = Math.min(255, Math.round(value))));
    p += part.mesh.positions.length;
    t += part.mesh.triangles.length;
  }
  chosen.forEach((block) => dirty.delete(block));
  viewer.resetSurface = false;
  const blocks = parts.map(
    ({ block, part }) =>
      [block, (part?.mesh.positions.length ?? 0) / 3, (part?.mesh.triangles.length ?? 0) / 3] as const,
  );
  return { reset, blocks, positions, triangles, observations };
}

/** Lines since the last update; all of them after the swath was begun anew. */
function swathUpdate({ swath }: LiveSession, viewer: Viewer): LiveSwathUpdate | undefined {
  const reset = viewer.sentLines < 0 || swath.length < viewer.sentLines;
  const fresh = reset ? swath : swath.slice(viewer.sentLines);
  if (fresh.length === 0 && !reset) return undefined;
  viewer.sentLines = swath.length;
  const lines = new Float32Array(fresh.length * SWATH_NUMBERS);
  fresh.forEach(({ fromMm, toMm, boneShare }, i) => lines.set([...fromMm, ...toMm, boneShare], i * SWATH_NUMBERS));
  return { reset, lines };
}

function frameUpdate({ order, image, mask, referenceFromPixel, unposed, arrivedS, doneS, pixelMm, facePx }: LiveFrame) {
  const shrunk = Math.max(1, Math.ceil(Math.max(image.width, image.height) / MOST_PX));
  const { width, height, pixels } = smaller(image, shrunk);
  const update: LiveFrameUpdate = {
    order,
    width,
    height,
    shrunk,
    pixelMm,
    facePx,
    referenceFromPixel: referenceFromPixel ? [...referenceFromPixel] : null,
    unposed: unposed ?? null,
    latencyMs: (doneS - arrivedS) * 1000,
    pixels,
    ridgeRowPx: mask.ridgeRowPx,
    confidence: Uint8Array.from(mask.ridgeConfidence, (c) => Math.round(255 * c)),
  };
  return update;
}

/** Every n-th pixel each way: a picture to look at, while bone was looked for in all of them. */
function smaller({ width, height, pixels }: LiveFrame["image"], by: number) {
  if (by === 1 && pixels instanceof Uint8Array) {
    // Never a Buffer, which would be written as numbers in words.
    return { width, height, pixels: new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length) };
  }
  const w = Math.floor(width / by),
    h = Math.floor(height / by);
  const out = new Uint8Array(w * h);
  for (let v = 0, at = 0; v < h; v++) for (let u = 0; u < w; u++, at++) out[at] = pixels[v * by * width + u * by]!;
  return { width: w, height: h, pixels: out };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
