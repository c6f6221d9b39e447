import { open } from "node:fs/promises";
import { extname } from "node:path";
import { FormatError } from "../../core/errors.ts";
import type { Mesh } from "../../geometry/mesh.ts";
import { parseGlb, startsWithGlb } from "./glb.ts";
import { parseObj } from "./obj.ts";
import type { ParsedMesh } from "./parsed-mesh.ts";
import { parsePly, startsWithPly } from "./ply.ts";
import { parseStl, startsWithSolid } from "./stl.ts";

// Own parsers, not three's loaders: STLLoader and PLYLoader allocate what the header says before looking at the size
// of the file, take any index, any NaN and any truncation without a word, and give loose triangles for STL. They
// serve as independent judges in test/io/mesh instead.

export interface ReadMesh {
  /** LPS, mm. */
  readonly mesh: Mesh;
  /** The axes that the file says it has; undefined when it says none and was taken as LPS. */
  readonly space?: "LPS" | "RAS";
  /** Float properties of the vertices by name (PLY only): one number a vertex, NaN where it has no value. */
  readonly vertexScalars: ReadonlyMap<string, Float32Array>;
  /** What was odd and how it was read, in sentences. */
  readonly warnings: string[];
}

/** Largest mesh file that is read whole: 20 million triangles of binary STL. */
const MAX_FILE_BYTES = 2 ** 30;

/** STL, PLY, OBJ or GLB, told apart by content where that is possible, else by the name's ending. */
export async function readMesh(path: string): Promise<ReadMesh> {
  const handle = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    throw new FormatError(path, { whole: true }, `cannot be opened (${error.code})`, "Check the path");
  });
  try {
    const status = await handle.stat();
    if (!status.isFile())
      throw new FormatError(path, { whole: true }, "is not a file", "Give a .stl, .ply, .obj or .glb file");
    if (status.size > MAX_FILE_BYTES) {
      throw new FormatError(
        path,
        { whole: true },
        `has ${status.size} bytes; meshes up to ${MAX_FILE_BYTES} bytes are read`,
        "Reduce the number of triangles",
      );
    }
    return parseMesh(await handle.readFile(), path);
  } finally {
    await handle.close();
  }
}

/** `fileName` is for messages and for its ending. Vertices of STL files are joined where they coincide exactly. */
export function parseMesh(bytes: Uint8Array, fileName: string): ReadMesh {
  if (bytes.length === 0) throw new FormatError(fileName, { byteOffset: 0 }, "is empty", "Export the mesh again");
  const { mesh, marker, warnings, vertexScalars = new Map() } = chooseParser(bytes, fileName)(bytes, fileName);
  const notes = [...warnings];
  const space = /SPACE=(\w+)/.exec(marker)?.[1];
  let positions = mesh.positions;
  if (space === "RAS") {
    positions = positions.map((value, i) => (i % 3 === 2 ? value : 0 - value)); // a half turn: the winding stays
    notes.push("marked as RAS; turned into LPS (x and y negated)");
  } else if (space !== undefined && space !== "LPS") {
    notes.push(`marked as "${space.slice(0, 20)}", which is not known; read as LPS`);
  }
  if (mesh.triangles.length === 0) notes.push("holds no triangles");
  return {
    mesh: { positions, triangles: mesh.triangles },
    ...(space === "LPS" || space === "RAS" ? { space } : {}),
    vertexScalars,
    warnings: notes,
  };
}

function chooseParser(bytes: Uint8Array, fileName: string): (bytes: Uint8Array, fileName: string) => ParsedMesh {
  if (startsWithPly(bytes)) return parsePly;
  if (startsWithGlb(bytes)) return parseGlb;
  const extension = extname(fileName).toLowerCase();
  if (extension === ".obj") return parseObj;
  if (extension === ".stl" || startsWithSolid(bytes)) return parseStl;
  throw new FormatError(
    fileName,
    { byteOffset: 0 },
    extension === ".ply" ? `does not start with "ply"` : "is not a known mesh format",
    "Give a .stl, .ply, .obj or .glb file",
  );
}
