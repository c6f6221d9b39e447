import { defineConfig } from "vitest/config";

// "fast": pure code, under a minute, what `npm run check` runs. "slow": *.slow.test.ts: whole runs, browser, mutation.
export default defineConfig({
  test: {
    // Both cores: what tests wait for (workers, sockets, the disk) leaves room for another file.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "fast",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.slow.test.ts"],
          testTimeout: 60_000,
        },
      },
      { test: { name: "slow", include: ["test/**/*.slow.test.ts"], testTimeout: 600_000 } },
    ],
  },
});
