import { expect, test } from "vitest";
import { runMutations } from "./mutation-run.ts";

test("10,000 damaged sequences, volumes and configurations are read or refused, within the memory budget", async () => {
  const { accepted, refused, broken } = await runMutations(10_000, "io/mutation/long");
  expect(broken).toEqual([]);
  expect(accepted).toBeGreaterThan(500);
  expect(refused).toBeGreaterThan(500);
});
