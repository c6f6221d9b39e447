import { BufferAttribute, BufferGeometry, Color, DoubleSide, Mesh, MeshBasicMaterial } from "three";
import { SWATH_NUMBERS, type LiveSwathUpdate } from "../data/live-wire.ts";

/** The strip of skin over which the probe's face went. */
export interface LiveSwath {
  readonly mesh: Mesh;
  update(update: LiveSwathUpdate): void;
}

const FOUND = new Color(0x2aa198);
const NONE = new Color(0xc9a227);
/** As the server counts it: fewer columns with bone show none. */
const LEAST_BONE_SHARE = 0.1;
/** Lines that are farther apart belong to two strokes. */
const GAP_MM = 8;

export function createLiveSwath(): LiveSwath {
  let lines = new Float32Array(SWATH_NUMBERS * 1024),
    count = 0;
  const material = new MeshBasicMaterial({
    side: DoubleSide,
    vertexColors: true,
    transparent: true,
    opacity: 0.38,
    depthWrite: false,
  });
  const mesh = new Mesh(new BufferGeometry(), material);
  mesh.frustumCulled = false;
  mesh.renderOrder = 2;

  function rebuild(): void {
    const positions = new Float32Array(6 * count),
      colours = new Float32Array(6 * count),
      index: number[] = [];
    for (let i = 0; i < count; i++) {
      const line = lines.subarray(i * SWATH_NUMBERS, (i + 1) * SWATH_NUMBERS);
      positions.set(line.subarray(0, 6), 6 * i);
      const { r, g, b } = line[6]! >= LEAST_BONE_SHARE ? FOUND : NONE;
      colours.set([r, g, b, r, g, b], 6 * i);
      if (i > 0 && apart(i - 1, i) < GAP_MM) {
        const at = 2 * i;
        index.push(at - 2, at - 1, at, at, at - 1, at + 1);
      }
    }
    mesh.geometry.dispose();
    mesh.geometry = new BufferGeometry();
    mesh.geometry.setAttribute("position", new BufferAttribute(positions, 3));
    mesh.geometry.setAttribute("color", new BufferAttribute(colours, 3));
    mesh.geometry.setIndex(index);
  }
  function apart(i: number, j: number): number {
    const a = i * SWATH_NUMBERS,
      b = j * SWATH_NUMBERS;
    const far = (k: number): number =>
      Math.hypot(
        lines[a + k]! - lines[b + k]!,
        lines[a + k + 1]! - lines[b + k + 1]!,
        lines[a + k + 2]! - lines[b + k + 2]!,
      );
    return Math.max(far(0), far(3));
  }

  return {
    mesh,
    update({ reset, lines: fresh }) {
      if (reset) count = 0;
      const needed = count * SWATH_NUMBERS + fresh.length;
      if (needed > lines.length) {
        const larger = new Float32Array(2 * needed);
        larger.set(lines);
        lines = larger;
      }
      lines.set(fresh, count * SWATH_NUMBERS);
      count += fresh.length / SWATH_NUMBERS;
      if (reset || fresh.length > 0) rebuild();
    },
  };
}
