// Poses of your own, without a tracker: name it in a scenario as
//   pose: { kind: module, file: ../examples/my-pose/follow-the-bright.mjs, options: { speedMmPerS: 20 } }
// It is given the images of one sweep and answers how each lies to the first: 12 numbers, row-major 3×4 [R | t], mm, in the
// axes of an image (x along the columns, y along depth, z out of the plane). This one takes the motion out of the plane
// from the clock, and sideways and in depth from where the bright part of the picture goes.
// With editors that read JSDoc: @type {import("sonobench").PoseModule["recover"]}

/** @type {import("sonobench").PoseModule["recover"]} */
export function recover({ count, width, height, pixels, pixelMm, timeS }, options) {
  const { speedMmPerS = 20 } = /** @type {{ speedMmPerS?: number }} */ (options ?? {});
  const first = middle(pixels.subarray(0, width * height), width);
  const firstFromImage = new Float64Array(12 * count);
  for (let i = 0; i < count; i++) {
    const now = middle(pixels.subarray(i * width * height, (i + 1) * width * height), width);
    const x = (first.column - now.column) * pixelMm[0],
      y = (first.row - now.row) * pixelMm[1],
      z = speedMmPerS * (timeS[i] - timeS[0]);
    firstFromImage.set([1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z], 12 * i);
  }
  return { firstFromImage };
}

/**
 * Mean column and row, weighted by brightness.
 * @param {Uint8Array} picture
 * @param {number} width
 */
function middle(picture, width) {
  let sum = 1e-9,
    column = 0,
    row = 0;
  picture.forEach((gray, at) => {
    const weight = gray * gray;
    sum += weight;
    column += weight * (at % width);
    row += weight * Math.floor(at / width);
  });
  return { column: column / sum, row: row / sum };
}
