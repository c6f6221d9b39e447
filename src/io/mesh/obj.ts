import type { ParsedMesh } from "./parsed-mesh.ts";
import { TextScanner } from "./text.ts";

const REMEDY = "Export the OBJ file again";

/** Vertices and faces; normals, textures, groups, lines and materials are passed over. Polygons become fans. */
export function parseObj(bytes: Uint8Array, fileName: string): ParsedMesh {
  const scanner = new TextScanner(bytes, fileName, REMEDY);
  const positions: number[] = [],
    triangles: number[] = [];
  const warnings: string[] = [];
  let marker = "",
    polygons = 0;
  for (let line = scanner.nextLine(); line !== undefined; line = scanner.nextLine()) {
    while (line.endsWith("\\")) line = `${line.slice(0, -1)} ${scanner.nextLine() ?? ""}`.trimEnd();
    if (line.startsWith("#")) {
      if (marker.length < 4096) marker += ` ${line.slice(1)}`;
      continue;
    }
    const words = line.split(/\s+/);
    if (words[0] === "v") {
      if (words.length < 4) scanner.fail("a vertex needs three coordinates");
      for (let axis = 1; axis <= 3; axis++) positions.push(scanner.toFloat(words[axis], "v"));
    } else if (words[0] === "f") {
      if (words.length < 4) scanner.fail("a face needs three corners");
      const vertices = positions.length / 3;
      const corner = (word: string | undefined): number => {
        const text = word?.split("/", 1)[0] ?? "";
        const number = /^-?\d{1,10}$/.test(text) ? Number(text) : 0;
        const index = number < 0 ? vertices + number : number - 1; // counted from 1, or back from the last one
        if (!(index >= 0 && index < 0xffffffff) || number === 0) {
          scanner.fail(`a face names vertex "${text.slice(0, 40)}", but ${vertices} are defined so far`);
        }
        return index;
      };
      const first = corner(words[1]);
      let previous = corner(words[2]);
      for (let at = 3; at < words.length; at++) {
        const next = corner(words[at]);
        triangles.push(first, previous, next);
        previous = next;
      }
      if (words.length > 4) polygons++;
    }
  }
  // A face may name vertices that come later in the file, so the upper bound is checked at the end.
  const vertices = positions.length / 3;
  const beyond = triangles.findIndex((index) => index >= vertices);
  if (beyond >= 0) {
    scanner.fail(`triangle ${Math.floor(beyond / 3)} names vertex ${triangles[beyond]! + 1} of ${vertices}`);
  }
  if (polygons > 0) warnings.push(`${polygons} faces with more than three corners were split into fans of triangles`);
  return {
    mesh: { positions: Float32Array.from(positions), triangles: Uint32Array.from(triangles) },
    marker,
    warnings,
  };
}
