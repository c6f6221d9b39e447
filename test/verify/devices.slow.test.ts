import { expect, test } from "vitest";
import { silentLog } from "../../src/core/log.ts";
import { devicesSuite } from "../../src/verify/devices.ts";

test("there is a row for every fault of the list", () => {
  const rows = devicesSuite.checks.map(({ id }) => /\bF\d+$/.exec(id)?.[0]).filter((name) => name !== undefined);
  expect(rows).toEqual(Array.from({ length: 28 }, (_, i) => `F${i + 1}`));
});

// The whole fault script, in simulation and over the wire; how each row would fail is in the tests of the drivers.
for (const check of devicesSuite.checks) {
  test(check.statement, async () => {
    const outcome = await check.run({ log: silentLog, full: false, dataFolder: undefined });
    expect(outcome).toEqual({ measured: outcome.measured, pass: true });
  });
}
