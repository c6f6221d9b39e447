import { expect, test } from "vitest";
import { cholesky, solveCholesky } from "../../src/core/cholesky.ts";
import { createRng } from "../../src/core/rng.ts";

test("a random positive definite system is solved to rounding", () => {
  const rng = createRng("cholesky"),
    n = 20;
  const g = Float64Array.from({ length: n * n }, () => rng.normal());
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) a[i * n + j]! += g[i * n + k]! * g[j * n + k]!;
      if (i === j) a[i * n + j]! += 1;
    }
  }
  const x = Float64Array.from({ length: n }, () => rng.normal());
  const b = x.map((_, i) => x.reduce((sum, value, j) => sum + a[i * n + j]! * value, 0));
  const solved = solveCholesky(cholesky(a, n), b);
  solved.forEach((value, i) => expect(value).toBeCloseTo(x[i]!, 9));
});

test("a matrix that is not positive definite is refused", () => {
  expect(() => cholesky(Float64Array.of(1, 2, 2, 1), 2)).toThrow(/not positive definite/);
});
