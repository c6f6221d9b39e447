import { afterEach, expect, test } from "vitest";
import { FormatError, UnsuitableInputError } from "../../src/core/errors.ts";
import { createWorkerPool, workerEntry, type WorkerPool } from "../../src/core/worker-pool.ts";
import type { EchoJob } from "./echo.worker.ts";

const echo = new URL("./echo.worker.ts", import.meta.url);
const jobs = (...data: EchoJob[]): { data: EchoJob }[] => data.map((job) => ({ data: job }));

let pool: WorkerPool | undefined;
afterEach(async () => {
  await pool?.close();
  pool = undefined;
});

test("answers keep the order of the jobs though later ones end first", async () => {
  pool = createWorkerPool(2);
  const done: number[] = [];
  const answers = await pool.map<{ value: number }>(
    echo,
    jobs({ value: 0, waitMs: 400 }, { value: 1 }, { value: 2 }, { value: 3 }),
    (_, index) => done.push(index),
  );
  expect(answers.map((a) => a.value)).toEqual([0, 1, 2, 3]);
  expect(done.toSorted()).toEqual([0, 1, 2, 3]);
});

test("one worker does all jobs, one after the other", async () => {
  pool = createWorkerPool(1);
  const done: number[] = [];
  await pool.map(echo, jobs({ value: 0, waitMs: 50 }, { value: 1 }, { value: 2 }), (_, index) => done.push(index));
  expect(done).toEqual([0, 1, 2]);
});

test("memory that is transferred leaves the sender", async () => {
  pool = createWorkerPool(1);
  const buffer = new ArrayBuffer(64);
  const [answer] = await pool.map<{ bytes: number }>(echo, [{ data: { value: 0, buffer }, transfer: [buffer] }]);
  expect(answer?.bytes).toBe(64);
  expect(buffer.byteLength).toBe(0);
});

test("a job that throws rejects with its message, no further job starts, and the pool can be used again", async () => {
  pool = createWorkerPool(1);
  const done: number[] = [];
  const failing = pool.map(echo, jobs({ value: 0 }, { value: 1, fail: "throw" }, { value: 2 }), (_, i) => done.push(i));
  await expect(failing).rejects.toThrow("job 1 was told to fail");
  expect(done).toEqual([0]);
  expect(await pool.map<{ value: number }>(echo, jobs({ value: 5 }))).toMatchObject([{ value: 5 }]);
});

test("a worker that dies rejects instead of hanging, and is replaced", async () => {
  pool = createWorkerPool(1);
  await expect(pool.map(echo, jobs({ value: 0, fail: "exit" }))).rejects.toThrow("a worker ended with code 3");
  expect(await pool.map<{ value: number }>(echo, jobs({ value: 6 }))).toMatchObject([{ value: 6 }]);
});

test("a worker that ends while it is idle is not given another job", async () => {
  pool = createWorkerPool(1);
  await pool.map(echo, jobs({ value: 0, fail: "exit-later" }));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await pool.map<{ value: number }>(echo, jobs({ value: 7 }))).toMatchObject([{ value: 7 }]);
});

test("bad input found by a worker arrives as the same kind of error, with its place and remedy", async () => {
  pool = createWorkerPool(1);
  const format: unknown = await pool.map(echo, jobs({ value: 0, fail: "format" })).catch((error: unknown) => error);
  expect(format).toBeInstanceOf(FormatError);
  expect(format).toMatchObject({
    name: "FormatError",
    message: "a.mha: byte 7: the size is negative. Write it again",
    file: "a.mha",
    place: { byteOffset: 7 },
    remedy: "Write it again",
  });
  const unsuitable: unknown = await pool.map(echo, jobs({ value: 0, fail: "unsuitable" })).catch((e: unknown) => e);
  expect(unsuitable).toBeInstanceOf(UnsuitableInputError);
  expect(unsuitable).toMatchObject({ message: "nothing moves. Record a sweep", remedy: "Record a sweep" });
});

test("no jobs, no answers", async () => {
  pool = createWorkerPool(2);
  expect(await pool.map(echo, [])).toEqual([]);
});

test("a closed pool refuses work and may be closed again", async () => {
  pool = createWorkerPool(1);
  await pool.close();
  await pool.close();
  await expect(pool.map(echo, jobs({ value: 0 }))).rejects.toThrow("closed");
});

test("a compiled package starts the .js that lies beside the named .ts", () => {
  const module = new URL("file:///package/dist/a.worker.ts");
  expect(workerEntry(module, true).href).toBe("file:///package/dist/a.worker.js");
  expect(workerEntry(module, false).href).toBe(module.href);
});

test("a pool that was told to rest has no threads, and starts new ones for the next job", async () => {
  pool = createWorkerPool(2);
  await pool.map(echo, jobs({ value: 0 }, { value: 1 }));
  await pool.rest();
  const busy = pool.map<{ value: number }>(echo, jobs({ value: 7, waitMs: 200 }));
  await pool.rest();
  expect(await busy).toMatchObject([{ value: 7 }]);
});
