import { echoKernelWasm } from "./echo-kernel.wasm.ts";
import { MAP_BLOCKS, MAP_DOUBLES, MAP_INTEGERS, type MapNumbers, type OwnMapBlock } from "./map-memory.ts";

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
  "pulseLength",
  "pulseCentre",
  "smoothLateral",
  "smoothAxial",
  "width",
  "height",
  "firstColumn",
  "endColumn",
  "map",
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
  "even",
  "odd",
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
  "waiting",
  "constants",
  "weights",
  "queue",
] as const;

/** `map`, the address of the other block of parameters, is set here. */
export type FrameNumbers = Readonly<
  Record<(typeof DOUBLES)[number] | Exclude<(typeof INTEGERS)[number], "map">, number>
>;
type BlockName = (typeof BLOCKS)[number] | OwnMapBlock | "cubes";
/** Bytes of each block, or the array that fills it. */
export type FrameBlocks = Readonly<Record<BlockName, number | Float32Array | Float64Array | Int32Array>>;

export interface KernelExports {
  clear(frame: number): void;
  splat(frame: number): void;
  addPoint(frame: number, x: number, y: number, z: number, amplitude: number): void;
  lateral(frame: number): void;
  noise(frame: number, start: number, firstLine: number, endLine: number): void;
  axial(frame: number, firstLine: number, endLine: number): void;
  display(frame: number): void;
  findBone(map: number): void;
  seeTissue(map: number): void;
  addSheets(map: number): void;
  addInterfaces(map: number, slopeToSkin: number): void;
  addEcho(map: number, line: number, depthMm: number, amplitude: number): void;
}

export interface KernelMemory {
  readonly memory: WebAssembly.Memory;
  /** Addresses of the parameters: of the kernel, and of the line map. */
  readonly frame: number;
  readonly map: number;
  readonly run: KernelExports;
  /** Changes a parameter of the line map. */
  setMapInteger(name: (typeof MAP_INTEGERS)[number], value: number): void;
  /** Bytes of a block. */
  length(name: BlockName): number;
  /** A view of a block, `offset` bytes in. */
  floats(name: BlockName, length: number, offset?: number): Float32Array<ArrayBuffer>;
  doubles(name: BlockName, length: number): Float64Array<ArrayBuffer>;
  integers(name: BlockName, length: number): Int32Array<ArrayBuffer>;
  bytes(name: BlockName, length: number): Uint8Array<ArrayBuffer>;
}

/** The first 64 KiB belong to the compiler (constants of its library) and to the parameters, at these addresses. */
const FRAME_ADDRESS = 32768;
const MAP_ADDRESS = 49152;
const FIRST_BLOCK = 65536;
const PAGE = 65536;
/** Blocks start on cache lines; vectors may read or write this much past their ends. */
const ALIGNMENT = 64;

let compiled: WebAssembly.Module | undefined;

/** Lays out and fills the memory of one simulator. `fetcher` makes what copies a cube of the scene into it. */
export function createKernelMemory(
  numbers: FrameNumbers,
  mapNumbers: MapNumbers,
  blocks: FrameBlocks,
  fetcher: (buffer: ArrayBuffer, cubeAt: Uint32Array, placesAddress: number) => (cube: number) => void,
): KernelMemory {
  let next = FIRST_BLOCK;
  const address = new Map<string, number>();
  for (const [name, wanted] of Object.entries(blocks)) {
    address.set(name, next);
    next += ALIGNMENT + ALIGNMENT * Math.ceil(bytesOf(wanted) / ALIGNMENT);
  }
  const memory = new WebAssembly.Memory({ initial: Math.ceil(next / PAGE) });
  const buffer = memory.buffer as ArrayBuffer;
  const view = new DataView(buffer);
  const where = (name: string): number => address.get(name)!;
  writeParameters(view, FRAME_ADDRESS, DOUBLES, INTEGERS, BLOCKS, { ...numbers, map: MAP_ADDRESS }, where);
  writeParameters(view, MAP_ADDRESS, MAP_DOUBLES, MAP_INTEGERS, MAP_BLOCKS, mapNumbers, where);
  for (const [name, wanted] of Object.entries(blocks)) {
    if (typeof wanted === "number") continue;
    new Uint8Array(buffer).set(new Uint8Array(wanted.buffer, wanted.byteOffset, wanted.byteLength), where(name));
  }
  compiled ??= new WebAssembly.Module(echoKernelWasm());
  const cubeAt = new Uint32Array(buffer, where("cubeAt"), bytesOf(blocks.cubeAt) / 4),
    fetchCube = fetcher(buffer, cubeAt, where("cubes"));
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory }, field: { fetchCube } });
  return {
    memory,
    frame: FRAME_ADDRESS,
    map: MAP_ADDRESS,
    run: exports as unknown as KernelExports,
    setMapInteger: (name, value) =>
      view.setInt32(MAP_ADDRESS + 8 * MAP_DOUBLES.length + 4 * MAP_INTEGERS.indexOf(name), value, true),
    length: (name) => bytesOf(blocks[name]),
    floats: (name, length, offset = 0) => new Float32Array(buffer, where(name) + offset, length),
    doubles: (name, length) => new Float64Array(buffer, where(name), length),
    integers: (name, length) => new Int32Array(buffer, where(name), length),
    bytes: (name, length) => new Uint8Array(buffer, where(name), length),
  };
}

const bytesOf = (wanted: FrameBlocks[BlockName]): number => (typeof wanted === "number" ? wanted : wanted.byteLength);

function writeParameters<Name extends string>(
  view: DataView,
  address: number,
  doubles: readonly Name[],
  integers: readonly Name[],
  blocks: readonly string[],
  numbers: Readonly<Record<Name, number>>,
  where: (block: string) => number,
): void {
  let at = address;
  for (const name of doubles) {
    view.setFloat64(at, numbers[name], true);
    at += 8;
  }
  for (const name of integers) {
    view.setInt32(at, numbers[name], true);
    at += 4;
  }
  for (const name of blocks) {
    view.setUint32(at, where(name), true);
    at += 4;
  }
}
