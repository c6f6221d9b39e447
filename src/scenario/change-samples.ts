import type { Device, Sample } from "../data/device.ts";

/** The device with every sample changed on its way; undefined leaves it out. */
export function changeSamples<T>(device: Device<T>, change: (sample: Sample<T>) => Sample<T> | undefined): Device<T> {
  return {
    id: device.id,
    async open(signal) {
      const stream = await device.open(signal);
      return {
        nominalRateHz: stream.nominalRateHz,
        close: () => stream.close(),
        async *[Symbol.asyncIterator]() {
          for await (const sample of stream) {
            const changed = change(sample);
            if (changed) yield changed;
          }
        },
      };
    },
  };
}
