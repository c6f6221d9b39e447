import { expect, test } from "vitest";
import { silentLog } from "../../src/core/log.ts";
import { plusAddress } from "../../src/hardware/openigtlink/url.ts";
import { isAddress, liveRig } from "../../src/scenario/live-rig.ts";
import { createTimeline } from "../../src/scenario/timeline.ts";

test("an address of PlusServer gives host, port and options; a wrong one names the field", () => {
  expect(plusAddress("plus://10.0.0.5:80?image=Image_Image&tracker=Tracker&header=1&full=drop")).toEqual({
    host: "10.0.0.5",
    port: 80,
    imageDevice: "Image_Image",
    trackerFrame: "Tracker",
    headerVersion: 1,
    whenFull: "drop",
  });
  expect(plusAddress("plus://[::1]:18944")).toEqual({ host: "::1", port: 18944 });
  expect(() => plusAddress("http://10.0.0.5")).toThrow(/scheme/);
  expect(() => plusAddress("plus://10.0.0.5?lag=3")).toThrow(/lag: this option is not known/);
  expect(() => plusAddress("plus://10.0.0.5?header=3")).toThrow(/header: expected a number in \[1, 2\]/);
});

test("images cannot come from a tracker, and a file is no address", () => {
  expect(() => liveRig({ images: "natnet://10.0.0.5" }, silentLog)).toThrow(/gives no images/);
  expect([isAddress("plus://h"), isAddress("scan.mcap"), isAddress("C:\\scan.mcap")]).toEqual([true, false, false]);
});

test("players begin together, a later one joins them, and when all have left the next one begins anew", async () => {
  let now = 100;
  const timeline = createTimeline(2, { recordS: 7, patienceS: 60, nowS: () => now });
  const first = timeline.join();
  expect(timeline.origin).toBeUndefined();
  now = 103;
  const second = timeline.join();
  expect(await first).toEqual({ hostS: 103, recordS: 7 });
  expect(await second).toBe(await first);
  now = 110;
  expect(await timeline.join()).toBe(await first);
  for (let i = 0; i < 3; i++) timeline.leave();
  expect(timeline.origin).toBeUndefined();
});

test("the first player does not wait longer than its patience", async () => {
  const timeline = createTimeline(2, { recordS: 0, patienceS: 0.01, nowS: () => 5 });
  const keepAlive = setInterval(() => undefined, 1000); // the timeline's own timer keeps no process alive
  expect(await timeline.join()).toEqual({ hostS: 5, recordS: 0 });
  clearInterval(keepAlive);
});
