import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { deflateSync } from "node:zlib";
import { FormatError, UnsuitableInputError } from "../core/errors.ts";
import { createRng } from "../core/rng.ts";
import { readPlusConfig } from "../io/plus-config.ts";
import { decodePng } from "../io/png.ts";
import type { ReadLimits } from "../io/sequence/budget.ts";
import { openSequence } from "../io/sequence/open-sequence.ts";
import type { SequenceRecording } from "../io/sequence/sequence-recording.ts";
import { writeSequence } from "../io/sequence/write-sequence.ts";
import { readVolume, writeVolume } from "../io/volume-file.ts";
import { numericCheck, type Check, type CheckContext, type Suite } from "./check.ts";
import { mha, randomRecording, snapshot, type MhaParts } from "./io-samples.ts";

const ROUND_TRIPS = 40;
const IDENTITY = "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1";

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "sonobench-verify-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Opens, hands over, closes. */
async function withSequence<T>(
  path: string,
  use: (recording: SequenceRecording) => Promise<T> | T,
  limits: ReadLimits = {},
): Promise<T> {
  const recording = await openSequence(path, limits);
  try {
    return await use(recording);
  } finally {
    await recording.close();
  }
}

function roundTrip(ending: string): Check {
  return numericCheck(
    {
      id: `io.round-trip${ending.replaceAll(".", "-")}`,
      statement: `Of ${ROUND_TRIPS} random recordings written as ${ending}, none reads back with a bit changed`,
      source: "definition of lossless: pixels, matrices, times, statuses and fields compared with what was written",
      expected: 0,
      tolerance: 0,
    },
    () =>
      inFolder(async (folder) => {
        let changed = 0;
        for (let i = 0; i < ROUND_TRIPS; i++) {
          const recording = randomRecording(createRng(`verify/io${ending}/${i}`)),
            path = join(folder, `r${ending}`);
          await writeSequence(path, recording, { compress: i % 2 === 0 });
          const same = await withSequence(path, async (back) =>
            isDeepStrictEqual(await snapshot(back), await snapshot(recording)),
          );
          if (!same) changed++;
        }
        return changed;
      }),
  );
}

const volumeRoundTrip = numericCheck(
  {
    id: "io.volume-round-trip",
    statement: "A volume keeps every voxel and its grid through .nrrd and .mha, in LPS and in RAS axes",
    source: "definition of lossless; NRRD written with negated directions for RAS",
    expected: 0,
    tolerance: 0,
  },
  () =>
    inFolder(async (folder) => {
      const grid = { shape: [5, 4, 3], spacingMm: [0.5, 0.7, 1.1], originMm: [-12.34, 56.7, 0.1] } as const;
      const values = Float32Array.from({ length: 60 }, (_, i) => Math.sin(i) * 1e3);
      let changed = 0;
      for (const ending of [".nrrd", ".mha"]) {
        for (const axes of ["LPS", "RAS"] as const) {
          const path = join(folder, `v${ending}`);
          await writeVolume(path, { grid, values }, { axes });
          const back = await readVolume(path, { axes });
          if (!isDeepStrictEqual([back.grid, back.values], [grid, values])) changed++;
        }
      }
      return changed;
    }),
);

/** What each orientation makes of the MF image 1 2 3 / 4 5 6, written out by hand from the letters. */
const orientations: Readonly<Record<string, readonly [width: number, pixels: readonly number[]]>> = {
  MF: [3, [1, 2, 3, 4, 5, 6]],
  MN: [3, [4, 5, 6, 1, 2, 3]],
  UF: [3, [3, 2, 1, 6, 5, 4]],
  UN: [3, [6, 5, 4, 3, 2, 1]],
  FM: [2, [1, 4, 2, 5, 3, 6]],
  FU: [2, [3, 6, 2, 5, 1, 4]],
  NM: [2, [4, 1, 5, 2, 6, 3]],
  NU: [2, [6, 3, 5, 2, 4, 1]],
};

