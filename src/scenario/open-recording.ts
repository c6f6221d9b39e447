import { open } from "node:fs/promises";
import type { Recording } from "../data/recording.ts";
import { DICOM_MAGIC_AT, openDicom } from "../io/dicom/open-dicom.ts";
import { openMcap } from "../io/mcap/reader.ts";
import { H5_MAGIC, openTusRec } from "../io/tusrec/open-tusrec.ts";
import { openSequence } from "../io/sequence/open-sequence.ts";

/** First bytes of every MCAP file, intact or cut. */
const MCAP_MAGIC = Uint8Array.of(0x89, 0x4d, 0x43, 0x41, 0x50);
const DICOM_MAGIC = new TextEncoder().encode("DICM");

/**
 * Any recording that SonoBench reads, told apart by its first bytes: MCAP, a DICOM clip (which has no poses), a scan of
 * the TUS-REC challenges (HDF5), else a PLUS or Slicer sequence.
 */
export async function openRecording(path: string): Promise<Recording> {
  if (await hasMagic(path, MCAP_MAGIC, 0)) return openMcap(path);
  if (await hasMagic(path, DICOM_MAGIC, DICOM_MAGIC_AT)) return openDicom(path);
  if (await hasMagic(path, H5_MAGIC, 0)) return openTusRec(path);
  return openSequence(path);
}

/** By its name: scenarios are YAML or JSON, recordings are not. */
export const isScenarioFile = (path: string): boolean => /\.(ya?ml|json)$/i.test(path);

async function hasMagic(path: string, magic: Uint8Array, at: number): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const head = new Uint8Array(magic.length);
    await file.read(head, 0, head.length, at);
    return magic.every((byte, i) => head[i] === byte);
  } finally {
    await file.close();
  }
}
