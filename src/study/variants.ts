import { FormatError } from "../core/errors.ts";
import type { Rng } from "../core/rng.ts";
import type { SweepConfig } from "./study-schema.ts";

export interface Variant {
  readonly name: string;
  /** Dotted field of the scenario → value. */
  readonly set: Readonly<Record<string, unknown>>;
}

type Sampled = Extract<SweepConfig, { readonly over: readonly { readonly from: number }[] }>;
type Range = Sampled["over"][number];

/** The variants of a sweep, in the order in which they are named, counted up (last field fastest) or drawn. */
export function variantsOf(sweep: SweepConfig, rng: Rng): Variant[] {
  if (sweep.kind === "list") return [...sweep.variants];
  if (sweep.kind === "grid") return gridOf(sweep.over);
  return sampled(sweep, rng);
}

/** How many there will be, before any is made. */
export function variantCount(sweep: SweepConfig): number {
  if (sweep.kind === "list") return sweep.variants.length;
  if (sweep.kind === "grid") return sweep.over.reduce((n, { values }) => n * values.length, 1);
  return sweep.samples;
}

function gridOf(over: Extract<SweepConfig, { readonly kind: "grid" }>["over"]): Variant[] {
  let sets: Record<string, unknown>[] = [{}];
  for (const { field, values } of over) {
    sets = sets.flatMap((set) => values.map((value) => ({ ...set, [field]: value })));
  }
  return sets.map((set) => ({ name: nameOf(set), set }));
}

/** Latin hypercube (McKay, Beckman & Conover 1979): each range is cut in as many slices as samples, each drawn once. */
function sampled({ kind, over, samples }: Sampled, rng: Rng): Variant[] {
  const columns = over.map(({ field }) => {
    const own = rng.fork(field);
    const slots = kind === "latin-hypercube" ? shuffled(samples, own) : undefined;
    return Array.from({ length: samples }, (_, i) => (slots ? (slots[i]! + own.uniform()) / samples : own.uniform()));
  });
  return Array.from({ length: samples }, (_, i) => {
    const set = Object.fromEntries(over.map((range, k) => [range.field, within(range, columns[k]![i]!)]));
    return { name: nameOf(set), set };
  });
}

function shuffled(count: number, rng: Rng): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = rng.integer(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

function within({ from, to, scale, integer }: Range, share: number): number {
  const value = scale === "log" ? from * (to / from) ** share : from + (to - from) * share;
  return integer
    ? Math.min(Math.floor(to), Math.max(Math.ceil(from), Math.round(value)))
    : Number(value.toPrecision(6));
}

/** "rateHz 16, depthMm 50": the last word of each path. */
function nameOf(set: Readonly<Record<string, unknown>>): string {
  const name = Object.entries(set)
    .map(([field, value]) => `${field.slice(field.lastIndexOf(".") + 1)} ${plain(value)}`)
    .join(", ");
  return name || "as the base";
}

function plain(value: unknown): string {
  if (typeof value === "object" && value !== null && "kind" in value) return String(value.kind);
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Two variants of one name could not be told apart in the table. Throws a FormatError. */
export function checkNames(variants: readonly Variant[], file: string): void {
  const seen = new Set<string>();
  for (const { name } of variants) {
    if (seen.has(name)) {
      throw new FormatError(file, { field: "sweep" }, `two variants are called "${name}"`, "Give each its own name");
    }
    seen.add(name);
  }
}
