import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { encodeUpdate, decodeUpdate, type LiveUpdate } from "../../../src/data/live-wire.ts";
import type { LiveStatus } from "../../../src/data/live.ts";
import { openMcap } from "../../../src/io/mcap/reader.ts";
import { createBroadcast } from "../../../src/scenario/live/broadcast.ts";
import type { LiveSession } from "../../../src/scenario/live/session.ts";
import { BONE_ROW, flatBone, PIXEL_MM, scanSource, sessionOf } from "../../support/live-scan.ts";

/** A quarter of a voxel. */
const SURFACE_MM = 0.25;
const folders: string[] = [];
const sessions: LiveSession[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});
function begin(...args: Parameters<typeof sessionOf>): LiveSession {
  const session = sessionOf(...args);
  sessions.push(session);
  return session;
}

/** Not within what tells of the change: what is done then tells of a change itself. */
function until(session: LiveSession, isSo: (frames: LiveStatus["frames"]) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = session.onChange(() => {
      if (!isSo(session.status().frames)) return;
      stop();
      resolve();
    });
  });
}

test("every image of a scan goes into the surface, which lies where the bone line was", async () => {
  const session = begin(scanSource({ frames: 40 }));
  await session.ended;
  const { frames, bone, state, images } = session.status();
  expect([frames.updated, frames.skipped, images?.samples]).toEqual([40, 0, 40]);
  expect(state.kind).toBe("ended");
  expect(bone.areaCm2).toBeGreaterThan(2);
  const { mesh } = await session.surface.whole();
  for (let v = 1; v < mesh.positions.length; v += 3)
    expect(Math.abs(mesh.positions[v]! - BONE_ROW * PIXEL_MM)).toBeLessThan(SURFACE_MM);
  expect(session.latencyMs()?.count).toBe(40);
});

test("without a tracker there is the picture with its line, and the reason why no bone grows", async () => {
  const session = begin(scanSource({ frames: 5, tracker: false }));
  await session.ended;
  const { bone, frames, tracker } = session.status();
  expect(bone.impossible).toContain("no tracker");
  expect([tracker, frames.updated, Object.values(frames.unposed)]).toEqual([null, 0, [5]]);
  expect(session.frame?.mask.ridgeRowPx[0]).toBe(BONE_ROW);
  expect(session.surface.parts.size).toBe(0);
});

test("without a calibration it says what is missing and how to give it", async () => {
  const session = begin(scanSource({ frames: 3, calibrated: false }));
  await session.ended;
  expect(session.status().bone.impossible).toContain("nothing says how the image sits on the probe");
});

test("a recording begun on the way holds what came from then on, and is whole when the source ends", async () => {
  const folder = await mkdtemp(join(tmpdir(), "live-session-"));
  folders.push(folder);
  const session = begin(scanSource({ frames: 60 }), { folder });
  await until(session, ({ updated }) => updated >= 10);
  session.record();
  session.record(); // one at a time
  await session.ended;
  const { lastRecording, recording } = session.status();
  expect(recording).toBeNull();
  expect(lastRecording).toMatchObject({ file: join(folder, "live-test.mcap"), endedBy: "the source ended" });
  const copy = await openMcap(lastRecording!.file);
  expect(copy.images!.count).toBe(lastRecording!.images);
  expect(copy.images!.count).toBeGreaterThan(30);
  expect(copy.poses[0]!.tool).toBe("Probe");
  await copy.close();
});

test("a recording that cannot be written is told of, and the scan goes on", async () => {
  const session = begin(scanSource({ frames: 30 }), { folder: "/dev/null/nowhere" });
  await until(session, ({ updated }) => updated >= 5);
  session.record();
  await session.ended;
  expect(session.status().notes.join()).toContain("the recording failed");
  expect(session.status().frames.updated).toBe(30);
});