const orientation = numericCheck(
  {
    id: "io.orientation",
    statement: "An image stored in any of the eight orientations of PLUS comes out in the internal one",
    source: "letters as PLUS defines them (M/U marked side, F/N far/near), eight images written out by hand",
    expected: 8,
    tolerance: 0,
  },
  () =>
    inFolder(async (folder) => {
      let right = 0;
      for (const [letters, [width, pixels]] of Object.entries(orientations)) {
        const fields = { DimSize: `${width} ${6 / width} 1`, UltrasoundImageOrientation: letters };
        const path = join(folder, "o.mha");
        await writeFile(path, mha({ fields, payload: Uint8Array.from(pixels) }));
        const image = await withSequence(path, (recording) => recording.images?.read(0));
        if (image && isDeepStrictEqual([image.width, ...image.pixels], [3, 1, 2, 3, 4, 5, 6])) right++;
      }
      return right;
    }),
);

const frame = (matrix: string): Record<string, string> => ({
  AToBTransform: matrix,
  Timestamp: "1",
  ImageStatus: "OK",
});

/** Files that are odd but whole, and the warning that each must bring. */
const oddities: readonly (readonly [parts: MhaParts, warning: RegExp])[] = [
  [{ fields: { DimSize: "0 0 1", ElementType: "MET_OTHER" }, frames: [frame(IDENTITY)] }, /no status/],
  [{ fields: { DimSize: "0 0 1" }, frames: [frame(IDENTITY)], payload: new Uint8Array(9) }, /9 bytes follow/],
  [{ fields: { Kinds: undefined }, payload: new Uint8Array(4) }, /no Kinds/],
  [{ fields: { UltrasoundImageOrientation: "XX" }, payload: new Uint8Array(4) }, /taken as MF/],
  [{ fields: { DimSize: "1 1 2" }, frames: [frame(IDENTITY)], payload: new Uint8Array(2) }, /1 field sets for 2/],
  [{ fields: { ElementNumberOfChannels: "3" }, payload: new Uint8Array(12) }, /converted to gray/],
  [{ frames: [{ CustomTransform: IDENTITY }], payload: new Uint8Array(4) }, /kept as text/],
  [{ payload: new Uint8Array(4) }, /times were made up/],
];

const oddFiles = numericCheck(
  {
    id: "io.oddities",
    statement: "Odd but whole PLUS files are read, each with a warning that names the oddity",
    source: "files of PlusLibData and IGSIO that deviate from the format (reference/plus.md 2.2)",
    expected: oddities.length,
    tolerance: 0,
  },
  () =>
    inFolder(async (folder) => {
      let read = 0;
      for (const [parts, warning] of oddities) {
        const path = join(folder, "odd.mha");
        await writeFile(path, mha(parts));
        if (await withSequence(path, ({ warnings }) => warnings.some((sentence) => warning.test(sentence)))) read++;
      }
      return read;
    }),
);

/** Files that lie or break, and what the refusal must say. */
const hostile: readonly (readonly [content: Uint8Array, message: RegExp])[] = [
  [mha({ payload: new Uint8Array(3) }), /byte \d+: DimSize .* promises 4 bytes of samples, but 3/],
  [mha({ fields: { DimSize: "4294967296 4294967296 2" } }), /DimSize: the product of the sizes/],
  [mha({ fields: { DimSize: "-2 2 1" } }), /DimSize: expected whole numbers/],
  [
    mha({ fields: { CompressedData: "True" }, payload: deflateSync(new Uint8Array(1e6)) }),
    /inflates to more than the 4 bytes/,
  ],
  [
    mha({ fields: { CompressedData: "True", DimSize: "9999 9999 999" }, payload: deflateSync(new Uint8Array(1e3)) }),
    /hold at most 1032 times/,
  ],
  [
    mha({ fields: { CompressedData: "True", CompressedDataSize: "99" }, payload: new Uint8Array(9) }),
    /CompressedDataSize/,
  ],
  [mha({ fields: { ElementDataFile: "../secret.raw" } }), /ElementDataFile: .* does not name a file in the folder/],
  [mha({ fields: { ElementDataFile: "gone.raw" } }), /ElementDataFile: the data file "gone.raw" is missing/],
  [
    mha({ frames: [frame("1 0 0 0 0 1 0 0 0 0 -1 0 0 0 0 1")], payload: new Uint8Array(4) }),
    /AToBTransform: .*mirrored/,
  ],
  [
    mha({ frames: [frame("nan 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1")], payload: new Uint8Array(4) }),
    /AToBTransform: .*finite/,
  ],
  [Buffer.from("RIFF\0\0\0\0WAVE"), /byte 0: is neither MetaImage nor NRRD/],
  [Buffer.from("ObjectType = Image\nNDims = 3\n"), /no ElementDataFile/],
];

