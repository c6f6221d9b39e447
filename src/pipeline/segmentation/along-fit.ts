/** Columns within this distance vote on the row of a column (local line fit): about the width of the beam. */
const ALONG_SIGMA_MM = 0.4;

/** Weighted straight-line fit around each column, twice, the second time with less weight on what lies off the line. */
export function alongFit(
  raw: Readonly<Float32Array>,
  confidence: Readonly<Float32Array>,
  columnMm: number,
): Float32Array {
  const sigma = ALONG_SIGMA_MM / columnMm,
    radius = Math.ceil(2.5 * sigma);
  const fit = (scalePx: number, reference: Readonly<Float32Array>): Float32Array => {
    const fitted = new Float32Array(raw.length).fill(NaN);
    for (let u = 0; u < raw.length; u++) {
      if (Number.isNaN(raw[u]!)) continue;
      let s = 0, sx = 0, sxx = 0, sy = 0, sxy = 0; // prettier-ignore
      for (let k = -radius; k <= radius; k++) {
        const y = raw[u + k] ?? NaN;
        if (Number.isNaN(y)) continue;
        const off = (y - reference[u + k]!) / scalePx;
        const w = (confidence[u + k]! * Math.exp(-0.5 * (k / sigma) ** 2)) / (1 + off * off);
        s += w;
        sx += w * k;
        sxx += w * k * k;
        sy += w * y;
        sxy += w * k * y;
      }
      const det = s * sxx - sx * sx;
      fitted[u] = det > 1e-6 * s * s ? (sy * sxx - sx * sxy) / det : sy / s;
    }
    return fitted;
  };
  const first = fit(Infinity, raw);
  let sum = 0, count = 0; // prettier-ignore
  for (let u = 0; u < raw.length; u++) {
    if (Number.isNaN(raw[u]!)) continue;
    sum += Math.abs(raw[u]! - first[u]!);
    count++;
  }
  return count > 0 ? fit(Math.max(0.5, (2 * sum) / count), first) : first;
}

/** Root mean square of `raw − fitted` over the columns that vote on each column; NaN where there is none. */
export function localSpread(
  raw: Readonly<Float32Array>,
  fitted: Readonly<Float32Array>,
  columnMm: number,
): Float32Array {
  const radius = Math.ceil((2.5 * ALONG_SIGMA_MM) / columnMm);
  return fitted.map((centre, u) => {
    if (Number.isNaN(centre)) return NaN;
    let sum = 0,
      count = 0;
    for (let k = -radius; k <= radius; k++) {
      const off = (raw[u + k] ?? NaN) - (fitted[u + k] ?? NaN);
      if (Number.isNaN(off)) continue;
      sum += off * off;
      count++;
    }
    return Math.sqrt(sum / count);
  });
}
