import {
  BoxGeometry,
  BufferAttribute,
  BufferGeometry,
  CanvasTexture,
  CylinderGeometry,
  DoubleSide,
  Group,
  LinearFilter,
  Matrix4,
  Mesh,
  MeshBasicMaterial,
  MeshLambertMaterial,
  SRGBColorSpace,
} from "three";
import type { LiveFrameUpdate } from "../data/live-wire.ts";

/** The probe with its picture, where they are now. */
export interface LiveProbe {
  readonly group: Group;
  readonly plane: Mesh;
  /** False when the frame has no place: the probe is hidden then. */
  show(frame: LiveFrameUpdate): boolean;
}

/** Of a usual linear probe, mm: what is drawn says where it is, not what make it is. */
const THICK_MM = 14,
  HEAD_MM = 22,
  GRIP_MM = 55;

/** `picture`: the canvas that the picture is drawn on; it is laid into space as it is. */
export function createLiveProbe(picture: HTMLCanvasElement): LiveProbe {
  const group = new Group();
  group.matrixAutoUpdate = false;
  group.visible = false;
  const texture = new CanvasTexture(picture);
  texture.colorSpace = SRGBColorSpace;
  texture.minFilter = LinearFilter;
  texture.generateMipmaps = false;
  const plane = new Mesh(
    new BufferGeometry(),
    new MeshBasicMaterial({ map: texture, side: DoubleSide, transparent: true, opacity: 0.92 }),
  );
  plane.renderOrder = 1;
  const body = new Group();
  group.add(plane, body);
  let shape = "",
    size = "";

  /** In mm about the middle of the face: x along it, y into the depth. */
  function build({ width, height, shrunk, pixelMm, facePx }: LiveFrameUpdate): void {
    const [mmU, mmV] = pixelMm;
    const left = -facePx[0] * mmU,
      right = left + width * shrunk * mmU,
      top = -facePx[1] * mmV,
      bottom = top + height * shrunk * mmV;
    const corners = Float32Array.of(left, top, 0, right, top, 0, right, bottom, 0, left, bottom, 0);
    plane.geometry.dispose();
    plane.geometry = new BufferGeometry();
    plane.geometry.setAttribute("position", new BufferAttribute(corners, 3));
    plane.geometry.setAttribute("uv", new BufferAttribute(Float32Array.of(0, 1, 1, 1, 1, 0, 0, 0), 2));
    plane.geometry.setIndex([0, 2, 1, 0, 3, 2]);
    body.clear();
    const shell = new MeshLambertMaterial({ color: 0x4a5560 });
    const head = new Mesh(new BoxGeometry(right - left + 4, HEAD_MM, THICK_MM), shell);
    head.position.y = -HEAD_MM / 2 - 0.5;
    const grip = new Mesh(new CylinderGeometry(THICK_MM * 0.75, THICK_MM * 0.95, GRIP_MM, 24), shell);
    grip.position.y = -HEAD_MM - GRIP_MM / 2;
    // The marked side: where the picture's first column is.
    const mark = new Mesh(new BoxGeometry(3, 10, THICK_MM * 0.5), new MeshLambertMaterial({ color: 0x63cbd3 }));
    mark.position.set(right + 2, -HEAD_MM / 2, 0);
    body.add(head, grip, mark);
  }

  return {
    group,
    plane,
    show(frame) {
      const { referenceFromPixel: m, pixelMm, facePx, width, height, shrunk } = frame;
      group.visible = m !== null;
      if (!m) return false;
      const wanted = [width, height, shrunk, ...pixelMm, ...facePx].join();
      if (wanted !== shape) build(frame);
      shape = wanted;
      // A texture keeps the size that it was first given.
      const canvasSize = `${picture.width} ${picture.height}`;
      if (canvasSize !== size) texture.dispose();
      size = canvasSize;
      texture.needsUpdate = true;
      group.matrix.copy(poseOf(m, pixelMm, facePx));
      group.matrixWorldNeedsUpdate = true;
      return true;
    },
  };
}

/** From mm about the middle of the face to the reference frame: the pixel's matrix with unit columns and another origin. */
function poseOf(
  m: readonly number[],
  [mmU, mmV]: readonly [number, number],
  [cu, cv]: readonly [number, number],
): Matrix4 {
  const x = [m[0]! / mmU, m[4]! / mmU, m[8]! / mmU] as const,
    y = [m[1]! / mmV, m[5]! / mmV, m[9]! / mmV] as const;
  const z = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]] as const;
  const origin = [0, 4, 8].map((row) => m[row]! * cu + m[row + 1]! * cv + m[row + 3]!) as [number, number, number];
  return new Matrix4().set(
    x[0], y[0], z[0], origin[0],
    x[1], y[1], z[1], origin[1],
    x[2], y[2], z[2], origin[2],
    0, 0, 0, 1,
  ); // prettier-ignore
}
