import type { PackedBytes, PackedValues } from "../data/report-page.ts";
import { unpackValues } from "../geometry/packed-mesh.ts";

export async function inflate(packed: PackedBytes): Promise<Uint8Array<ArrayBuffer>> {
  const compressed = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export const inflateValues = async (packed: PackedValues | null): Promise<Float32Array | null> =>
  packed && unpackValues(packed.step, await inflate(packed.bytes));