const hostileFiles = numericCheck(
  {
    id: "io.hostile",
    statement: "Files that lie about their size, break off, unpack without end or point elsewhere are refused by name",
    source: "each file is made to break one promise; the message must name the field or byte",
    expected: hostile.length,
    tolerance: 0,
  },
  () =>
    inFolder(async (folder) => {
      let refused = 0;
      for (const [content, message] of hostile) {
        const path = join(folder, "hostile.mha");
        await writeFile(path, content);
        const error = await readAll(path);
        if (error instanceof FormatError && message.test(error.message) && error.remedy !== "") refused++;
      }
      return refused;
    }),
);

/** The error of reading every frame, if any. */
async function readAll(path: string, limits: ReadLimits = {}): Promise<unknown> {
  return withSequence(
    path,
    async ({ images }) => {
      for (let i = 0; i < (images?.count ?? 0); i++) await images?.read(i);
    },
    limits,
  ).then(
    () => undefined,
    (error: unknown) => error,
  );
}

const everyCut = numericCheck(
  {
    id: "io.every-cut",
    statement: "A recording cut off at any byte is refused; none passes as whole, none crashes the reader",
    source: "exhaustive: packed and unpacked, cut after every byte but the last",
    expected: 0,
    tolerance: 0,
  },
  () =>
    inFolder(async (folder) => {
      let wrong = 0;
      const pixels = Uint8Array.from({ length: 24 }, (_, i) => (i * 7919) % 251),
        frames = [frame(IDENTITY), frame(IDENTITY)];
      for (const CompressedData of ["True", "False"]) {
        const payload = CompressedData === "True" ? deflateSync(pixels) : pixels;
        const bytes = mha({ fields: { DimSize: "4 3 2", CompressedData }, frames, payload }),
          cut = join(folder, "cut.igs.mha");
        for (let length = 0; length < bytes.length; length++) {
          await writeFile(cut, bytes.subarray(0, length));
          if (!((await readAll(cut)) instanceof FormatError)) wrong++;
        }
      }
      return wrong;
    }),
);

/** Bytes of memory that the budget check grants. */
const BUDGET_BYTES = 4 * 1024 * 1024;

const budget: Check = {
  id: "io.budget",
  statement: "A reader never reserves more memory than it was granted, whatever the header promises",
  source: "headers that promise from 1 byte to 10^15 bytes of poses and pixels",
  expected: `at most ${BUDGET_BYTES} bytes`,
  tolerance: "none",
  run: () =>
    inFolder(async (folder) => {
      let largest = 0,
        wrong = 0;
      for (let power = 0; power <= 15; power++) {
        for (const DimSize of [`0 0 1${"0".repeat(power)}`, `1${"0".repeat(power)} 1 1`]) {
          const path = join(folder, "budget.mha");
          const text = Buffer.from(mha({ fields: { DimSize }, frames: [frame(IDENTITY)] })).toString("latin1");
          await writeFile(path, `${text.replaceAll("Seq_Frame0000", `Seq_Frame${"9".repeat(power % 10)}0`)}\0`);
          const error = await readAll(path, {
            memoryBytes: BUDGET_BYTES,
            onReserve: (_, total) => (largest = Math.max(largest, total)),
          });
          if (error !== undefined && !(error instanceof FormatError || error instanceof UnsuitableInputError)) wrong++;
        }
      }
      return { measured: `${largest} bytes`, pass: largest > 0 && largest <= BUDGET_BYTES && wrong === 0 };
    }),
};

