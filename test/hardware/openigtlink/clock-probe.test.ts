import { afterEach, expect, test } from "vitest";
import type { ClockReading } from "../../../src/data/device.ts";
import { timestampOf } from "../../../src/hardware/openigtlink/envelope.ts";
import type { IgtlServer } from "../../../src/hardware/openigtlink/server.ts";
import { imageAt, localDevices, localServer, nowS, START_S } from "./support.ts";

let server: IgtlServer | undefined;
afterEach(() => server?.close());

/** The readings that came with so many images, published while somebody reads them. */
async function readingsWith(clockUtcS: (() => number) | undefined, images: number): Promise<ClockReading[]> {
  const serving = (server = await localServer({ keepAliveS: 0.02, ...(clockUtcS ? { clockUtcS } : {}) }));
  const stream = await localDevices(serving.port).images.open(new AbortController().signal);
  let count = 0;
  const publisher = setInterval(() => {
    serving.publish({ ...imageAt(START_S, 1), timestamp: timestampOf(START_S + ++count) });
  }, 20);
  const readings: ClockReading[] = [];
  try {
    let left = images;
    for await (const { clockReading } of stream) {
      if (clockReading) readings.push(clockReading);
      if (--left === 0) break;
    }
  } finally {
    clearInterval(publisher);
    await stream.close();
  }
  return readings;
}

test("the clock of a server that says its time is read, each time between request and answer", async () => {
  const startS = nowS();
  const readings = await readingsWith(() => START_S + 1.0001 * (nowS() - startS), 40);
  expect(readings.length).toBeGreaterThan(1);
  /** Of seconds since 1970 as a double, and of half a round trip's rounding. */
  const ROUNDING_S = 2e-6;
  for (const { deviceS, hostS, uncertaintyS } of readings) {
    const trueS = startS + (deviceS - START_S) / 1.0001;
    expect(Math.abs(hostS - trueS)).toBeLessThan(uncertaintyS + ROUNDING_S);
  }
});

test("a server that answers without a time, and statuses that nobody asked for, give no reading", async () => {
  expect(await readingsWith(undefined, 20)).toEqual([]);
});
