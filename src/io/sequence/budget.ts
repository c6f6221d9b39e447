import { UnsuitableInputError } from "../../core/errors.ts";

const MEGABYTE = 1024 * 1024;

/** What a reader may spend on one file. A hostile header costs no more than this, whatever it promises. */
export interface ReadLimits {
  /** Bytes of memory for everything kept of the file: header text, tracks, buffers. Default 1 GiB. */
  readonly memoryBytes?: number;
  /** Longest text header. Default 128 MiB: some 100,000 frames of PLUS fields. */
  readonly headerBytes?: number;
  /** Most `key = value` lines. Default 4,000,000. */
  readonly headerLines?: number;
  /** Most bytes that packed samples may inflate to, in a temporary file if need be. Default 64 GiB. */
  readonly inflatedBytes?: number;
  /** Told of every reservation, before it is made; `totalBytes` includes it. */
  readonly onReserve?: (bytes: number, totalBytes: number, purpose: string) => void;
}

export const defaultLimits = {
  memoryBytes: 1024 * MEGABYTE,
  headerBytes: 128 * MEGABYTE,
  headerLines: 4_000_000,
  inflatedBytes: 64 * 1024 * MEGABYTE,
} as const;

/** Longest single header line (Slicer puts the times of all frames on one): longer ones are pixels taken for text. */
export const MAX_LINE_BYTES = 8 * MEGABYTE;
/** Most differently named per-frame fields; PLUS writes about a dozen. */
export const MAX_FRAME_FIELD_NAMES = 1024;

/** Counts what a reader keeps, before it is allocated. */
export interface MemoryBudget {
  readonly limitBytes: number;
  readonly usedBytes: number;
  /** Throws an UnsuitableInputError when the total would pass the limit. */
  reserve(bytes: number, purpose: string): void;
}

export function createBudget(file: string, { memoryBytes, onReserve }: ReadLimits): MemoryBudget {
  const limitBytes = memoryBytes ?? defaultLimits.memoryBytes;
  let usedBytes = 0;
  return {
    limitBytes,
    get usedBytes() {
      return usedBytes;
    },
    reserve(bytes, purpose) {
      if (!(bytes >= 0 && usedBytes + bytes <= limitBytes)) {
        throw new UnsuitableInputError(
          `${file}: ${purpose} would take ${inMegabytes(bytes)} on top of ${inMegabytes(usedBytes)}, ` +
            `more than the limit of ${inMegabytes(limitBytes)}`,
          "Raise the reader's memoryBytes if the file is to be trusted, or cut the recording into parts",
        );
      }
      usedBytes += bytes;
      onReserve?.(bytes, usedBytes, purpose);
    },
  };
}

export function inMegabytes(bytes: number): string {
  const megabytes = bytes / MEGABYTE;
  return `${megabytes < 100 ? megabytes.toPrecision(3) : Math.round(megabytes)} MiB`;
}