const misspelt = numericCheck(
  {
    id: "io.misspelt-option",
    statement: "A misspelt attribute of a PLUS volume reconstruction is named, not silently replaced by a default",
    source: "four attributes of PLUS with one letter changed, left out, doubled or in another case",
    expected: 4,
    tolerance: 0,
  },
  () =>
    inFolder(async (folder) => {
      const path = join(folder, "c.xml");
      const wrong = ["Interpolatoin", "OutputSpacin", "CompoundinggMode", "numberofthreads"];
      const attributes = wrong.map((name) => `${name}="1"`).join(" ");
      await writeFile(path, `<PlusConfiguration><VolumeReconstruction ${attributes}/></PlusConfiguration>`);
      const { warnings } = await readPlusConfig(path);
      return wrong.filter((name) => warnings.some((w) => w.includes(` ${name} `) && w.includes("did you mean"))).length;
    }),
);

/** A check on the public recordings; skipped where they are not. */
function recorded(check: Omit<Check, "run" | "tolerance">, measure: (plus: string) => Promise<number>): Check {
  return {
    ...check,
    tolerance: 0,
    async run({ dataFolder }: CheckContext) {
      if (dataFolder === undefined) return { measured: "the public recordings are not here", pass: "skipped" };
      const measured = await measure(join(dataFolder, "plus"));
      return { measured, pass: measured === check.expected };
    },
  };
}

const boneFrame = recorded(
  {
    id: "io.recorded-frame",
    statement: "Frame 10 of the recorded bone sequence is, pixel by pixel, the picture published beside it",
    source: "PlusLibData BoneUltrasound_L14.igs.mha, and the same frame decoded elsewhere and saved as PNG",
    expected: 0,
  },
  async (plus) => {
    const name = "BoneUltrasound_L14-frame10.png",
      picture = decodePng(await readFile(join(plus, name)), name);
    const image = await withSequence(join(plus, "BoneUltrasound_L14.igs.mha"), ({ images }) => images?.read(10));
    if (!image) return NaN;
    let different = 0;
    image.pixels.forEach((value, i) => (different += value === picture.pixels[i * picture.channels] ? 0 : 1));
    return different;
  },
);

const recordedPoses = recorded(
  {
    id: "io.recorded-poses",
    statement: "All poses that the trackers of nine PLUS recordings saw are read: no more, no fewer",
    source: "counted in the text headers: OK statuses and, where there is none, matrices",
    expected: 3 * 21 + 3 * 21 + 3 * 190 + 3 * 103 + 0 + 3 * 801 + 2 * 1000 + 9 + 2 * 97,
  },
  async (plus) => {
    let tracked = 0;
    for (const name of [
      "SpinePhantomFreehand.igs.mha",
      "BoneUltrasound_L14.igs.mha",
      "fCal_Test_Calibration_3NWires_fCal2.0.igs.mha",
      "fCal_Test_Validation_3NWires_fCal2.0.igs.mha",
      "WaterTankBottomTranslationVideoBuffer.igs.mha",
      "WaterTankBottomTranslationTrackerBuffer-trimmed.igs.mha",
      "EightLandmarkPointsTrackedForPhantomRegistration.igs.mha",
      "Prostate10_video.igs.mhd",
      "NwirePhantomFreehand.igs.nrrd",
    ]) {
      await withSequence(join(plus, name), ({ poses }) => {
        for (const { status } of poses) tracked += status.filter((word) => word === "tracked").length;
      });
    }
    return tracked;
  },
);

export const ioSuite: Suite = {
  name: "io",
  about: "Recordings, volumes and configurations are read and written without loss, and bad files are refused by name",
  checks: [
    ...[".igs.mha", ".mhd", ".igs.nrrd", ".seq.nrrd"].map(roundTrip),
    volumeRoundTrip,
    orientation,
    oddFiles,
    hostileFiles,
    everyCut,
    budget,
    misspelt,
    boneFrame,
    recordedPoses,
  ],
};
