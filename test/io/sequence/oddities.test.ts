import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { openSequence, type OpenSequenceOptions } from "../../../src/io/sequence/open-sequence.ts";
import type { SequenceRecording } from "../../../src/io/sequence/sequence-recording.ts";
import { mha, nrrd, temporaryFile, temporaryFolder, type MhaParts } from "./support.ts";

const IDENTITY = "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1";

async function openAndClose(
  content: Uint8Array,
  use: (recording: SequenceRecording) => Promise<void> | void,
  { name = "x.mha", ...options }: OpenSequenceOptions & { readonly name?: string } = {},
): Promise<void> {
  const recording = await openSequence(await temporaryFile(name, content), options);
  try {
    await use(recording);
  } finally {
    await recording.close();
  }
}
const openMha = (
  parts: MhaParts,
  use: (recording: SequenceRecording) => Promise<void> | void,
  options: OpenSequenceOptions = {},
): Promise<void> => openAndClose(mha(parts), use, options);

const pixelsOf = async (recording: SequenceRecording, index = 0): Promise<number[]> => [
  ...(await recording.images!.read(index)).pixels,
];

test("poses without images may promise 0 0 N pixels, with or without surplus bytes", async () => {
  const frames = [
    { AToBTransform: IDENTITY, Timestamp: "1" },
    { AToBTransform: IDENTITY, Timestamp: "2" },
  ];
  for (const ElementType of ["MET_OTHER", "MET_UCHAR"]) {
    for (const surplus of [0, 2]) {
      const parts = { fields: { DimSize: "0 0 2", ElementType }, frames, payload: new Uint8Array(surplus) };
      await openMha(parts, (recording) => {
        expect(recording.images).toBeUndefined();
        expect(recording.poses[0]?.status).toEqual(["tracked", "tracked", "tracked"].slice(0, 2).map(() => "tracked"));
        expect(recording.warnings.some((w) => /2 bytes follow/.test(w))).toBe(surplus > 0);
      });
    }
  }
});

test("frames that are promised without images or fields are left out with a warning", async () => {
  const frames = [{ AToBTransform: IDENTITY, AToBTransformStatus: "OK", Timestamp: "1" }];
  await openMha({ fields: { DimSize: "0 0 5000", ElementType: "MET_OTHER" }, frames }, (recording) => {
    expect(recording.poses[0]?.acquiredAtS.length).toBe(1);
    expect(recording.warnings.join()).toMatch(/5000 frames are promised.*1 field sets/);
  });
});

test("padded sizes, Windows line ends, a blank after the matrix, -0 and three-digit exponents are read", async () => {
  const text = `ObjectType = Image\r\nNDims = 3\r\nDimSize = 2 1                     1   \r\nKinds = domain domain list\r\nElementType = MET_UCHAR\r\nUltrasoundImageOrientation = MFA\r\nSeq_Frame0000_AToBTransform = 1 2.84176e-005 0 0.6839311099507384 0 1 0 0 0 0 1 0 -0 0 -0 1 \r\nSeq_Frame0000_AToBTransformStatus = OK\r\nSeq_Frame0000_Timestamp = 1\r\nSeq_Frame0000_ImageStatus = OK\r\nElementDataFile = LOCAL\r\n`;
  await openAndClose(Buffer.concat([Buffer.from(text), Uint8Array.of(7, 9)]), async (recording) => {
    expect(recording.warnings).toEqual([]);
    expect(await pixelsOf(recording)).toEqual([7, 9]);
    expect([...recording.poses[0]!.parentFromTool.subarray(0, 4)]).toEqual([1, 2.84176e-5, 0, 0.6839311099507384]);
  });
});

