import { FormatError } from "../../core/errors.ts";
import { createBudget, type MemoryBudget, type ReadLimits } from "./budget.ts";
import { openFile, type ByteFile } from "./byte-file.ts";
import { readMetaImageHeader } from "./meta-image-header.ts";
import { readNrrdHeader } from "./nrrd-header.ts";
import { openPayload, type Payload } from "./payload.ts";
import type { RasterHeader } from "./raster-header.ts";

/** A MetaImage or NRRD file whose header was read: a volume, or a sequence of images. */
export interface OpenRaster {
  readonly header: RasterHeader;
  readonly budget: MemoryBudget;
  /** Those of the header, and what `warn` adds. */
  readonly warnings: string[];
  warn(sentence: string): void;
  /** Opens the samples, once; they are closed with the raster, or by themselves. */
  payload(): Promise<Payload>;
  /** May be called twice. */
  close(): Promise<void>;
}

/** Throws a FormatError, and leaves nothing open, when the file is neither. */
export async function openRaster(path: string, limits: ReadLimits): Promise<OpenRaster> {
  const budget = createBudget(path, limits);
  const file = await openFile(path);
  let owned: { close(): Promise<void> } = file;
  try {
    const { header, headerEnd } = await readRasterHeader(file, limits, budget);
    const warnings = [...header.warnings];
    const warn = (sentence: string): void => void warnings.push(sentence);
    return {
      header,
      budget,
      warnings,
      warn,
      async payload() {
        const opened = await openPayload(file, header, headerEnd, budget, limits, warn);
        owned = opened;
        return opened;
      },
      close: () => owned.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

const SNIFF_BYTES = 4096;

/** The content decides: "NRRD000x", or a first line "Key = Value". */
async function readRasterHeader(
  file: ByteFile,
  limits: ReadLimits,
  budget: MemoryBudget,
): Promise<{ readonly header: RasterHeader; readonly headerEnd: number }> {
  const head = new Uint8Array(Math.min(SNIFF_BYTES, file.size));
  await file.read(head, 0);
  const text = Buffer.from(head).toString("latin1");
  if (text.startsWith("NRRD")) return readNrrdHeader(file, limits, budget);
  if (/^\s*[A-Za-z][\w ]*=/.test(text)) return readMetaImageHeader(file, limits, budget);
  const problem = file.size === 0 ? "the file is empty" : "is neither MetaImage nor NRRD";
  throw new FormatError(file.path, { byteOffset: 0 }, problem, "Give an .mha, .mhd, .nrrd or .nhdr file");
}
