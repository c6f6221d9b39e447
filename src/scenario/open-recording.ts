import { open } from "node:fs/promises";
import type { Recording } from "../data/recording.ts";
import { openMcap } from "../io/mcap/reader.ts";
import { openSequence } from "../io/sequence/open-sequence.ts";

/** First bytes of every MCAP file, intact or cut. */
const MCAP_MAGIC = Uint8Array.of(0x89, 0x4d, 0x43, 0x41, 0x50);

/** Any recording that SonoBench reads, told apart by its first bytes: MCAP, else a PLUS or Slicer sequence. */
export async function openRecording(path: string): Promise<Recording> {
  return (await startsWith(path, MCAP_MAGIC)) ? openMcap(path) : openSequence(path);
}

async function startsWith(path: string, magic: Uint8Array): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const head = new Uint8Array(magic.length);
    await file.read(head, 0, head.length, 0);
    return magic.every((byte, i) => head[i] === byte);
  } finally {
    await file.close();
  }
}