test("a header without Kinds is a sequence with a warning, and two dimensions are one frame", async () => {
  const sequence = { fields: { DimSize: "2 1 2", Kinds: undefined }, payload: Uint8Array.of(1, 2, 3, 4) };
  await openMha(sequence, async (recording) => {
    expect(recording.images?.count).toBe(2);
    expect(await pixelsOf(recording, 1)).toEqual([3, 4]);
    expect(recording.warnings.join()).toMatch(/no Kinds: the last dimension is taken as time/);
  });
  const one = { fields: { NDims: "2", DimSize: "2 1", Kinds: "domain domain" }, payload: Uint8Array.of(5, 6) };
  await openMha(one, async (recording) => {
    expect(recording.images?.count).toBe(1);
    expect(await pixelsOf(recording)).toEqual([5, 6]);
  });
});

test("every word that PLUS has for a tool's status becomes one of ours, and unknown words are named", async () => {
  const words = {
    OK: "tracked", SWITCH1_IS_ON: "tracked", MISSING: "missing", OUT_OF_VIEW: "occluded",
    OUT_OF_VOLUME: "out-of-volume", REQ_TIMEOUT: "stale", INVALID: "invalid", PATH_NOT_FOUND: "missing",
    UNKNOWN: "unknown", HAPPY: "unknown", toString: "unknown",
  }; // prettier-ignore
  const frames = Object.keys(words).map((word, i) => ({
    AToBTransform: IDENTITY,
    AToBTransformStatus: word,
    Timestamp: String(i),
    ImageStatus: "OK",
  }));
  const fields = { DimSize: `1 1 ${frames.length}` };
  await openMha({ fields, frames, payload: new Uint8Array(frames.length) }, (recording) => {
    const track = recording.poses[0]!;
    expect(track.status).toEqual(Object.values(words));
    track.status.forEach((status, i) => expect(Number.isNaN(track.parentFromTool[12 * i])).toBe(status !== "tracked"));
    expect(recording.warnings.join()).toMatch(/"HAPPY" of AToBTransform/);
    expect(recording.warnings.join()).toMatch(/pressed switch in 1 frames/);
  });
});

for (const [what, matrix, reason] of [
  ["singular", "1 0 0 0 0 1 0 0 1 1 0 0 0 0 0 1", /is singular/],
  ["mirrored", "1 0 0 0 0 1 0 0 0 0 -1 0 0 0 0 1", /is mirrored/],
  ["not finite", "nan 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1", /no finite number/],
  ["beyond the largest double", "1e999 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1", /no finite number/],
  ["of 15 numbers", "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0", /has 15 numbers/],
  ["with another last row", "1 0 0 0 0 1 0 0 0 0 1 0 5 0 0 1", /does not end in 0 0 0 1/],
] as const) {
  test(`a matrix that is ${what} is invalid in its frame, with a warning, and an error where every one is so`, async () => {
    const frame = (m: string, t: string): Record<string, string> => ({
      ProbeToTrackerTransform: m,
      ProbeToTrackerTransformStatus: "OK",
      Timestamp: t,
    });
    const some = { fields: { DimSize: "1 1 2" }, payload: new Uint8Array(2) };
    await openMha({ ...some, frames: [frame(IDENTITY, "1"), frame(matrix, "2")] }, (recording) => {
      expect(recording.poses[0]?.status).toEqual(["tracked", "invalid"]);
      expect(recording.frameFields.get("ProbeToTrackerTransform")).toEqual([undefined, matrix]);
      expect(recording.warnings.join()).toMatch(reason);
    });
    const all = openMha({ ...some, frames: [frame(matrix, "1"), frame(matrix, "2")] }, () => undefined);
    await expect(all).rejects.toThrow(/Seq_Frame0000_ProbeToTrackerTransform/);
    const lost = [frame(matrix, "1")].map((f) => ({ ...f, ProbeToTrackerTransformStatus: "INVALID" }));
    await openMha({ payload: new Uint8Array(4), frames: lost }, (recording) => {
      expect(recording.poses[0]?.status).toEqual(["invalid"]);
    });
  });
}

