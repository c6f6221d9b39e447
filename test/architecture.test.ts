import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const SRC = resolve(import.meta.dirname, "../src");

/** What each folder of src may import besides itself. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  core: [],
  geometry: ["core"],
  data: ["core", "geometry"],
  sim: ["core", "geometry", "data"],
  hardware: ["core", "geometry", "data"],
  io: ["core", "geometry", "data"],
  pipeline: ["core", "geometry", "data"],
  metrics: ["core", "geometry", "data"],
  report: ["core", "geometry", "data"],
  web: ["core"],
  scenario: ["core", "geometry", "data", "sim", "hardware", "io", "pipeline", "metrics", "report"],
  study: ["core", "geometry", "data", "io", "metrics", "report", "scenario"],
  verify: ["core", "geometry", "data", "sim", "hardware", "io", "pipeline", "metrics", "report", "scenario", "study"],
  cli: [
    "core",
    "geometry",
    "data",
    "sim",
    "hardware",
    "io",
    "pipeline",
    "metrics",
    "report",
    "web",
    "scenario",
    "study",
    "verify",
  ],
  viewer: ["core", "geometry", "data", "io"],
};

/** Node modules that pure code must not touch: disk, sockets, processes, clocks. */
const EFFECTS = /^node:(fs|fs\/promises|net|dgram|http|https|child_process|os|process|timers)/;
const PURE = ["core", "geometry", "data", "sim", "pipeline", "metrics", "report"];
/** The worker pool is core's one door to threads. */
const MAY_START_THREADS = ["core/worker-pool.ts", "core/worker-serve.ts"];

interface Import {
  readonly file: string;
  readonly specifier: string;
}

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

const imports: readonly Import[] = files.flatMap((file) => {
  const text = readFileSync(join(SRC, file), "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => ({ file, specifier: match[1]! }));
});

const target = ({ file, specifier }: Import): string | undefined =>
  specifier.startsWith(".") ? relative(SRC, resolve(SRC, dirname(file), specifier)) : undefined;
const folder = (path: string): string => path.split("/")[0]!;

test("every folder of src imports only what stands above it", () => {
  const wrong = imports.filter((entry) => {
    const to = target(entry);
    if (to === undefined || to.startsWith("..") || !entry.file.includes("/") || !to.includes("/")) return false;
    const from = folder(entry.file);
    return from !== folder(to) && !allowed[from]?.includes(folder(to));
  });
  expect(wrong).toEqual([]);
});

test("no folder of src is missing from the table of allowed imports", () => {
  expect([...new Set(files.filter((f) => f.includes("/")).map(folder))].filter((name) => !(name in allowed))).toEqual(
    [],
  );
});

test("pure folders touch no disk, socket, process or clock", () => {
  const wrong = imports.filter(({ file, specifier }) => PURE.includes(folder(file)) && EFFECTS.test(specifier));
  expect(wrong).toEqual([]);
  const threads = imports.filter(
    ({ file, specifier }) =>
      specifier === "node:worker_threads" && PURE.includes(folder(file)) && !MAY_START_THREADS.includes(file),
  );
  expect(threads).toEqual([]);
});

test("pure folders read neither the clock nor the environment nor Math.random", () => {
  const wrong = files
    .filter((file) => PURE.includes(folder(file)))
    .filter((file) =>
      /Math\.random\(|Date\.now\(|new Date\(\)|performance\.now\(|process\.env/.test(
        readFileSync(join(SRC, file), "utf8"),
      ),
    );
  expect(wrong).toEqual([]);
});

test("a stage folder of the pipeline imports stage.ts and itself, never another stage", () => {
  const wrong = imports.filter((entry) => {
    const to = target(entry);
    if (!entry.file.startsWith("pipeline/") || !to?.startsWith("pipeline/")) return false;
    const from = entry.file.split("/");
    if (from.length === 2) return false; // run.ts knows the order
    return to !== "pipeline/stage.ts" && to.split("/")[1] !== from[1];
  });
  expect(wrong).toEqual([]);
});

test("truth is a noun that the pipeline never imports", () => {
  const wrong = imports.filter(
    (entry) => entry.file.startsWith("pipeline/") && target(entry) === "data/ground-truth.ts",
  );
  expect(wrong).toEqual([]);
});

test("relative imports end in .ts, and nothing is exported as default", () => {
  expect(imports.filter((entry) => target(entry) !== undefined && !/\.(ts|js|json)$/.test(entry.specifier))).toEqual(
    [],
  );
  expect(files.filter((file) => /^export default /m.test(readFileSync(join(SRC, file), "utf8")))).toEqual([]);
});

test("no files import each other in a circle", () => {
  const edges = new Map<string, string[]>();
  for (const entry of imports) {
    const to = target(entry);
    if (to?.endsWith(".ts")) edges.set(entry.file, [...(edges.get(entry.file) ?? []), to]);
  }
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    if (done.has(file) || path.includes(file)) return;
    for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});
