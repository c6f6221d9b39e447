import { ProtoWriter } from "./protobuf.ts";

/**
 * The messages of a recording. Images are `foxglove.RawImage` and poses `foxglove.FrameTransforms`, which Foxglove,
 * Lichtblick and Rerun draw without a plug-in (field numbers: foxglove-sdk, schemas/proto/foxglove). Protobuf lets a
 * reader pass over fields that it does not know, so what those messages have no place for is added with numbers
 * from 1000. Why protobuf and not ROS 2: docs/adr/0002-native-recording.md.
 */
interface MessageSchema {
  readonly file: string;
  readonly name: string;
  readonly fields: readonly FieldSchema[];
}

/** Name, number, and a scalar type or the full name of a message; "repeated" where there may be many. */
type FieldSchema = readonly [name: string, number: number, type: keyof typeof scalarTypes | `.${string}`, "repeated"?];

/** FieldDescriptorProto.Type of google/protobuf/descriptor.proto. */
const scalarTypes = { double: 1, int64: 3, uint64: 4, int32: 5, fixed32: 7, bool: 8, string: 9, bytes: 12 } as const;
const MESSAGE_TYPE = 11;
const LABEL_OPTIONAL = 1,
  LABEL_REPEATED = 3;

const TIMESTAMP = ".google.protobuf.Timestamp";

/** Of every sample: see `Sample` in data/device.ts. Times are the exact doubles; the nanoseconds beside them round. */
export const sampleFields = {
  sequence: 1000,
  acquiredAtS: 1001,
  receivedAtS: 1002,
  timeSource: 1003,
  geometryEpoch: 1004,
  /** Only of images: true where the pixels cannot be used. */
  invalid: 1005,
  /** Only of images: CRC-32 of all bytes of the message before this field, so that an image can be indexed unread. */
  headerCrc: 1006,
  clockReading: 1007,
  /** Only of poses. */
  tools: 1010,
} as const;

export const clockFields = { deviceS: 1, hostS: 2, uncertaintyS: 3 } as const;

const sample: readonly FieldSchema[] = [
  ["sequence", sampleFields.sequence, "uint64"],
  ["acquired_at_s", sampleFields.acquiredAtS, "double"],
  ["received_at_s", sampleFields.receivedAtS, "double"],
  ["time_source", sampleFields.timeSource, "string"],
  ["geometry_epoch", sampleFields.geometryEpoch, "uint64"],
  ["clock_reading", sampleFields.clockReading, ".sonobench.ClockReading"],
];

export const imageFields = { timestamp: 1, width: 2, height: 3, encoding: 4, step: 5, data: 6, frameId: 7 } as const;
export const transformFields = { timestamp: 1, parent: 2, child: 3, translation: 4, rotation: 5 } as const;
export const toolFields = { name: 1, status: 2, trackerFromTool: 3, fitRmsMm: 4 } as const;
export const pointFields = { name: 1, body: 2, positionMm: 3 } as const;
export const sweepFields = { name: 1, fromS: 2, toS: 3 } as const;

const timestamp: MessageSchema = {
  file: "google/protobuf/timestamp.proto",
  name: "google.protobuf.Timestamp",
  fields: [
    ["seconds", 1, "int64"],
    ["nanos", 2, "int32"],
  ],
};

const clockReading: MessageSchema = {
  file: "sonobench/ClockReading.proto",
  name: "sonobench.ClockReading",
  fields: [
    ["device_s", clockFields.deviceS, "double"],
    ["host_s", clockFields.hostS, "double"],
    ["uncertainty_s", clockFields.uncertaintyS, "double"],
  ],
};

const rawImage: MessageSchema = {
  file: "foxglove/RawImage.proto",
  name: "foxglove.RawImage",
  fields: [
    ["timestamp", imageFields.timestamp, TIMESTAMP],
    ["frame_id", imageFields.frameId, "string"],
    ["width", imageFields.width, "fixed32"],
    ["height", imageFields.height, "fixed32"],
    ["encoding", imageFields.encoding, "string"],
    ["step", imageFields.step, "fixed32"],
    ["data", imageFields.data, "bytes"],
    ...sample,
    ["invalid", sampleFields.invalid, "bool"],
    ["header_crc", sampleFields.headerCrc, "fixed32"],
  ],
};

const vector3: MessageSchema = {
  file: "foxglove/Vector3.proto",
  name: "foxglove.Vector3",
  fields: [
    ["x", 1, "double"],
    ["y", 2, "double"],
    ["z", 3, "double"],
  ],
};