test("transform names are split between two frame names, and ambiguous ones stay text", async () => {
  const frames = [{
    StylusTipToStylusTransform: IDENTITY, ToolToTrackerTransform: IDENTITY, DefaultTransformToTrackerTransform: IDENTITY,
    CustomTransform: IDENTITY, AToBToCTransform: IDENTITY, probeTotrackerTransform: IDENTITY, Timestamp: "0",
  }]; // prettier-ignore
  await openMha({ frames, payload: new Uint8Array(4) }, (recording) => {
    expect(recording.poses.map(({ tool, parent }) => `${tool}|${parent}`)).toEqual([
      "StylusTip|Stylus",
      "Tool|Tracker",
      "DefaultTransform|Tracker",
      "probe|tracker",
    ]);
    expect([...recording.frameFields.keys()]).toEqual(["CustomTransform", "AToBToCTransform"]);
    expect(recording.warnings.filter((w) => /is kept as text/.test(w)).length).toBe(2);
  });
});

test("without timestamps the times come from the frame numbers at a nominal rate, and a warning says so", async () => {
  const frames = [3, 4, 7].map((n) => ({ FrameNumber: String(n) }));
  const parts = { fields: { DimSize: "1 1 3" }, frames, payload: new Uint8Array(3) };
  await openMha(parts, (recording) => {
    expect([...recording.images!.acquiredAtS]).toEqual([0, 0.1, 0.4]);
    expect(recording.warnings.join()).toMatch(/times were made up from the frame numbers at a nominal 10 Hz/);
  }, { nominalRateHz: 10 }); // prettier-ignore
  await openMha({ ...parts, frames: [] }, (recording) => {
    expect([...recording.images!.acquiredAtS]).toEqual([0, 1 / 30, 2 / 30]);
    expect(recording.warnings.join()).toMatch(/from the order of the frames at a nominal 30 Hz/);
  });
});

test("times that go back are kept and named", async () => {
  const frames = ["2", "1", "1"].map((Timestamp) => ({ Timestamp }));
  await openMha({ fields: { DimSize: "1 1 3" }, frames, payload: new Uint8Array(3) }, (recording) => {
    expect([...recording.images!.acquiredAtS]).toEqual([2, 1, 1]);
    expect(recording.warnings.join()).toMatch(/In 2 places the timestamps do not increase/);
  });
});

test("an unknown orientation is taken as MF with a warning", async () => {
  await openMha(
    { fields: { UltrasoundImageOrientation: "XX" }, payload: Uint8Array.of(1, 2, 3, 4) },
    async (recording) => {
      expect(await pixelsOf(recording)).toEqual([1, 2, 3, 4]);
      expect(recording.warnings.join()).toMatch(/"XX" is unknown: the images are taken as MF/);
      expect(recording.storedOrientation).toBe("XX");
    },
  );
});

test("colours become gray by the BT.601 weights, with a warning; equal channels keep their value", async () => {
  const payload = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9);
  const fields = { ElementNumberOfChannels: "3", UltrasoundImageType: "RGB_COLOR" };
  await openMha({ fields, payload }, async (recording) => {
    expect(await pixelsOf(recording)).toEqual([76, 150, 29, 9]);
    expect(recording.warnings.join()).toMatch(/3 colour channels; they are converted to gray/);
  });
  const lines = ["type: uint8", "dimension: 3", "sizes: 3 2 2", "kinds: vector domain domain", "encoding: gz"];
  await openAndClose(nrrd(lines, gzipSync(payload)), async (recording) => {
    expect(await pixelsOf(recording)).toEqual([76, 150, 29, 9]);
  });
});

