/** Zigzag order: index in the block of the k-th coefficient. */
const zigzag = Array.from({ length: 64 }, (_, i) => i).sort((a, b) => {
  const [ya, yb] = [a >> 3, b >> 3],
    [xa, xb] = [a & 7, b & 7];
  const [da, db] = [xa + ya, xb + yb];
  if (da !== db) return da - db;
  return da % 2 === 0 ? xa - xb : ya - yb;
});

const DC_SYMBOLS = Array.from({ length: 12 }, (_, i) => i);
const AC_SYMBOLS = [0, 240, ...Array.from({ length: 160 }, (_, i) => (Math.floor(i / 10) << 4) | (1 + (i % 10)))];

const word = (value: number): number[] => [value >> 8, value & 255];
const segment = (marker: number, bytes: readonly number[]): number[] => [
  0xff,
  marker,
  ...word(bytes.length + 2),
  ...bytes,
];
/** All codes of one length, in order. */
const huffman = (id: number, length: number, symbols: readonly number[]): number[] =>
  segment(0xc4, [id, ...Array.from({ length: 16 }, (_, i) => (i === length - 1 ? symbols.length : 0)), ...symbols]);

/**
 * A baseline JPEG (ITU-T T.81) of gray values: quantised by 1, with codes of one length each. Larger than others, and
 * simple enough to be checked by eye.
 */
export function encodeJpeg(gray: Uint8Array, width: number, height: number): Uint8Array {
  const bits: number[] = [];
  const put = (value: number, count: number): void => {
    for (let i = count - 1; i >= 0; i--) bits.push((value >> i) & 1);
  };
  const putNumber = (value: number, size: number): void => put(value < 0 ? value + 2 ** size - 1 : value, size);
  const sizeOf = (value: number): number => (value === 0 ? 0 : Math.floor(Math.log2(Math.abs(value))) + 1);
  let lastDc = 0;
  for (let y = 0; y < height; y += 8) {
    for (let x = 0; x < width; x += 8) {
      const at = (u: number, v: number): number =>
        gray[Math.min(height - 1, y + v) * width + Math.min(width - 1, x + u)]! - 128;
      const coefficients = zigzag.map((index) => Math.round(cosine(at, index & 7, index >> 3)));
      const difference = coefficients[0]! - lastDc;
      lastDc = coefficients[0]!;
      put(sizeOf(difference), 4);
      putNumber(difference, sizeOf(difference));
      let run = 0;
      for (let k = 1; k < 64; k++) {
        const value = coefficients[k]!;
        if (value === 0) {
          run++;
          continue;
        }
        for (; run > 15; run -= 16) put(AC_SYMBOLS.indexOf(240), 8);
        put(AC_SYMBOLS.indexOf((run << 4) | sizeOf(value)), 8);
        putNumber(value, sizeOf(value));
        run = 0;
      }
      if (run > 0) put(AC_SYMBOLS.indexOf(0), 8);
    }
  }
  while (bits.length % 8) bits.push(1);
  const coded: number[] = [];
  for (let i = 0; i < bits.length; i += 8) {
    const byte = bits.slice(i, i + 8).reduce((n, bit) => 2 * n + bit, 0);
    coded.push(byte, ...(byte === 0xff ? [0] : []));
  }
  return Uint8Array.from([
    0xff, 0xd8,
    ...segment(0xdb, [0, ...zigzag.map(() => 1)]),
    ...segment(0xc0, [8, ...word(height), ...word(width), 1, 1, 0x11, 0]),
    ...huffman(0x00, 4, DC_SYMBOLS),
    ...huffman(0x10, 8, AC_SYMBOLS),
    ...segment(0xda, [1, 1, 0, 0, 63, 0]),
    ...coded,
    0xff, 0xd9,
  ]); // prettier-ignore
}

function cosine(at: (u: number, v: number) => number, i: number, j: number): number {
  const scale = (k: number): number => (k === 0 ? Math.SQRT1_2 : 1);
  let sum = 0;
  for (let v = 0; v < 8; v++)
    for (let u = 0; u < 8; u++)
      sum += at(u, v) * Math.cos(((2 * u + 1) * i * Math.PI) / 16) * Math.cos(((2 * v + 1) * j * Math.PI) / 16);
  return (scale(i) * scale(j) * sum) / 4;
}
