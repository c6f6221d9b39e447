/** What typed arrays and buffers were made while something ran. */
export interface Allocations {
  readonly largestBytes: number;
}

const watched = ["ArrayBuffer", "Uint8Array", "Int16Array", "Float32Array", "Float64Array", "Uint32Array"] as const;

/**
 * Runs `work` while every `new` of a typed array or ArrayBuffer (of any module that looks them up now) is recorded:
 * an account that does not rest on what the code under test says of itself.
 */
export async function watchAllocations(work: () => Promise<void>): Promise<Allocations> {
  let largestBytes = 0;
  const globals = globalThis as unknown as Record<string, new (...args: unknown[]) => ArrayBufferView | ArrayBuffer>;
  const originals = watched.map((name) => [name, globals[name]!] as const);
  for (const [name, original] of originals) {
    globals[name] = new Proxy(original, {
      construct(target, args, newTarget) {
        const made = Reflect.construct(target, args, newTarget as typeof target) as { byteLength: number };
        // A view of a buffer that was there already allocates nothing.
        if (!(args[0] instanceof Object && "byteLength" in args[0] && !ArrayBuffer.isView(args[0]))) {
          largestBytes = Math.max(largestBytes, made.byteLength);
        }
        return made;
      },
    });
  }
  try {
    await work();
  } finally {
    for (const [name, original] of originals) globals[name] = original;
  }
  return { largestBytes };
}
