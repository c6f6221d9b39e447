import { expect, test } from "vitest";
import type { Device, Sample } from "../../src/data/device.ts";

/** What every Device must do, whatever is behind it: simulator, replay or driver. */
export function deviceContract<T>(name: string, make: () => Promise<Device<T>> | Device<T>): void {
  const never = (): AbortSignal => new AbortController().signal;

  async function drain(device: Device<T>, limit = Infinity): Promise<Sample<T>[]> {
    const stream = await device.open(never());
    const samples: Sample<T>[] = [];
    try {
      for await (const sample of stream) {
        samples.push(sample);
        if (samples.length >= limit) break;
      }
    } finally {
      await stream.close();
    }
    return samples;
  }

  test(`${name}: sequence numbers count up, and neither clock runs backwards`, async () => {
    const samples = await drain(await make());
    expect(samples.length).toBeGreaterThan(2);
    samples.forEach((sample, i) => {
      const previous = samples[i - 1];
      if (!previous) return;
      expect(sample.sequence).toBeGreaterThan(previous.sequence);
      expect(sample.acquiredAt).toBeGreaterThan(previous.acquiredAt);
    });
    for (const { acquiredAt, receivedAt } of samples) {
      expect(Number.isFinite(acquiredAt)).toBe(true);
      expect(Number.isFinite(receivedAt)).toBe(true);
    }
  });

  test(`${name}: aborting ends the stream without an error`, async () => {
    const controller = new AbortController();
    const stream = await (await make()).open(controller.signal);
    let count = 0;
    for await (const sample of stream) {
      expect(sample).toBeDefined();
      if (++count === 2) controller.abort();
      expect(count).toBeLessThan(1000);
    }
    expect(count).toBeGreaterThanOrEqual(2);
    await stream.close();
  });

  test(`${name}: an aborted signal gives no sample at all`, async () => {
    const controller = new AbortController();
    controller.abort();
    const stream = await (await make()).open(controller.signal);
    const samples: Sample<T>[] = [];
    for await (const sample of stream) samples.push(sample);
    expect(samples).toEqual([]);
    await stream.close();
  });

  test(`${name}: closing twice, or in mid-stream, is quiet`, async () => {
    const stream = await (await make()).open(never());
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    await stream.close();
    await stream.close();
    let rest = 0;
    while (!(await iterator.next()).done) rest++;
    expect(rest).toBeLessThanOrEqual(1000);
  });

  test(`${name}: opened again, it gives the same again`, async () => {
    const device = await make();
    const bare = (samples: Sample<T>[]): unknown => samples.map(({ sequence, value }) => ({ sequence, value }));
    expect(bare(await drain(device, 5))).toEqual(bare(await drain(device, 5)));
  });
}
