import { echoKernelWasm } from "./echo-kernel.wasm.ts";

/**
 * The block of parameters at the head of the kernel's memory: `Frame` of assembly/echo-kernel.ts and of
 * bench/ultrasound-twin.c, in the same order. Doubles first, then 32-bit integers, then addresses.
 */
const DOUBLES = [
  "spacingMm",
  "linesPerMm",
  "samplesPerMm",
  "rowsPerMm",
  "turnsPerMm",
  "elevationsPerMm",
  "elevationRowsPerMm",
  "cellMm",
  "cellsPerMm",
  "nearBoneMm",
  "sideMm",
  "layerMm",
  "muscle",
  "surface",
  "darkest",
  "noiseScale",
  "grayPerDb",
  "radiusMm",
] as const;
const INTEGERS = [
  "lines",
  "rows",
  "samples",
  "scanLines",
  "marginLines",
  "seed",
  "speckle",
  "boneRough",
  "surfacePoints",
  "cosines",
  "elevationColumns",
  "elevationRows",
  "ranks",
  "tapRows",
  "tapPairs",
  "pulseLength",
  "pulseCentre",
  "smoothLateral",
  "smoothAxial",
  "width",
  "height",
  "firstColumn",
  "endColumn",
] as const;
const BLOCKS = [
  "pose",
  "amplitude",
  "shift",
  "transmission",
  "boneDepth",
  "boneNormal",
  "boneFace",
  "push",
  "densities",
  "diffuse",
  "mirrorDensity",
  "elevation",
  "halfWidth",
  "taps",
  "tapRange",
  "tapRow",
  "pulse",
  "lateralKernel",
  "axialKernel",
  "gain",
  "columnLine",
  "columnShare",
  "rowSample",
  "rowShare",
  "fine",
  "beamed",
  "coherentRe",
  "coherentIm",
  "receivedRe",
  "receivedIm",
  "power",
  "smooth",
  "padded",
  "level",
  "pixels",
  "dump",
  "constants",
  "asked",
] as const;

export type FrameNumbers = Readonly<Record<(typeof DOUBLES)[number] | (typeof INTEGERS)[number], number>>;
/** Bytes of each block, or the array that fills it. */
export type FrameBlocks = Readonly<Record<(typeof BLOCKS)[number], number | Float32Array | Int32Array>>;

export interface KernelExports {
  clear(frame: number): void;
  splat(frame: number): void;
  addPoint(frame: number, x: number, y: number, z: number, amplitude: number): void;
  lateral(frame: number): void;
  noise(frame: number, start: number): void;
  axial(frame: number): void;
  display(frame: number): void;
}

export interface KernelMemory {
  readonly memory: WebAssembly.Memory;
  /** Address of the parameters. */
  readonly frame: number;
  readonly run: KernelExports;
  /** A view of a block, `offset` bytes in. */
  floats(name: (typeof BLOCKS)[number], length: number, offset?: number): Float32Array<ArrayBuffer>;
  doubles(name: (typeof BLOCKS)[number], length: number): Float64Array<ArrayBuffer>;
  bytes(name: (typeof BLOCKS)[number], length: number): Uint8Array<ArrayBuffer>;
}

/** The first 64 KiB belong to the compiler (constants of its library) and to the parameters, at this address. */
const FRAME_ADDRESS = 32768;
const FIRST_BLOCK = 65536;
const PAGE = 65536;
/** Blocks start on cache lines; vectors may read or write this much past their ends. */
const ALIGNMENT = 64;

let compiled: WebAssembly.Module | undefined;

/** Lays out and fills the memory of one simulator. */
export function createKernelMemory(
  numbers: FrameNumbers,
  blocks: FrameBlocks,
  boneAt: (x: number, y: number, z: number) => number,
): KernelMemory {
  let next = FIRST_BLOCK;
  const address = new Map<string, number>();
  for (const name of BLOCKS) {
    const wanted = blocks[name];
    address.set(name, next);
    const bytes = typeof wanted === "number" ? wanted : wanted.byteLength;
    next += ALIGNMENT + ALIGNMENT * Math.ceil(bytes / ALIGNMENT);
  }
  const memory = new WebAssembly.Memory({ initial: Math.ceil(next / PAGE) });
  const { buffer } = memory;
  const view = new DataView(buffer);
  let at = FRAME_ADDRESS;
  for (const name of DOUBLES) {
    view.setFloat64(at, numbers[name], true);
    at += 8;
  }
  for (const name of INTEGERS) {
    view.setInt32(at, numbers[name], true);
    at += 4;
  }
  for (const name of BLOCKS) {
    view.setUint32(at, address.get(name)!, true);
    at += 4;
    const wanted = blocks[name];
    if (typeof wanted === "number") continue;
    new Uint8Array(buffer).set(new Uint8Array(wanted.buffer, wanted.byteOffset, wanted.byteLength), address.get(name)!);
  }
  compiled ??= new WebAssembly.Module(echoKernelWasm());
  const asked = new Float64Array(buffer, address.get("asked")!, 4);
  const answer = (): void => {
    asked[3] = boneAt(asked[0]!, asked[1]!, asked[2]!);
  };
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory }, "echo-kernel": { boneAt: answer } });
  return {
    memory,
    frame: FRAME_ADDRESS,
    run: exports as unknown as KernelExports,
    floats: (name, length, offset = 0) => new Float32Array(buffer, address.get(name)! + offset, length),
    doubles: (name, length) => new Float64Array(buffer, address.get(name)!, length),
    bytes: (name, length) => new Uint8Array(buffer, address.get(name)!, length),
  };
}
