/** An element of explicit VR little endian; `undefined length` pixel data are fragments behind an empty offset table. */
export interface DicomElement {
  readonly tag: number;
  readonly vr: string;
  readonly bytes: Uint8Array;
}

const LONG = ["OB", "OW", "SQ", "UN", "UT"];
const concat = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

export const us = (tag: number, ...values: number[]): DicomElement => ({ tag, vr: "US", bytes: new Uint8Array(Uint16Array.from(values).buffer) }); // prettier-ignore
export const ul = (tag: number, value: number): DicomElement => ({ tag, vr: "UL", bytes: new Uint8Array(Uint32Array.of(value).buffer) }); // prettier-ignore
export const sl = (tag: number, value: number): DicomElement => ({ tag, vr: "SL", bytes: new Uint8Array(Int32Array.of(value).buffer) }); // prettier-ignore
export const fd = (tag: number, value: number): DicomElement => ({ tag, vr: "FD", bytes: new Uint8Array(Float64Array.of(value).buffer) }); // prettier-ignore
export const text = (tag: number, vr: string, value: string): DicomElement => ({
  tag,
  vr,
  bytes: new TextEncoder().encode(value.length % 2 ? `${value}${vr === "UI" ? "\0" : " "}` : value),
});

function head(tag: number): Uint8Array {
  return new Uint8Array(Uint16Array.of(tag >>> 16, tag & 0xffff).buffer);
}
const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);

function encode({ tag, vr, bytes }: DicomElement): Uint8Array {
  const name = new TextEncoder().encode(vr);
  if (LONG.includes(vr)) return concat(head(tag), name, new Uint8Array(2), u32(bytes.length), bytes);
  return concat(head(tag), name, new Uint8Array(Uint16Array.of(bytes.length).buffer), bytes);
}

export const sequence = (tag: number, ...items: (readonly DicomElement[])[]): DicomElement => {
  const encoded = items.map((item) => {
    const bytes = concat(...item.map(encode));
    return concat(head(0xfffee000), u32(bytes.length), bytes);
  });
  return { tag, vr: "SQ", bytes: concat(...encoded) };
};

/** A whole file. Pixel data are bytes, or fragments of compressed frames. */
export function dicomFile(
  transferSyntax: string,
  elements: readonly DicomElement[],
  pixelData: Uint8Array | readonly Uint8Array[],
): Uint8Array {
  const meta = encode(text(0x00020010, "UI", transferSyntax));
  const body = [...elements].sort((a, b) => a.tag - b.tag).map(encode);
  const pixels =
    pixelData instanceof Uint8Array
      ? encode({ tag: 0x7fe00010, vr: "OB", bytes: pixelData })
      : concat(
          head(0x7fe00010),
          new TextEncoder().encode("OB"),
          new Uint8Array(2),
          u32(0xffffffff),
          ...[new Uint8Array(0), ...pixelData].flatMap((part) => [
            head(0xfffee000),
            u32(part.length + (part.length % 2)),
            part,
            new Uint8Array(part.length % 2),
          ]),
          head(0xfffee0dd),
          u32(0),
        );
  const groupLength = encode(ul(0x00020000, meta.length));
  return concat(new Uint8Array(128), new TextEncoder().encode("DICM"), groupLength, meta, ...body, pixels);
}

/** PS3.5 annex G, in literal runs and runs of one value, as a simple encoder makes them. */
export function rleFrame(components: readonly Uint8Array[]): Uint8Array {
  const segments = components.map((samples) => {
    const out: number[] = [];
    for (let i = 0; i < samples.length;) {
      let run = 1;
      while (run < 128 && samples[i + run] === samples[i]) run++;
      if (run > 1) out.push(257 - run, samples[i]!);
      else out.push(0, samples[i]!);
      i += run;
    }
    if (out.length % 2) out.push(0);
    return Uint8Array.from(out);
  });
  const begins = segments.map((_, i) => 64 + segments.slice(0, i).reduce((n, { length }) => n + length, 0));
  const headBytes = new Uint8Array(Uint32Array.from({ length: 16 }, (_, i) => (i === 0 ? segments.length : (begins[i - 1] ?? 0))).buffer); // prettier-ignore
  return concat(headBytes, ...segments);
}
