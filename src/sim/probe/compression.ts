/**
 * Tissue between the pressed face and bone is squeezed; bone stays where it is. A point now at depth y below the face,
 * at distance D from bone, has come down by w = d·D/(D + y) from where it rests (d: how deep the face sits in the resting
 * skin): d at the face, 0 at bone, and in between the uniform strain of a layer wherever bone lies flat below the face
 * (D + y is then the layer's thickness). One stiffness for all soft tissue; none of it moves sideways.
 */

/** Where no bone is near, the press is felt to about this depth, mm: twice the face's width (chosen). */
const FARTHEST_MM = 80;

/** How far the tissue that is now at a point has been pushed along the beam, mm. */
export function pushedMm(indentMm: number, depthMm: number, boneDistanceMm: number): number {
  const d = Math.min(FARTHEST_MM, boneDistanceMm);
  return d <= 0 || depthMm + d <= 0 ? 0 : (indentMm * d) / (d + depthMm);
}

/**
 * The same push by where the tissue rests: `pushed` holds, at depth row · stepMm of each line (index row · lines + line),
 * how far what is there now has come; writes to `byRest` how far what rests there goes. Tissue that rests above the face
 * (up to the indentation) goes on as in the first two rows.
 */
export function invertPush(
  pushed: Float32Array,
  byRest: Float32Array,
  lines: number,
  rows: number,
  stepMm: number,
): void {
  for (let line = 0; line < lines; line++) {
    let low = 0;
    for (let row = 0, at = line; row < rows; row++, at += lines) {
      const rest = row * stepMm;
      // Rests at y − pushed(y): find the last row that rests above.
      while (low < rows - 2 && (low + 1) * stepMm - pushed[(low + 1) * lines + line]! <= rest) low++;
      const above = low * stepMm - pushed[low * lines + line]!,
        below = (low + 1) * stepMm - pushed[(low + 1) * lines + line]!;
      const share = below > above ? (rest - above) / (below - above) : 0;
      byRest[at] = Math.max(0, (low + share) * stepMm - rest);
    }
  }
}
