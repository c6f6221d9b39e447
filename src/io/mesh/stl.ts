import { FormatError } from "../../core/errors.ts";
import type { ParsedMesh } from "./parsed-mesh.ts";
import { TextScanner } from "./text.ts";
import { weldTriangles } from "./weld.ts";

const HEADER_BYTES = 84,
  TRIANGLE_BYTES = 50;
const REMEDY = "Export the STL file again";

/** Binary or ASCII: decided by the size that the triangle count implies, since binary files may start with "solid". */
export function parseStl(bytes: Uint8Array, fileName: string): ParsedMesh {
  const saysSolid = startsWithSolid(bytes);
  if (bytes.length >= HEADER_BYTES) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const count = view.getUint32(80, true);
    const surplus = bytes.length - HEADER_BYTES - count * TRIANGLE_BYTES;
    if (surplus === 0) return parseBinary(bytes, view, count, fileName, 0);
    if (!saysSolid || !looksLikeText(bytes)) {
      // A few bytes of padding are harmless; a whole triangle more or less than promised is not.
      if (surplus > 0 && surplus < TRIANGLE_BYTES) return parseBinary(bytes, view, count, fileName, surplus);
      const room = Math.floor((bytes.length - HEADER_BYTES) / TRIANGLE_BYTES);
      throw new FormatError(
        fileName,
        { byteOffset: 80 },
        `says ${count} triangles, but the file has room for ${room}`,
        REMEDY,
      );
    }
  }
  if (!saysSolid) {
    throw new FormatError(
      fileName,
      { byteOffset: 0 },
      `neither ASCII STL (no "solid") nor binary STL (${bytes.length} bytes, the header alone has ${HEADER_BYTES})`,
      REMEDY,
    );
  }
  return parseAscii(bytes, fileName);
}

export function startsWithSolid(bytes: Uint8Array): boolean {
  return /^\s*solid\b/i.test(latin1(bytes, 0, 256));
}

/** No control bytes other than white space at the start. */
function looksLikeText(bytes: Uint8Array): boolean {
  for (const byte of bytes.subarray(0, 1024)) if (byte < 32 && !(byte >= 9 && byte <= 13)) return false;
  return true;
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1", from, to);
}

function parseBinary(bytes: Uint8Array, view: DataView, count: number, fileName: string, surplus: number): ParsedMesh {
  const corners = new Float32Array(count * 9);
  for (let i = 0, to = 0; i < count; i++) {
    const at = HEADER_BYTES + i * TRIANGLE_BYTES + 12; // the stored normal is skipped: the winding has it
    for (let k = 0; k < 9; k++, to++) {
      const value = view.getFloat32(at + 4 * k, true);
      if (!Number.isFinite(value)) {
        throw new FormatError(fileName, { byteOffset: at + 4 * k }, `a coordinate is ${value}`, REMEDY);
      }
      corners[to] = value;
    }
  }
  const warnings = surplus > 0 ? [`${surplus} bytes after the last triangle were ignored`] : [];
  return finish(corners, latin1(bytes, 0, 80), warnings);
}

function parseAscii(bytes: Uint8Array, fileName: string): ParsedMesh {
  const scanner = new TextScanner(bytes, fileName, REMEDY);
  let corners = new Float32Array(9 * 1024);
  let used = 0,
    header = "";
  for (let word = scanner.word(); word !== undefined; word = scanner.word()) {
    if (word.toLowerCase() !== "solid") scanner.fail(`expected "solid", found "${word.slice(0, 40)}"`);
    header += ` ${scanner.restOfLine()}`;
    for (;;) {
      const next = scanner.word()?.toLowerCase();
      if (next === "endsolid") break;
      if (next !== "facet") scanner.fail(`expected "facet" or "endsolid", found ${next ?? "the end of the file"}`);
      scanner.expect("normal");
      for (let k = 0; k < 3; k++) scanner.word(); // not needed, and some programs write "nan" for slivers
      scanner.expect("outer");
      scanner.expect("loop");
      if (used + 9 > corners.length) {
        const larger = new Float32Array(corners.length * 2);
        larger.set(corners);
        corners = larger;
      }
      for (let corner = 0; corner < 3; corner++) {
        scanner.expect("vertex");
        for (let axis = 0; axis < 3; axis++) corners[used++] = scanner.float("vertex");
      }
      scanner.expect("endloop");
      scanner.expect("endfacet");
    }
    scanner.restOfLine();
  }
  return finish(corners.subarray(0, used), header, []);
}

function finish(corners: Float32Array, header: string, warnings: string[]): ParsedMesh {
  const { mesh, dropped } = weldTriangles(corners);
  if (dropped > 0) warnings.push(`${dropped} triangles without area (two equal corners) were left out`);
  return { mesh, marker: header, warnings };
}
