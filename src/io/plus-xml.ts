import { XMLParser, XMLValidator } from "fast-xml-parser";
import { FormatError } from "../core/errors.ts";
import { openFile } from "./sequence/byte-file.ts";

/** An element: its attributes and child elements; text between them means nothing in a PLUS configuration. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
}

/** A configuration has some ten kilobytes. */
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_DEPTH = 64;

/** Reads a small XML file. A document type (and so every entity of its own) is refused; nothing is ever fetched. */
export async function readXml(path: string): Promise<XmlElement> {
  const file = await openFile(path);
  let bytes: Uint8Array;
  try {
    if (file.size > MAX_BYTES) {
      throw new FormatError(path, { whole: true }, `is larger than ${MAX_BYTES} bytes`, "This is no configuration");
    }
    bytes = new Uint8Array(file.size);
    await file.read(bytes, 0);
  } finally {
    await file.close();
  }
  return parseXml(
    path,
    Buffer.from(bytes)
      .toString("utf8")
      .replace(/^\ufeff/, ""),
  );
}

export function parseXml(path: string, text: string): XmlElement {
  const declared = text.search(/<!(?:DOCTYPE|ENTITY)/i);
  if (declared >= 0) {
    const byteOffset = Buffer.byteLength(text.slice(0, declared));
    throw new FormatError(path, { byteOffset }, "a document type is not read", "Remove the <!DOCTYPE …> part");
  }
  try {
    const verdict = XMLValidator.validate(text);
    if (verdict !== true) {
      const { line, col, msg } = verdict.err;
      throw new FormatError(path, { field: `line ${line}, column ${col}` }, `is not XML: ${msg}`, "Correct the file");
    }
    const parser = new XMLParser({
      preserveOrder: true,
      ignoreAttributes: false,
      attributeNamePrefix: "",
      parseTagValue: false,
      parseAttributeValue: false,
      processEntities: false,
      ignoreDeclaration: true,
      ignorePiTags: true,
      maxNestedTags: MAX_DEPTH,
    });
    const roots = elementsOf(parser.parse(text));
    const root = roots[0];
    if (root && roots.length === 1) return root;
  } catch (error) {
    if (error instanceof FormatError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new FormatError(path, { whole: true }, `is not XML: ${reason}`, "Correct the file");
  }
  throw new FormatError(path, { whole: true }, "has no single root element", "Give a PLUS configuration (.xml)");
}

/** The parser's ordered form: each node an object with one key, its name, and ":@" for the attributes. */
function elementsOf(nodes: unknown): XmlElement[] {
  if (!Array.isArray(nodes)) return [];
  return nodes.flatMap((node: unknown): XmlElement[] => {
    if (typeof node !== "object" || node === null) return [];
    const record = node as Readonly<Record<string, unknown>>;
    const name = Object.keys(record).find((key) => key !== ":@" && key !== "#text");
    if (name === undefined) return [];
    const attributes = new Map<string, string>();
    const raw = record[":@"];
    if (typeof raw === "object" && raw !== null) {
      for (const [key, value] of Object.entries(raw)) attributes.set(key, decodeEntities(String(value)));
    }
    return [{ name, attributes, children: elementsOf(record[name]) }];
  });
}

const named: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** The five names that XML itself defines. */
function decodeEntities(text: string): string {
  return text.replace(/&(lt|gt|amp|quot|apos);/g, (whole, name: string) => named[name] ?? whole);
}
