import {
  BufferAttribute,
  BufferGeometry,
  CanvasTexture,
  DoubleSide,
  Group,
  LinearFilter,
  Mesh,
  MeshBasicMaterial,
  Points,
  PointsMaterial,
  SRGBColorSpace,
  type Object3D,
  type Scene,
  type Texture,
} from "three";
import { joined, lineObject } from "./lines.ts";
import { frameOfIndex, lineOf, placePixel, type LoadedScan } from "./page-scan.ts";

/** The same as in the pictures: found bone line. */
const FOUND = 0xffb000;
const OUTLINE = 0x0b8c96;
const MADE_IT = 0xc2255c;
/** Neighbours of a bone line farther apart than this are not joined, mm. */
const LINE_GAP_MM = 3;
/** What is black in a placed picture is still this opaque, so that the plane is seen. */
const GLASS = 0.22;

/** A picture of one frame, in full size. */
export interface PlacedPicture {
  readonly index: number;
  readonly picture: HTMLImageElement;
}

/** What the reader has chosen of the scan; frames are positions in the scan. */
export interface ScanState {
  /** −1: none. */
  readonly frame: number;
  readonly pictures: boolean;
  readonly lines: boolean;
  /** Frames that made the point that was clicked. */
  readonly marked: readonly number[];
}

export interface ScanObjects {
  show(state: ScanState): void;
}

/** Corners of a frame: pixel edges, not centres. */
function corners(scan: LoadedScan, frame: number): number[][] {
  const { widthPx: w, heightPx: h } = scan.page;
  return (
    [
      [-0.5, -0.5],
      [w - 0.5, -0.5],
      [w - 0.5, h - 0.5],
      [-0.5, h - 0.5],
    ] as const
  ).map(([u, v]) => placePixel(scan, frame, u, v));
}

function outline(scan: LoadedScan, frame: number): number[] {
  const at = corners(scan, frame);
  return at.flatMap((corner, i) => [...corner, ...at[(i + 1) % 4]!]);
}

/** `tile`: left, top, right, bottom of the picture in the texture, 0 … 1 from the top. */
function plane(
  scan: LoadedScan,
  frame: number,
  material: MeshBasicMaterial,
  [left, top, right, bottom]: readonly number[] = [0, 0, 1, 1],
): Mesh {
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(Float32Array.from(corners(scan, frame).flat()), 3));
  const uv = [left!, 1 - top!, right!, 1 - top!, right!, 1 - bottom!, left!, 1 - bottom!];
  geometry.setAttribute("uv", new BufferAttribute(Float32Array.from(uv), 2));
  geometry.setIndex([0, 2, 1, 0, 3, 2]);
  const object = new Mesh(geometry, material);
  object.renderOrder = 2;
  return object;
}

function textureOf(picture: CanvasImageSource & { readonly width: number; readonly height: number }): Texture {
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  const context = canvas.getContext("2d")!;
  context.drawImage(picture, 0, 0);
  // Echoes are opaque, silence is glass: planes behind one another stay readable.
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < image.data.length; i += 4)
    image.data[i + 3] = 255 * (GLASS + (1 - GLASS) * Math.sqrt(image.data[i]! / 255));
  context.putImageData(image, 0, 0);
  const texture = new CanvasTexture(canvas);
  texture.colorSpace = SRGBColorSpace;
  texture.generateMipmaps = false;
  texture.minFilter = LinearFilter;
  return texture;
}

const glass = (map: Texture): MeshBasicMaterial =>
  new MeshBasicMaterial({ map, side: DoubleSide, transparent: true, depthWrite: false });

function allLines({ lines }: LoadedScan): Points {
  const found = lines.filter((_, i) => !Number.isNaN(lines[i - (i % 3)]!));
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(found, 3));
  return new Points(geometry, new PointsMaterial({ color: FOUND, size: 2, sizeAttenuation: false }));
}

/** The frame at the slider with its bone line, the large pictures in their places, all bone lines, marked frames. */
export function addScanObjects(
  scene: Scene,
  scan: LoadedScan,
  film: HTMLImageElement | null,
  pictures: readonly PlacedPicture[],
): ScanObjects {
  const filmMaterial = film && glass(textureOf(film));
  const placed = new Group();
  for (const { index, picture } of pictures) {
    const frame = frameOfIndex(scan, index);
    if (frame < 0) continue;
    placed.add(plane(scan, frame, glass(textureOf(picture))));
    placed.add(lineObject(outline(scan, frame), { colour: OUTLINE, widthPx: 1 }));
  }
  const points = allLines(scan);
  const current = new Group(),
    marked = new Group();
  scene.add(placed, points, current, marked);

  function showFrame(frame: number): void {
    empty(current);
    if (frame < 0) return;
    if (filmMaterial) current.add(plane(scan, frame, filmMaterial, tile(scan, frame)));
    current.add(lineObject(outline(scan, frame), { colour: OUTLINE, widthPx: 2 }));
    const line = joined(lineOf(scan, frame), LINE_GAP_MM);
    if (line.length) current.add(onTop(lineObject(line, { colour: FOUND, widthPx: 3 })));
  }

  function mark(frames: readonly number[]): void {
    empty(marked);
    const ends = frames.flatMap((frame) => outline(scan, frame));
    if (ends.length) marked.add(lineObject(ends, { colour: MADE_IT, widthPx: 1 }));
    const lines = frames.flatMap((frame) => joined(lineOf(scan, frame), LINE_GAP_MM));
    if (lines.length) marked.add(onTop(lineObject(lines, { colour: MADE_IT, widthPx: 1.6 })));
  }

  return {
    show(state) {
      placed.visible = state.pictures;
      points.visible = state.lines;
      showFrame(state.frame);
      mark(state.marked);
    },
  };
}

/** Drawn over the bone, which the line lies in. */
function onTop<T extends Object3D & { renderOrder: number; material: { depthTest: boolean } }>(object: T): T {
  object.material.depthTest = false;
  object.renderOrder = 3;
  return object;
}

function empty(group: Group): void {
  for (const child of group.children.slice()) {
    group.remove(child);
    if ("geometry" in child) (child.geometry as BufferGeometry).dispose();
  }
}

/** Left, top, right, bottom of a frame's picture in the film, 0 … 1. */
export function tile({ page: { film }, count }: LoadedScan, frame: number): number[] {
  const across = film?.across ?? 1,
    down = Math.ceil(count / across);
  const column = frame % across,
    row = Math.floor(frame / across);
  return [column / across, row / down, (column + 1) / across, (row + 1) / down];
}
