// A segmentation of your own: name it in a scenario as
//   segmentation: { kind: module, file: ../examples/my-segmentation/brightest-row.mjs, options: { brighterThan: 120 } }
// It is given one frame at a time and answers with the row of the bone's surface in every column, NaN where there is none.
// With editors that read JSDoc: @type {import("sonobench").SegmentationModule["segment"]}

/** @type {import("sonobench").SegmentationModule["segment"]} */
export function segment({ width, height, pixels, pixelMm }, options) {
  const { brighterThan = 120, skinMm = 4 } = /** @type {{ brighterThan?: number, skinMm?: number }} */ (options ?? {});
  const ridgeRowPx = new Float32Array(width).fill(NaN);
  for (let u = 0; u < width; u++) {
    let best = brighterThan;
    for (let v = Math.round(skinMm / pixelMm[1]); v < height; v++) {
      if (pixels[v * width + u] > best) {
        best = pixels[v * width + u];
        ridgeRowPx[u] = v;
      }
    }
  }
  return { ridgeRowPx };
}
