import { determinant3x4, fromQuaternion, orthonormalityError } from "../../core/rigid.ts";
import type { LostStatus, ToolReading } from "../../data/device.ts";
import { parseStatus } from "../../data/plus-status.ts";
import { metadataValue, type Envelope } from "./envelope.ts";

/** Undefined for what is said nowhere; "unknown" for a word that PLUS does not use. */
export function parsePlusStatus(word: string | undefined): LostStatus | "tracked" | undefined {
  if (word === undefined) return undefined;
  return parseStatus(word) ?? "unknown";
}

/** What the metadata of a TRANSFORM say of it; undefined when they say nothing (header version 1). */
export function transformStatus(envelope: Pick<Envelope, "metadata">): LostStatus | "tracked" | undefined {
  const status = parsePlusStatus(metadataValue(envelope, "TransformStatus"));
  const valid = metadataValue(envelope, "TransformValid");
  if (valid !== undefined && /^(false|0)$/i.test(valid))
    return status === undefined || status === "tracked" ? "invalid" : status;
  return status ?? (valid === undefined ? undefined : "tracked");
}

/** Columns of 32-bit floats after a few products in a driver; further off, it is no rotation. */
const ORTHONORMALITY = 1e-3;
/** Farther than any tracker sees. */
const MAX_DISTANCE_MM = 1e5;

/**
 * A reading that has a pose only when the pose is one: finite, a rotation, not mirrored. A sender that gives no status
 * sends the identity for a tool that it does not see, so an exact identity without a status is "unknown".
 */
export function readingOf(
  tool: string,
  matrix: Readonly<Float64Array>,
  status: LostStatus | "tracked" | undefined,
): ToolReading {
  if (status !== undefined && status !== "tracked") return { tool, status };
  if (!matrix.every(Number.isFinite)) return { tool, status: "invalid" };
  if (!(orthonormalityError(matrix) <= ORTHONORMALITY) || determinant3x4(matrix) < 0)
    return { tool, status: "invalid" };
  if (Math.max(...[3, 7, 11].map((i) => Math.abs(matrix[i]!))) > MAX_DISTANCE_MM) return { tool, status: "invalid" };
  if (status === undefined && isIdentity(matrix)) return { tool, status: "unknown" };
  return { tool, status: "tracked", trackerFromTool: matrix, fitRmsMm: NaN };
}

const isIdentity = (m: Readonly<Float64Array>): boolean => m.every((x, i) => x === (i % 5 === 0 ? 1 : 0));

/** How far the length of a quaternion of 32-bit floats may be from 1. */
const UNIT_QUATERNION = 1e-3;

/** Of a pose given as a position in mm and a quaternion (x, y, z, w), which must be of length 1. */
export function readingOfQuaternion(
  tool: string,
  position: readonly [number, number, number],
  quaternion: readonly [number, number, number, number],
  status: LostStatus | "tracked" | undefined,
): ToolReading {
  if (status !== undefined && status !== "tracked") return { tool, status };
  if (!(Math.abs(Math.hypot(...quaternion) - 1) <= UNIT_QUATERNION)) return { tool, status: "invalid" };
  return readingOf(tool, fromQuaternion<"tracker", "probe">(quaternion, position).m, status);
}

/**
 * "ProbeToTracker" to its frames; undefined when it is not of that form or can be split in several ways. A "To" counts
 * between a name and a capital or digit.
 */
export function splitTransformName(name: string): { readonly tool: string; readonly parent: string } | undefined {
  const cuts = [...name.matchAll(/To(?=[A-Z0-9])/g)].map(({ index }) => index).filter((at) => at > 0);
  const at = cuts[0];
  if (at === undefined || cuts.length > 1) return undefined;
  return { tool: name.slice(0, at), parent: name.slice(at + 2) };
}

/** The whole name of a device: PLUS cuts it to the 20 bytes of the field and gives the rest as metadata. */
export function deviceName(envelope: Envelope): string {
  return metadataValue(envelope, "IGTL_DEVICE_NAME") ?? envelope.device;
}
