import { PNG } from "pngjs";
import type { Mesh } from "../../src/geometry/mesh.ts";

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Rows of RGB bytes. */
  readonly rgb: Uint8Array;
}

export interface Solid {
  readonly mesh: Mesh;
  readonly colour: readonly [number, number, number];
}

/** Orthographic camera: `right` and `up` are the unit directions of the picture's axes in the frame of the meshes. */
export interface View {
  readonly right: readonly [number, number, number];
  readonly up: readonly [number, number, number];
  readonly centreMm: readonly [number, number, number];
  readonly pixelMm: number;
  readonly width: number;
  readonly height: number;
}

type Vector = readonly [number, number, number];
const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** Depth-buffered, flat-shaded by a light above the left shoulder of the viewer. White background. */
export function renderMeshes(solids: readonly Solid[], view: View): Picture {
  const { width, height, pixelMm } = view;
  const toViewer = cross(view.right, view.up);
  const rgb = new Uint8Array(width * height * 3).fill(255);
  const depth = new Float64Array(width * height).fill(-Infinity);
  const axes = [view.right, view.up, toViewer] as const;
  const centre = axes.map((axis) => dot(axis, view.centreMm));
  for (const { mesh, colour } of solids) {
    const { positions: p, triangles: t } = mesh;
    const seen = new Float64Array(p.length);
    for (let i = 0; i < p.length; i += 3) {
      const point: Vector = [p[i]!, p[i + 1]!, p[i + 2]!];
      seen[i] = width / 2 + (dot(axes[0], point) - centre[0]!) / pixelMm;
      seen[i + 1] = height / 2 - (dot(axes[1], point) - centre[1]!) / pixelMm;
      seen[i + 2] = dot(axes[2], point);
    }
    for (let i = 0; i < t.length; i += 3) {
      const a = t[i]! * 3, b = t[i + 1]! * 3, c = t[i + 2]! * 3; // prettier-ignore
      fillTriangle(seen, a, b, c, pixelMm, colour, { width, height, rgb, depth });
    }
  }
  return { width, height, rgb };
}

interface Target {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
  readonly depth: Float64Array;
}

function fillTriangle(s: Float64Array, a: number, b: number, c: number, pixelMm: number, colour: Vector, to: Target) {
  const ax = s[a]!, ay = s[a + 1]!, az = s[a + 2]!; // prettier-ignore
  const ux = s[b]! - ax, uy = s[b + 1]! - ay, uz = s[b + 2]! - az; // prettier-ignore
  const vx = s[c]! - ax, vy = s[c + 1]! - ay, vz = s[c + 2]! - az; // prettier-ignore
  const area = ux * vy - uy * vx;
  if (Math.abs(area) < 1e-12) return;
  // Picture rows grow downward, so a counter-clockwise triangle that faces the viewer has a negative area here.
  const nx = (uz * vy - uy * vz) / pixelMm, ny = (ux * vz - uz * vx) / pixelMm, nz = -area; // prettier-ignore
  const length = Math.hypot(nx, ny, nz);
  const light = Math.max(0, (-0.35 * nx + 0.5 * ny + 0.79 * nz) / length);
  const facing = nz > 0 ? 0.25 + 0.75 * light : 0.1;
  const x0 = Math.max(0, Math.ceil(Math.min(ax, ax + ux, ax + vx) - 0.5));
  const x1 = Math.min(to.width - 1, Math.floor(Math.max(ax, ax + ux, ax + vx) - 0.5));
  const y0 = Math.max(0, Math.ceil(Math.min(ay, ay + uy, ay + vy) - 0.5));
  const y1 = Math.min(to.height - 1, Math.floor(Math.max(ay, ay + uy, ay + vy) - 0.5));
  for (let y = y0; y <= y1; y++) {
    for (let x = x0; x <= x1; x++) {
      const px = x + 0.5 - ax, py = y + 0.5 - ay; // prettier-ignore
      const u = (px * vy - py * vx) / area, v = (ux * py - uy * px) / area; // prettier-ignore
      if (u < 0 || v < 0 || u + v > 1) continue;
      const z = az + u * uz + v * vz,
        at = y * to.width + x;
      if (z <= to.depth[at]!) continue;
      to.depth[at] = z;
      for (let k = 0; k < 3; k++) to.rgb[3 * at + k] = Math.round(colour[k as 0 | 1 | 2] * facing);
    }
  }
}

/** Pictures of one size side by side, in rows of `columns`. */
export function contactSheet(pictures: readonly Picture[], columns: number): Picture {
  const w = Math.max(...pictures.map((p) => p.width)),
    h = Math.max(...pictures.map((p) => p.height));
  const width = w * columns,
    height = h * Math.ceil(pictures.length / columns);
  const rgb = new Uint8Array(width * height * 3).fill(255);
  pictures.forEach((picture, i) => {
    const left = (i % columns) * w,
      top = Math.floor(i / columns) * h;
    for (let y = 0; y < picture.height; y++) {
      const row = picture.rgb.subarray(y * picture.width * 3, (y + 1) * picture.width * 3);
      rgb.set(row, ((top + y) * width + left) * 3);
    }
  });
  return { width, height, rgb };
}

export function toPng({ width, height, rgb }: Picture): Buffer {
  const png = new PNG({ width, height, colorType: 2, inputHasAlpha: false, inputColorType: 2 });
  png.data = Buffer.from(rgb);
  return PNG.sync.write(png, { colorType: 2, inputColorType: 2, inputHasAlpha: false });
}