test("all number types and both byte orders give the same values", async () => {
  const values = [0, 1, 100, 127];
  for (const [type, bytes, put] of [
    ["MET_UCHAR", 1, "setUint8"],
    ["MET_CHAR", 1, "setInt8"],
    ["MET_SHORT", 2, "setInt16"],
    ["MET_USHORT", 2, "setUint16"],
    ["MET_INT", 4, "setInt32"],
    ["MET_UINT", 4, "setUint32"],
    ["MET_FLOAT", 4, "setFloat32"],
    ["MET_DOUBLE", 8, "setFloat64"],
  ] as const) {
    // prettier-ignore
    for (const bigEndian of [false, true]) {
      const view = new DataView(new ArrayBuffer(4 * bytes));
      values.forEach((value, i) => view[put](i * bytes, value, !bigEndian));
      const fields = { ElementType: type, BinaryDataByteOrderMSB: bigEndian ? "True" : "False" };
      await openMha({ fields, payload: new Uint8Array(view.buffer) }, async (recording) => {
        expect(await pixelsOf(recording), `${type} ${bigEndian}`).toEqual(values);
      });
    }
  }
});

test("Slicer's sequences are read with the list axis last or first, times from the index values", async () => {
  const frame = [[1, 2, 3, 4], [5, 6, 7, 8]] as const; // prettier-ignore
  const times = (axis: number): string[] => [
    "DataNodeClassName:=vtkMRMLScalarVolumeNode",
    `axis ${axis} index type:=numeric`,
    `axis ${axis} index values:=0.5 0.75`,
  ];
  const common = ["type: unsigned char", "dimension: 4", "space: left-posterior-superior", "encoding: raw"];
  const last = nrrd(
    [...common, "sizes: 2 2 1 2", "kinds: domain domain domain list", ...times(3)],
    Uint8Array.from(frame.flat()),
  );
  const mixed = frame[0].flatMap((value, i) => [value, frame[1][i]!]);
  const first = nrrd(
    [...common, "sizes: 2 2 2 1", "kinds: list domain domain domain", ...times(0)],
    Uint8Array.from(mixed),
  );
  for (const content of [last, first]) {
    await openAndClose(content, async (recording) => {
      expect(await pixelsOf(recording, 0)).toEqual(frame[0]);
      expect(await pixelsOf(recording, 1)).toEqual(frame[1]);
      expect([...recording.images!.acquiredAtS]).toEqual([0.5, 0.75]);
      expect(recording.fields).toEqual({});
    }, { name: "x.seq.nrrd" }); // prettier-ignore
  }
});

test("the content decides what a file is, not its ending; NRRD comments may hold anything", async () => {
  const lines = [
    "# a := b: c",
    "type: int16",
    "dimension: 3",
    "sizes: 1 1 2",
    "kinds: domain domain list",
    "encoding: raw",
    "endian: big",
  ];
  const content = nrrd(
    [...lines, "ultrasound image orientation:=MF", "Seq_Frame0001_Status:=INVALID"],
    Uint8Array.of(1, 0, 255, 255),
  );
  await openAndClose(content, async (recording) => {
    expect(recording.images?.pixelType).toBe("i16");
    expect(await pixelsOf(recording, 0)).toEqual([256]);
    expect(await pixelsOf(recording, 1)).toEqual([-1]);
    expect([...recording.images!.valid]).toEqual([1, 0]);
  }, { name: "misnamed.mha" }); // prettier-ignore
});

test("one zlib stream holds all frames, in this file or beside it, and its size need not be given", async () => {
  const packed = deflateSync(Uint8Array.of(1, 2, 3, 4));
  const fields = { CompressedData: "True", DimSize: "2 1 2" };
  for (const CompressedDataSize of [undefined, String(packed.length), `${packed.length}          `]) {
    await openMha({ fields: { ...fields, CompressedDataSize }, payload: packed }, async (recording) => {
      expect(await pixelsOf(recording, 1)).toEqual([3, 4]);
      expect(await pixelsOf(recording, 0)).toEqual([1, 2]);
    });
  }
  const folder = await temporaryFolder();
  await writeFile(join(folder, "data.zraw"), packed);
  await writeFile(join(folder, "x.mhd"), mha({ fields: { ...fields, ElementDataFile: "data.zraw" }, end: "" }));
  const recording = await openSequence(join(folder, "x.mhd"));
  expect(await pixelsOf(recording, 1)).toEqual([3, 4]);
  await recording.close();
});
