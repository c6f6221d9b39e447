import { FormatError, UnsuitableInputError } from "../../core/errors.ts";
import { defaultLimits, inMegabytes, type MemoryBudget, type ReadLimits } from "./budget.ts";
import { besideHeader, openFile, type ByteFile } from "./byte-file.ts";
import { openInflated } from "./inflated-file.ts";
import { elementBytes, type RasterHeader } from "./raster-header.ts";

/** Recordings that inflate to no more than this stay in memory; longer ones go to a temporary file. */
export const IN_MEMORY_BYTES = 64 * 1024 * 1024;

/** The stored samples, by position, whatever the packing. */
export interface Payload {
  readonly bytes: number;
  read(into: Uint8Array, offset: number): Promise<void>;
  close(): Promise<void>;
}

/** Bytes of all samples as the sizes promise; a product beyond 2^53 is a FormatError. */
export function promisedBytes(file: string, { axes, element, sizeField }: RasterHeader): number {
  let product = element === undefined ? 0 : elementBytes[element];
  for (const { size } of axes) {
    product *= size;
    if (!Number.isSafeInteger(product)) {
      const problem = "the product of the sizes is beyond any file";
      throw new FormatError(file, { field: sizeField }, problem, "Correct the header");
    }
  }
  return product;
}

/**
 * Finds the samples and checks what is promised against what is there, before anything of that size is allocated.
 * Takes over `file` (closes it with the payload, or at once when the samples lie in another file).
 */
export async function openPayload(
  file: ByteFile,
  header: RasterHeader,
  headerEnd: number,
  budget: MemoryBudget,
  limits: ReadLimits,
  warn: (sentence: string) => void,
): Promise<Payload> {
  const { payload: place, sizeField } = header;
  const promised = promisedBytes(file.path, header);
  let data = file,
    begin = headerEnd;
  if (place.fileName !== undefined && promised > 0) {
    data = await openFile(await besideHeader(file.path, place.fileField, place.fileName));
    await file.close();
    begin = 0;
  }
  try {
    if (promised === 0) {
      if (data.size > begin) warn(`${data.size - begin} bytes follow the header though it promises no pixels; unread.`);
      return { bytes: 0, read: async () => undefined, close: () => data.close() };
    }
    if (place.compression === "none") {
      begin = place.skipBytes < 0 ? Math.max(begin, data.size - promised) : begin + place.skipBytes;
      checkRaw(data, begin, promised, header, warn);
      const offsetOfSamples = begin;
      return {
        bytes: promised,
        read: (into, offset) => data.read(into, offsetOfSamples + offset),
        close: () => data.close(),
      };
    }
    const there = Math.max(0, data.size - begin);
    const stored = place.storedBytes ?? there;
    if (stored > there || stored === 0) {
      const problem = `${place.storedBytesField} promises ${stored} bytes of compressed samples, but ${there} follow`;
      throw new FormatError(data.path, { byteOffset: data.size }, problem, "The file is cut short: copy it again");
    }
    if (stored < there) warn(`${there - stored} bytes follow the compressed samples; unread.`);
    const inMemory = Math.min(IN_MEMORY_BYTES, Math.floor(budget.limitBytes / 4));
    const { compression } = place;
    const inflated = openInflated(
      { file: data, offset: begin, storedBytes: stored, compression, inflatedBytes: promised, sizeField },
      inMemory,
    );
    const most = limits.inflatedBytes ?? defaultLimits.inflatedBytes;
    if (promised > most) {
      const problem = `${file.path}: its samples inflate to ${inMegabytes(promised)}, more than ${inMegabytes(most)}`;
      throw new UnsuitableInputError(problem, "Raise the reader's inflatedBytes if the file is to be trusted");
    }
    if (promised <= inMemory) budget.reserve(promised, "the inflated samples");
    return {
      bytes: promised,
      read: (into, offset) => inflated.read(into, offset),
      async close() {
        await inflated.close();
        await data.close();
      },
    };
  } catch (error) {
    await data.close();
    throw error;
  }
}

function checkRaw(
  data: ByteFile,
  begin: number,
  promised: number,
  { sizeField, axes }: RasterHeader,
  warn: (sentence: string) => void,
): void {
  const there = Math.max(0, data.size - begin);
  if (there < promised) {
    const sizes = axes.map(({ size }) => size).join(" x ");
    const problem = `${sizeField} (${sizes}) promises ${promised} bytes of samples, but ${there} are there`;
    const remedy = "The file is cut short: copy it again, or lower the number of frames in the header";
    throw new FormatError(data.path, { byteOffset: data.size }, problem, remedy);
  }
  if (there > promised) warn(`${there - promised} bytes follow the samples that the sizes promise; unread.`);
}

/**
 * Frames whose samples alternate (axis "list" first, as Slicer writes .seq.nrrd), put one after the other. Needs the
 * whole payload in memory, once, on first use.
 */
export function deinterleaved(
  file: string,
  payload: Payload,
  frames: number,
  sampleBytes: number,
  budget: MemoryBudget,
): Payload {
  if (payload.bytes > budget.limitBytes / 4) {
    throw new UnsuitableInputError(
      `${file}: its frames are interleaved sample by sample, so all ${inMegabytes(payload.bytes)} are needed at once`,
      "Save it with the list axis last (.igs.nrrd or .igs.mha), or raise the reader's memoryBytes",
    );
  }
  budget.reserve(2 * payload.bytes, "untangling interleaved frames");
  let whole: Promise<Uint8Array> | undefined;
  const load = async (): Promise<Uint8Array> => {
    const mixed = new Uint8Array(payload.bytes),
      sorted = new Uint8Array(payload.bytes);
    await payload.read(mixed, 0);
    const samples = payload.bytes / (frames * sampleBytes);
    for (let frame = 0, to = 0; frame < frames; frame++) {
      for (let sample = 0; sample < samples; sample++) {
        const from = (sample * frames + frame) * sampleBytes;
        for (let byte = 0; byte < sampleBytes; byte++) sorted[to++] = mixed[from + byte]!;
      }
    }
    return sorted;
  };
  return {
    bytes: payload.bytes,
    async read(into, offset) {
      whole ??= load();
      into.set((await whole).subarray(offset, offset + into.length));
    },
    close: () => payload.close(),
  };
}
