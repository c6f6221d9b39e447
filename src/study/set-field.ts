import { resolve } from "node:path";

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Names that would reach an object's own machinery; no field of a scenario is called so. */
const FORBIDDEN = new Set(["__proto__", "constructor", "prototype"]);

/**
 * A copy of `json` in which each dotted field holds its value. An object between that is not there yet is made. A field
 * that no scenario has is found by the scenario's own schema afterwards, which names it.
 */
export function withFields(json: unknown, fields: Readonly<Record<string, unknown>>): unknown {
  const copy: unknown = structuredClone(json);
  if (!isObject(copy)) return copy;
  for (const [field, value] of Object.entries(fields)) setField(copy, field.split("."), structuredClone(value));
  return copy;
}

function setField(target: Json, [name, ...rest]: readonly string[], value: unknown): void {
  if (name === undefined || FORBIDDEN.has(name)) throw new RangeError(`"${name}" is no field of a scenario`);
  if (rest.length === 0) {
    target[name] = value;
    return;
  }
  const inner = target[name];
  const next: Json = isObject(inner) ? inner : {};
  target[name] = next;
  setField(next, rest, value);
}

/** Fields of a scenario that name files. */
const FILE_FIELDS = new Set(
  "file files model curves configuration printed touched bones femur tibia patella fibula cartilage menisci".split(" "),
);

/** File names in a study are relative to the study, those of its base to the base: a copy with whole paths. */
export function placeFiles(value: unknown, folder: string, field = ""): unknown {
  if (typeof value === "string") return FILE_FIELDS.has(field) ? resolve(folder, value) : value;
  if (Array.isArray(value)) return value.map((item) => placeFiles(item, folder, field));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      placeFiles(item, folder, name.slice(name.lastIndexOf(".") + 1)),
    ]),
  );
}
