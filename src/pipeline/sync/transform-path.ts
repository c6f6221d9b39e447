import { UnsuitableInputError } from "../../core/errors.ts";
import { invert3x4, multiply3x4 } from "../../core/rigid.ts";

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

/** All links of a path in one, the poses of its tracks given by `pose`; the first reason there is where one has none. */
export function alongPath(
  path: readonly Link[],
  fixed: readonly FixedTransform[],
  pose: (track: number) => Float64Array | string,
): Float64Array | string {
  let total: Float64Array | undefined;
  for (const { kind, index, inverse } of path) {
    const m = kind === "fixed" ? Float64Array.from(fixed[index]!.m) : pose(index);
    if (typeof m === "string") return m;
    const step = inverse ? invert3x4(m) : m;
    total = total ? multiply3x4(step, total) : step;
  }
  return total ?? "no transform";
}
