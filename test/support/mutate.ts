import type { Rng } from "../../src/core/rng.ts";

/** Numbers that break parsers: zero, signs, type limits, what overflows a product, what is no number. */
const nastyNumbers = [
  "0", "-1", "1", "255", "256", "65536", "2147483647", "2147483648", "4294967296", "9007199254740991",
  "9007199254740993", "99999999999999999999", "1e999", "-1e999", "nan", "inf", "1.#QNAN", "0x10", "-0", "1e-320", "", " ",
]; // prettier-ignore

type Mutation = (bytes: Uint8Array, rng: Rng, others: readonly Uint8Array[]) => Uint8Array;

const flipBits: Mutation = (bytes, rng) => {
  const out = bytes.slice();
  if (out.length > 0) for (let n = 1 + rng.integer(4); n > 0; n--) out[rng.integer(out.length)]! ^= 1 << rng.integer(8);
  return out;
};

const overwrite: Mutation = (bytes, rng) => {
  const out = bytes.slice();
  const at = rng.integer(out.length + 1),
    value = [0, 10, 13, 32, 58, 61, 127, 255, rng.integer(256)][rng.integer(9)]!;
  return out.fill(value, at, at + 1 + rng.integer(8));
};

const truncate: Mutation = (bytes, rng) => bytes.slice(0, rng.integer(bytes.length + 1));

const remove: Mutation = (bytes, rng) => {
  const at = rng.integer(bytes.length + 1),
    length = 1 + rng.integer(64);
  return splice(bytes, at, at + length, new Uint8Array(0));
};

const repeat: Mutation = (bytes, rng) => {
  const at = rng.integer(bytes.length + 1),
    piece = bytes.slice(at, at + 1 + rng.integer(256));
  return splice(bytes, at, at, piece);
};

const insertNoise: Mutation = (bytes, rng) => {
  const noise = Uint8Array.from({ length: 1 + rng.integer(32) }, () => rng.integer(256));
  const at = rng.integer(bytes.length + 1);
  return splice(bytes, at, at, noise);
};

/** Changes one of the decimal numbers of the text at the beginning. */
const changeNumber: Mutation = (bytes, rng) => {
  const text = latin1(bytes.subarray(0, 16384));
  const found = [...text.matchAll(/-?\d[\d.eE+-]*/g)];
  const match = found[rng.integer(found.length || 1)];
  if (!match) return bytes;
  const nasty = fromLatin1(nastyNumbers[rng.integer(nastyNumbers.length)]!);
  return splice(bytes, match.index, match.index + match[0].length, nasty);
};

/** Removes, repeats or moves one line of the text at the beginning. */
const shuffleLine: Mutation = (bytes, rng) => {
  const begins = [0];
  for (let i = 0; i < Math.min(bytes.length, 16384); i++) if (bytes[i] === 10) begins.push(i + 1);
  const which = rng.integer(begins.length),
    begin = begins[which]!,
    end = begins[which + 1] ?? bytes.length;
  const line = bytes.slice(begin, end),
    kind = rng.integer(3);
  if (kind === 0) return splice(bytes, begin, begin, line);
  const without = splice(bytes, begin, end, new Uint8Array(0));
  if (kind === 1) return without;
  const to = Math.min(begins[rng.integer(begins.length)]!, without.length);
  return splice(without, to, to, line);
};

/** The beginning of this and the end of another file. */
const cross: Mutation = (bytes, rng, others) => {
  const other = others[rng.integer(others.length || 1)] ?? bytes;
  return splice(bytes, rng.integer(bytes.length + 1), bytes.length, other.subarray(rng.integer(other.length + 1)));
};

const mutations: readonly Mutation[] = [
  flipBits, overwrite, truncate, remove, repeat, insertNoise, changeNumber, changeNumber, shuffleLine, cross,
]; // prettier-ignore

/**
 * A damaged copy of `seed`: one to four random changes, some blind to the format, some that know text headers. The
 * same stream gives the same file. `others` are further well-formed files that pieces are taken from.
 */
export function mutate(seed: Uint8Array, rng: Rng, others: readonly Uint8Array[] = []): Uint8Array {
  let bytes: Uint8Array = Uint8Array.from(seed); // a Buffer's slice() would be a view of the seed
  for (let n = 1 + rng.integer(4); n > 0; n--) bytes = mutations[rng.integer(mutations.length)]!(bytes, rng, others);
  return bytes;
}

function splice(bytes: Uint8Array, begin: number, end: number, middle: Uint8Array): Uint8Array {
  const tail = bytes.subarray(Math.min(end, bytes.length));
  const out = new Uint8Array(begin + middle.length + tail.length);
  out.set(bytes.subarray(0, begin));
  out.set(middle, begin);
  out.set(tail, begin + middle.length);
  return out;
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const fromLatin1 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));