test("while it is paused images go by, and a new bone begins empty", async () => {
  const session = begin(scanSource({ frames: 40 }));
  await until(session, ({ updated }) => updated >= 10);
  session.pause(true);
  await session.ended;
  const { frames } = session.status();
  expect(frames.updated).toBeLessThan(15);
  expect(frames.whilePaused + frames.updated).toBe(40);
  session.clear();
  expect(session.surface.parts.size).toBe(0);
});

test("images that cannot be looked at are counted and told of, and the scan goes on", async () => {
  let looked = 0;
  const session = begin(scanSource({ frames: 6 }), {
    // The first look is the warm-up.
    segmenter: async (frames, context) => {
      if (++looked === 3) throw new Error("frame 0 has values of another kind than gray levels of 8 bits");
      return flatBone(frames, context);
    },
  });
  await session.ended;
  const { frames, notes } = session.status();
  expect([frames.refused, frames.updated]).toEqual([1, 5]);
  expect(notes.join()).toContain("gray levels");
});

/** A page that can be as slow as it likes. */
function pageOf(session: LiveSession) {
  const updates: LiveUpdate[] = [];
  const closed: string[] = [];
  const link = {
    send: (bytes: Uint8Array) => void updates.push(decodeUpdate(Uint8Array.from(bytes).buffer)),
    pendingBytes: 0,
    close: (_: number, reason: string) => void closed.push(reason),
  };
  const broadcast = createBroadcast(session, () => performance.now() / 1000);
  return { updates, closed, link, broadcast, user: broadcast.join(link) };
}
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("a page that says nothing is sent two updates and no more, and the scan is not held up", async () => {
  const session = begin(scanSource({ frames: 40 }));
  const { updates, broadcast } = pageOf(session);
  await session.ended;
  await later(100);
  expect(updates.length).toBeLessThanOrEqual(2);
  expect(session.status().frames.updated).toBe(40);
  broadcast.close();
});

test("a page that comes late, or was slow, gets the whole bone as it is now", async () => {
  const session = begin(scanSource({ frames: 40 }));
  await session.ended;
  const { updates, user, broadcast } = pageOf(session);
  const parts = new Map<number, number>();
  for (let i = 0; i < 20; i++) {
    await later(40);
    for (const { turn } of updates) user.heard(JSON.stringify({ type: "shown", turn }));
  }
  for (const { surface } of updates) surface?.blocks.forEach(([block, , faces]) => parts.set(block, faces));
  expect(updates[0]?.surface?.reset).toBe(true);
  expect([...parts.values()].reduce((sum, faces) => sum + faces, 0)).toBe(session.surface.triangles);
  expect(updates.some(({ status }) => status?.state.kind === "ended")).toBe(true);
  broadcast.close();
});

test("words that are no command close the connection, and change nothing", async () => {
  const session = begin(scanSource({ frames: 3 }));
  for (const text of [
    "",
    "{",
    "[]",
    '{"type":"shutdown"}',
    '{"type":"record","file":"/etc/passwd"}',
    `"${"x".repeat(300)}"`,
  ]) {
    const { closed, user, broadcast } = pageOf(session);
    user.heard(text);
    expect(closed, text).toEqual(["this is no command"]);
    broadcast.close();
  }
  expect(session.status().recording).toBeNull();
});

test("commands of a page pause and go on", async () => {
  const session = begin(scanSource({ frames: 3 }));
  const { user, broadcast } = pageOf(session);
  user.heard('{"type":"pause"}');
  user.heard('{"type":"resume"}');
  user.heard('{"type":"clear"}');
  await session.ended;
  expect(session.status().frames.updated).toBe(3);
  broadcast.close();
});

test("a name with markup travels as the text that it is", async () => {
  const label = '<img src=x onerror="alert(1)">';
  const session = begin(scanSource({ frames: 3, label, toolName: "<b>Probe</b>" }), { referenceName: "Tracker" });
  await session.ended;
  const status = session.status();
  const bytes = encodeUpdate({ turn: 1, status });
  expect(decodeUpdate(bytes.buffer).status?.source.label).toBe(label);
  expect(status.tracker?.tools[0]?.name).toBe("<b>Probe</b>");
});
