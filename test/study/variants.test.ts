import { expect, test } from "vitest";
import { createRng } from "../../src/core/rng.ts";
import { withFields } from "../../src/study/set-field.ts";
import { parseStudy, type SweepConfig } from "../../src/study/study-schema.ts";
import { checkNames, variantCount, variantsOf } from "../../src/study/variants.ts";

const sweepOf = (sweep: unknown): SweepConfig =>
  parseStudy({ name: "s", question: "why though?", base: "b.yaml", seed: "1", sweep }, "s.yaml").sweep;

test("a grid counts up, the last field fastest, and names variants by the last word of each field", () => {
  const sweep = sweepOf({
    kind: "grid",
    over: [
      { field: "source.tracker", values: [{ kind: "duo" }, { kind: "vega" }] },
      { field: "source.imaging.rateHz", values: [8, 16] },
    ],
  });
  const variants = variantsOf(sweep, createRng("x"));
  expect(variants.map(({ name }) => name)).toEqual([
    "tracker duo, rateHz 8",
    "tracker duo, rateHz 16",
    "tracker vega, rateHz 8",
    "tracker vega, rateHz 16",
  ]);
  expect(variants[3]!.set).toEqual({ "source.tracker": { kind: "vega" }, "source.imaging.rateHz": 16 });
  expect(variantCount(sweep)).toBe(4);
});

test("a Latin hypercube puts one point in every slice of every range", () => {
  const over = [
    { field: "a.b", from: 0, to: 10 },
    { field: "c", from: 1, to: 1000, scale: "log" },
  ];
  const variants = variantsOf(sweepOf({ kind: "latin-hypercube", over, samples: 20 }), createRng("lhs"));
  const slices = (of: (set: Readonly<Record<string, unknown>>) => number) =>
    new Set(variants.map(({ set }) => Math.floor(of(set) * 20))).size;
  expect(slices((set) => (set["a.b"] as number) / 10)).toBe(20);
  expect(slices((set) => Math.log(set["c"] as number) / Math.log(1000))).toBe(20);
});

test("the same seed draws the same points, and a field that is added leaves the others as they were", () => {
  const range = { field: "a", from: 0, to: 1 };
  const one = variantsOf(sweepOf({ kind: "random", over: [range], samples: 5 }), createRng("r"));
  const two = variantsOf(
    sweepOf({ kind: "random", over: [range, { field: "b", from: 0, to: 1 }], samples: 5 }),
    createRng("r"),
  );
  expect(two.map(({ set }) => set["a"])).toEqual(one.map(({ set }) => set["a"]));
});

test("integers stay within their range and are whole", () => {
  const over = [{ field: "n", from: 1.5, to: 4.4, integer: true }];
  const values = variantsOf(sweepOf({ kind: "random", over, samples: 200 }), createRng("i")).map(({ set }) => set["n"]);
  expect([...new Set(values)].sort()).toEqual([2, 3, 4]);
});

test("two variants of one name are refused", () => {
  const sweep = sweepOf({ kind: "list", variants: [{ name: "a" }, { name: "a" }] });
  expect(() => checkNames(variantsOf(sweep, createRng("x")), "s.yaml")).toThrow(
    's.yaml: sweep: two variants are called "a"',
  );
});

test("fields are set in a copy, objects between them are made, and an object's machinery is out of reach", () => {
  const base = { source: { kind: "simulated", imaging: { rateHz: 8 } } };
  expect(withFields(base, { "source.imaging.rateHz": 4, "source.operator.tremorMm": 0 })).toEqual({
    source: { kind: "simulated", imaging: { rateHz: 4 }, operator: { tremorMm: 0 } },
  });
  expect(base.source.imaging.rateHz).toBe(8);
  expect(() => withFields(base, { "constructor.prototype.x": 1 })).toThrow("no field");
});

test("a misspelt option of a study is refused with file and field", () => {
  expect(() => parseStudy({ name: "s", question: "why though?", base: "b", seed: "1", knee: 3 }, "s.yaml")).toThrow(
    "s.yaml",
  );
  expect(() => sweepOf({ kind: "random", over: [{ field: "a", from: 2, to: 1 }], samples: 5 })).toThrow(
    "from must be less",
  );
});
