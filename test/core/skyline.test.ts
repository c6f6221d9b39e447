import { expect, test } from "vitest";
import { createRng } from "../../src/core/rng.ts";
import { addObservation, factorise, skylineOf, solveFactorised } from "../../src/core/skyline.ts";

/** Twenty unknowns in doubles. */
const ROUNDING = 1e-9;

test("neighbours and two unknowns that all share are solved as the normal equations say", () => {
  const rng = createRng("skyline"),
    n = 20;
  const rows = Array.from({ length: 80 }, () => {
    const i = rng.integer(n - 3);
    return {
      columns: [i, i + 1, n - 2, n - 1],
      coefficients: [0, 1, 2, 3].map(() => rng.normal()),
      value: rng.normal(),
    };
  });
  const matrix = skylineOf(n, rows.map(({ columns }) => columns)), right = new Float64Array(n); // prettier-ignore
  for (const row of rows) addObservation(matrix, right, row.columns, row.coefficients, row.value, 2);
  factorise(matrix);
  const x = solveFactorised(matrix, right);
  // The gradient of the sum of squares vanishes in every unknown.
  for (let k = 0; k < n; k++) {
    const gradient = rows.reduce((sum, { columns, coefficients, value }) => {
      const at = columns.indexOf(k);
      const off = columns.reduce((total, column, c) => total + coefficients[c]! * x[column]!, -value);
      return at < 0 ? sum : sum + coefficients[at]! * off;
    }, 0);
    expect(Math.abs(gradient)).toBeLessThan(ROUNDING);
  }
});

test("unknowns that nothing holds are refused", () => {
  const matrix = skylineOf(2, [[0, 1]]);
  addObservation(matrix, new Float64Array(2), [0, 1], [1, 1], 1, 1);
  expect(() => factorise(matrix)).toThrow("not positive definite");
});
