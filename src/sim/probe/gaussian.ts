/** Half of a normalised Gaussian kernel: weights 0 … reach; [1] for no smoothing. */
export function gaussian(sigma: number): Float32Array {
  if (!(sigma > 0.05)) return Float32Array.of(1);
  const half = Float32Array.from({ length: Math.ceil(2.5 * sigma) + 1 }, (_, i) =>
    Math.exp((-i * i) / (2 * sigma * sigma)),
  );
  const sum = 2 * half.reduce((a, b) => a + b, 0) - half[0]!;
  return half.map((w) => w / sum);
}

/** Convolves in place along the direction in which neighbours are `step` apart; the end's value goes on beyond it. */
export function smooth(
  values: Float32Array,
  scratch: Float32Array,
  lines: number,
  samples: number,
  kernel: Float32Array,
  step: number,
): void {
  scratch.set(values);
  const reach = kernel.length - 1,
    last = step === 1 ? lines - 1 : samples - 1;
  for (let sample = 0; sample < samples; sample++) {
    for (let line = 0; line < lines; line++) {
      const at = sample * lines + line,
        here = step === 1 ? line : sample;
      let sum = kernel[0]! * scratch[at]!;
      if (here >= reach && here + reach <= last) {
        for (let k = 1; k <= reach; k++) sum += kernel[k]! * (scratch[at - k * step]! + scratch[at + k * step]!);
      } else {
        for (let k = 1; k <= reach; k++) {
          sum +=
            kernel[k]! * (scratch[at - Math.min(k, here) * step]! + scratch[at + Math.min(k, last - here) * step]!);
        }
      }
      values[at] = sum;
    }
  }
}
