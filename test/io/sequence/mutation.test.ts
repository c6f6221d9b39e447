import { expect, test } from "vitest";
import { runMutations } from "./mutation-run.ts";

test("500 damaged sequences, volumes and configurations are read or refused, within the memory budget", async () => {
  const { accepted, refused, broken } = await runMutations(500, "io/mutation");
  expect(broken).toEqual([]);
  // The run would show nothing if the damage were always or never noticed.
  expect(accepted).toBeGreaterThan(25);
  expect(refused).toBeGreaterThan(25);
});