const quaternion: MessageSchema = {
  file: "foxglove/Quaternion.proto",
  name: "foxglove.Quaternion",
  fields: [
    ["x", 1, "double"],
    ["y", 2, "double"],
    ["z", 3, "double"],
    ["w", 4, "double"],
  ],
};

const frameTransform: MessageSchema = {
  file: "foxglove/FrameTransform.proto",
  name: "foxglove.FrameTransform",
  fields: [
    ["timestamp", transformFields.timestamp, TIMESTAMP],
    ["parent_frame_id", transformFields.parent, "string"],
    ["child_frame_id", transformFields.child, "string"],
    ["translation", transformFields.translation, ".foxglove.Vector3"],
    ["rotation", transformFields.rotation, ".foxglove.Quaternion"],
  ],
};

const toolReading: MessageSchema = {
  file: "sonobench/ToolReading.proto",
  name: "sonobench.ToolReading",
  fields: [
    ["name", toolFields.name, "string"],
    ["status", toolFields.status, "string"],
    ["tracker_from_tool", toolFields.trackerFromTool, "double", "repeated"],
    ["fit_rms_mm", toolFields.fitRmsMm, "double"],
  ],
};

const frameTransforms: MessageSchema = {
  file: "foxglove/FrameTransforms.proto",
  name: "foxglove.FrameTransforms",
  fields: [
    ["transforms", 1, ".foxglove.FrameTransform", "repeated"],
    ...sample,
    ["tools", sampleFields.tools, ".sonobench.ToolReading", "repeated"],
  ],
};

const digitisedPoint: MessageSchema = {
  file: "sonobench/DigitisedPoint.proto",
  name: "sonobench.DigitisedPoint",
  fields: [
    ["name", pointFields.name, "string"],
    ["body", pointFields.body, "string"],
    ["position_mm", pointFields.positionMm, "double", "repeated"],
  ],
};

const sweep: MessageSchema = {
  file: "sonobench/Sweep.proto",
  name: "sonobench.Sweep",
  fields: [
    ["name", sweepFields.name, "string"],
    ["from_s", sweepFields.fromS, "double"],
    ["to_s", sweepFields.toS, "double"],
  ],
};

const all = [
  timestamp,
  clockReading,
  vector3,
  quaternion,
  frameTransform,
  toolReading,
  rawImage,
  frameTransforms,
  digitisedPoint,
  sweep,
];

export interface RecordSchema {
  readonly name: string;
  readonly encoding: "protobuf";
  /** A FileDescriptorSet with the message's file and all that it needs, as MCAP's registry asks for. */
  readonly data: Uint8Array;
}

export const recordSchemas = {
  image: describe(rawImage),
  pose: describe(frameTransforms),
  point: describe(digitisedPoint),
  sweep: describe(sweep),
} as const satisfies Record<string, RecordSchema>;

export type ChannelKind = keyof typeof recordSchemas;

function describe(message: MessageSchema): RecordSchema {
  const files = new ProtoWriter();
  for (const schema of withDependencies(message)) files.message(1, (file) => writeFile(file, schema));
  return { name: message.name, encoding: "protobuf", data: Uint8Array.from(files.written()) };
}

/** Dependencies first, each once. */
function withDependencies(message: MessageSchema): MessageSchema[] {
  const needed = dependencies(message).flatMap(withDependencies);
  return [...new Set([...needed, message])];
}

function dependencies({ fields }: MessageSchema): MessageSchema[] {
  return all.filter(({ name }) => fields.some(([, , type]) => type === `.${name}`));
}

/** FileDescriptorProto: name 1, package 2, dependency 3, message_type 4, syntax 12. */
function writeFile(file: ProtoWriter, schema: MessageSchema): void {
  const dot = schema.name.lastIndexOf(".");
  file.string(1, schema.file).string(2, schema.name.slice(0, dot));
  for (const dependency of dependencies(schema)) file.string(3, dependency.file);
  file.message(4, (message) => {
    message.string(1, schema.name.slice(dot + 1));
    for (const [name, number, type, repeated] of schema.fields) {
      // FieldDescriptorProto: name 1, number 3, label 4, type 5, type_name 6.
      message.message(2, (field) => {
        field
          .string(1, name)
          .uint(3, number)
          .uint(4, repeated ? LABEL_REPEATED : LABEL_OPTIONAL);
        if (isScalar(type)) field.uint(5, scalarTypes[type]);
        else field.uint(5, MESSAGE_TYPE).string(6, type);
      });
    }
  });
  file.string(12, "proto3");
}

function isScalar(type: string): type is keyof typeof scalarTypes {
  return Object.hasOwn(scalarTypes, type);
}
