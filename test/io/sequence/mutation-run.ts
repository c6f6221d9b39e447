import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { FormatError, UnsuitableInputError } from "../../../src/core/errors.ts";
import { createRng } from "../../../src/core/rng.ts";
import { readPlusConfig } from "../../../src/io/plus-config.ts";
import type { ReadLimits } from "../../../src/io/sequence/budget.ts";
import { openSequence } from "../../../src/io/sequence/open-sequence.ts";
import { writeSequence } from "../../../src/io/sequence/write-sequence.ts";
import { readVolume, writeVolume } from "../../../src/io/volume-file.ts";
import { watchAllocations } from "../../support/allocations.ts";
import { mutate } from "../../support/mutate.ts";
import { bytesOf, mha, nrrd, randomRecording, temporaryFolder } from "./support.ts";

/** What the readers may spend on one damaged file. */
export const BUDGET_BYTES = 4 * 1024 * 1024;
/** Read buffers that every open file costs, whatever is in it: a chunk of the header and one of packed samples. */
export const FIXED_BYTES = 512 * 1024 + 4096;
/** Frames read of each file: damage shows in the first and in what follows. */
const FRAMES_READ = 16;

interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly read: (path: string, limits: ReadLimits) => Promise<void>;
}

const config = `<?xml version="1.0"?>
<PlusConfiguration version="2.1">
  <CoordinateDefinitions>
    <Transform From="Image" To="Probe" Matrix="0.1 0 0 1 0 0.1 0 2 0 0 0.1 3 0 0 0 1" Error="0.5" Date="x" />
  </CoordinateDefinitions>
  <VolumeReconstruction OutputSpacing="0.5 0.5 0.5" ClipRectangleOrigin="0 0" ClipRectangleSize="820 616"
    FanAnglesDeg="-45 45" Interpolation="LINEAR" CompoundingMode="MEAN" FillHoles="ON" NumberOfThreads="1">
    <HoleFilling><HoleFillingElement Type="STICK" StickLengthLimit="9" NumberOfSticksToUse="1" /></HoleFilling>
  </VolumeReconstruction>
  <PhantomDefinition><Geometry><Pattern Type="NWire">
    <Wire Name="1" EndPointFront="30.0 0.0 20.0" EndPointBack="30.0 40.0 20.0" /></Pattern>
    <Landmarks><Landmark Name="#1" Position="104.3 5.0 20.0" /></Landmarks></Geometry></PhantomDefinition>
</PlusConfiguration>`;

/** Small well-formed files of every kind that is read, in `folder`. */
async function makeSeeds(folder: string): Promise<Seed[]> {
  const seeds: Seed[] = [];
  const sequence = async (path: string, limits: ReadLimits): Promise<void> => {
    const recording = await openSequence(path, limits);
    try {
      for (let i = 0; i < Math.min(FRAMES_READ, recording.images?.count ?? 0); i++) await recording.images?.read(i);
    } finally {
      await recording.close();
    }
  };
  const volume = async (path: string, limits: ReadLimits): Promise<void> => void (await readVolume(path, limits));
  const xml = async (path: string): Promise<void> => void (await readPlusConfig(path));
  for (const [name, compress] of [
    ["a.igs.mha", true],
    ["b.igs.mha", false],
    ["c.mhd", false],
    ["d.mhd", true],
    ["e.igs.nrrd", true],
    ["f.igs.nrrd", false],
    ["g.seq.nrrd", true],
  ] as const) {
    for (const variant of [1, 2]) {
      const path = join(folder, `${variant}${name}`);
      await writeSequence(path, randomRecording(createRng(`seed/${name}/${variant}`)), { compress });
      seeds.push({ name: `${variant}${name}`, bytes: await bytesOf(path), read: sequence });
    }
  }
  const poses = join(folder, "h.igs.mha");
  await writeSequence(poses, randomRecording(createRng("seed/poses"), false));
  seeds.push({ name: "h.igs.mha", bytes: await bytesOf(poses), read: sequence });
  const colours = mha({
    fields: {
      DimSize: "4 3 2",
      ElementNumberOfChannels: "3",
      UltrasoundImageOrientation: "FM",
      CompressedData: "True",
    },
    frames: [{ ProbeToTrackerTransform: "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1" }],
    payload: deflateSync(new Uint8Array(72)),
  });
  seeds.push({ name: "i.mha", bytes: colours, read: sequence });
  const listFirst = nrrd(
    ["type: short", "dimension: 3", "sizes: 3 4 2", "kinds: list domain domain", "encoding: raw", "endian: big"],
    new Uint8Array(48),
  );
  seeds.push({ name: "j.nrrd", bytes: listFirst, read: sequence });
  const grid = { shape: [3, 4, 5], spacingMm: [0.5, 1, 2], originMm: [1, 2, 3] } as const;
  for (const [name, values] of [
    ["k.nrrd", new Uint8Array(60)],
    ["l.mha", new Float32Array(60)],
  ] as const) {
    const path = join(folder, name);
    await writeVolume(path, { grid, values }, { axes: "RAS" });
    seeds.push({ name, bytes: await bytesOf(path), read: volume });
  }
  seeds.push({ name: "m.xml", bytes: Buffer.from(config), read: xml });
  return seeds;
}

export interface MutationTally {
  readonly accepted: number;
  readonly refused: number;
  /** One line for each file that broke the promise; the case's name brings the file back. */
  readonly broken: readonly string[];
}

/** How many files this process holds open; 0 where the system does not say. */
async function openFiles(): Promise<number> {
  return (await readdir("/proc/self/fd").catch(() => [])).length;
}

/** Reads `count` damaged files: each must be read or refused with one of the two errors, within the budget. */
export async function runMutations(count: number, name: string): Promise<MutationTally> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "seeds"));
  const seeds = await makeSeeds(join(folder, "seeds"));
  const all = seeds.map(({ bytes }) => bytes);
  const broken: string[] = [];
  let accepted = 0,
    refused = 0;
  const openBefore = await openFiles();
  for (let i = 0; i < count; i++) {
    const label = `${name}/${i}`,
      rng = createRng(label),
      seed = seeds[rng.integer(seeds.length)]!;
    // Detached data files stay beside their headers: only the header is damaged.
    const path = join(folder, "seeds", `damaged-${seed.name}`);
    await writeFile(path, mutate(seed.bytes, rng, all));
    let reservedBytes = 0;
    const { largestBytes } = await watchAllocations(async () => {
      try {
        await seed.read(path, {
          memoryBytes: BUDGET_BYTES,
          onReserve: (_, total) => {
            reservedBytes = Math.max(reservedBytes, total);
          },
        });
        accepted++;
      } catch (error) {
        if (error instanceof FormatError || error instanceof UnsuitableInputError) refused++;
        else broken.push(`${label} (${seed.name}): ${error instanceof Error ? (error.stack ?? "") : String(error)}`);
      }
    });
    if (reservedBytes > BUDGET_BYTES) broken.push(`${label} (${seed.name}): reserved ${reservedBytes} bytes`);
    if (largestBytes > BUDGET_BYTES + FIXED_BYTES) broken.push(`${label} (${seed.name}): allocated ${largestBytes}`);
  }
  const openAfter = await openFiles();
  if (openAfter > openBefore) broken.push(`${openAfter - openBefore} files were left open`);
  return { accepted, refused, broken };
}
