import { markup, type Markup } from "./markup.ts";
import { table } from "./tables.ts";

/** Deeper levels are named but not shown: no configuration of ours is as deep, a hostile file may be. */
const DEEPEST = 24;
/** A longer list of numbers is cut with a word about it. */
const LONGEST_LIST = 24;

const isPlain = (value: unknown): boolean => value === null || typeof value !== "object";

function listText(list: readonly unknown[]): string {
  const shown = list.slice(0, LONGEST_LIST).map((item) => String(item));
  const rest = list.length - shown.length;
  return `[${shown.join(", ")}${rest > 0 ? `, … ${rest} more, see report.json` : ""}]`;
}

/** Dotted path and value of every leaf, in the order of the configuration. */
export function flatten(value: unknown, path = "", depth = 0): readonly (readonly [string, string])[] {
  if (isPlain(value)) return [[path, String(value)]];
  if (Array.isArray(value) && value.every(isPlain)) return [[path, listText(value)]];
  if (depth >= DEEPEST) return [[path, "(deeper levels: see report.json)"]];
  const entries = Object.entries(value as object);
  if (!entries.length) return [[path, Array.isArray(value) ? "[]" : "{}"]];
  const join = (key: string): string => (Array.isArray(value) ? `${path}[${key}]` : path ? `${path}.${key}` : key);
  return entries.flatMap(([key, inner]) => flatten(inner, join(key), depth + 1));
}

export function configurationTable(configuration: unknown): Markup {
  return table(
    "Every option of this run, defaults filled in",
    markup`<tr><th scope="col">Option</th><th scope="col" class="text">Value</th></tr>`,
    markup`<tbody>${flatten(configuration).map(
      ([path, value]) =>
        markup`<tr><th scope="row"><code>${path}</code></th><td class="text"><code>${value}</code></td></tr>`,
    )}</tbody>`,
  );
}
