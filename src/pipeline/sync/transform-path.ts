import { UnsuitableInputError } from "../../core/errors.ts";

/** A transform that does not change during the recording: `m` takes `from` coordinates (or pixels) to `to`, mm. */
export interface FixedTransform {
  readonly from: string;
  readonly to: string;
  readonly m: Readonly<Float64Array>;
}

/** One link of a path: a fixed transform or a pose track, possibly walked against its direction. */
export interface Link {
  readonly kind: "fixed" | "track";
  readonly index: number;
  readonly inverse: boolean;
}

/**
 * The shortest chain of transforms from `from` to `to`. Edges are tried in the order given, so the answer is unique.
 * Throws an UnsuitableInputError that lists the names there are when no chain exists.
 */
export function findTransformPath(
  from: string,
  to: string,
  fixed: readonly FixedTransform[],
  tracks: readonly { readonly tool: string; readonly parent: string }[],
): Link[] {
  const edges = [
    ...fixed.map((t, index) => ({ a: t.from, b: t.to, kind: "fixed" as const, index })),
    ...tracks.map((t, index) => ({ a: t.tool, b: t.parent, kind: "track" as const, index })),
  ];
  const reached = new Map<string, Link[]>([[from, []]]);
  const queue = [from];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const path = reached.get(name)!;
    if (name === to) return path;
    for (const { a, b, kind, index } of edges) {
      const next = a === name ? b : b === name ? a : undefined;
      if (next === undefined || reached.has(next)) continue;
      reached.set(next, [...path, { kind, index, inverse: b === name }]);
      queue.push(next);
    }
  }
  const names = [...new Set(edges.flatMap(({ a, b }) => [a, b]))].sort();
  const what = names.includes(from) && names.includes(to) ? `no chain of transforms leads` : `there is no way`;
  const missing = [from, to].filter((name) => !names.includes(name));
  throw new UnsuitableInputError(
    `${what} from "${from}" to "${to}"${missing.length ? `: nothing is called "${missing.join('" or "')}"` : ""}`,
    `The transforms at hand connect ${names.map((n) => `"${n}"`).join(", ") || "nothing"}; ` +
      `name one of these, or give a configuration that holds the missing calibration`,
  );
}
