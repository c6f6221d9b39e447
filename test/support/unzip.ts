import { crc32, inflateRawSync } from "node:zlib";

const DIRECTORY_END = 0x06054b50,
  DIRECTORY_ENTRY = 0x02014b50,
  LOCAL_HEADER = 0x04034b50;

/**
 * Files of a zip by its directory at the end (APPNOTE 4.3.12 and 4.3.16), inflated by zlib, each by its checksum: shares
 * nothing with the library that writes ours.
 */
export function unzip(bytes: Buffer): Map<string, Buffer> {
  let end = bytes.length - 22;
  while (end >= 0 && bytes.readUInt32LE(end) !== DIRECTORY_END) end--;
  if (end < 0) throw new Error("no directory of a zip");
  const files = new Map<string, Buffer>();
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    if (bytes.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new Error(`no entry of the directory at ${at}`);
    const method = bytes.readUInt16LE(at + 10),
      sum = bytes.readUInt32LE(at + 16),
      packed = bytes.readUInt32LE(at + 20),
      size = bytes.readUInt32LE(at + 24),
      nameLength = bytes.readUInt16LE(at + 28),
      local = bytes.readUInt32LE(at + 42);
    const name = bytes.toString("utf8", at + 46, at + 46 + nameLength);
    if (bytes.readUInt32LE(local) !== LOCAL_HEADER) throw new Error(`${name}: no local header at ${local}`);
    const begin = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const stored = bytes.subarray(begin, begin + packed);
    const file = method === 0 ? stored : inflateRawSync(stored);
    if (file.length !== size || crc32(file) !== sum) throw new Error(`${name}: size or checksum is wrong`);
    files.set(name, file);
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return files;
}
