/** What the line map of one simulator needs; order and kinds are those of ../map-memory.ts. */
@unmanaged
export class MapFrame {
  reachMm: f64;
  rowMm: f64;
  spacingMm: f64;
  radiusMm: f64;
  sideMm: f64;
  gridScaleX: f64;
  gridScaleY: f64;
  gridScaleZ: f64;
  gridOriginX: f64;
  gridOriginY: f64;
  gridOriginZ: f64;
  gelMm: f64;
  fascia: f64;
  faintest: f64;
  lensMm: f64;
  lensFocusMm: f64;
  specularTanStep: f64;
  tailSurface: f64;
  tailCopies: f64;
  tailPerRow: f64;
  cortexSurface: f64;
  cortexPerRow: f64;
  sampleMm: f64;
  turnsPerMm: f64;

  lines: i32;
  rows: i32;
  samples: i32;
  first: i32;
  end: i32;
  seed: i32;
  shadow: i32;
  reverberation: i32;
  structure: i32;
  gridX: i32;
  gridY: i32;
  gridZ: i32;
  cubesX: i32;
  cubesY: i32;
  rays: i32;
  aside: i32;
  specularRows: i32;
  specularColumns: i32;
  pulseLength: i32;
  pulseCentre: i32;

  pose: usize;
  amplitude: usize;
  shift: usize;
  transmission: usize;
  boneDepth: usize;
  boneNormal: usize;
  boneFace: usize;
  push: usize;
  coherentRe: usize;
  coherentIm: usize;
  cubeAt: usize;
  originX: usize;
  originY: usize;
  directionX: usize;
  directionY: usize;
  start: usize;
  contact: usize;
  indent: usize;
  raySlope: usize;
  rayStart: usize;
  blurHalf: usize;
  contactHalf: usize;
  copyHalf: usize;
  tissue: usize;
  texture: usize;
  specular: usize;
  mirrorPulse: usize;
  label: usize;
  pushed: usize;
  loss: usize;
  delay: usize;
  echo: usize;
  bright: usize;
  level0: usize;
  level1: usize;
  rowEcho: usize;
  rowLoss: usize;
  scratch: usize;
  lit: usize;
  tail: usize;
  blocked: usize;
  open: usize;
  crossings: usize;
  lineCrossings: usize;
  sheets: usize;
  counts: usize;
  noiseCells: usize;
}

/** A tissue's numbers, an entry of the block `tissue`. */
@unmanaged
export class Tissue {
  lossPerMm: f64;
  stretch: f64;
  impedance: f64;
  echo: f64;
  fibreX: f64;
  fibreY: f64;
  fibreZ: f64;
  isBone: i32;
  isAir: i32;
  textured: i32;
  padding: i32;
}
export const TISSUE_BYTES: usize = 72;

/** A tissue's texture, an entry of the block `texture`, begins with two of these: the coarse and the fine sheets. */
@unmanaged
export class SheetFamily {
  spacingMm: f64;
  wanderMm: f64;
  wanderLengthMm: f64;
  patchLengthMm: f64;
  reflection: f64;
  spreadDb: f64;
  scatter: f64;
}
export const FAMILY_BYTES: usize = 56;

/** and goes on with what both share. */
@unmanaged
export class Texture {
  stretch: f64;
  mottleDb: f64;
  mottleLengthMm: f64;
  anisotropyDb: f64;
  anisotropySine: f64;
}
export const TEXTURE_BYTES: usize = 152;

/** @inline */
export function familyOf(q: MapFrame, label: i32, family: i32): SheetFamily {
  return changetype<SheetFamily>(q.texture + <usize>label * TEXTURE_BYTES + <usize>family * FAMILY_BYTES);
}

/** @inline */
export function textureOf(q: MapFrame, label: i32): Texture {
  return changetype<Texture>(q.texture + <usize>label * TEXTURE_BYTES + 2 * FAMILY_BYTES);
}

/** @inline */
export function tissueOf(q: MapFrame, label: i32): Tissue {
  return changetype<Tissue>(q.tissue + <usize>label * TISSUE_BYTES);
}

/** @inline */
export function f32Of(base: usize, index: i32): f64 {
  return <f64>load<f32>(base + ((<usize>index) << 2));
}

/** @inline */
export function f64Of(base: usize, index: i32): f64 {
  return load<f64>(base + ((<usize>index) << 3));
}

/** @inline */
export function i32Of(base: usize, index: i32): i32 {
  return load<i32>(base + ((<usize>index) << 2));
}

/** @inline */
export function putF32(base: usize, index: i32, value: f64): void {
  store<f32>(base + ((<usize>index) << 2), <f32>value);
}
