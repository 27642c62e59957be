import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  // Without Vite's own condition `development`: packages in node_modules are loaded by Node, which does not set it, and
  // graphql would be there twice.
  ssr: { resolve: { conditions: ['module', 'node'] } },
  test: {
    include: ['test/**/*.test.ts'],
    // These have configurations of their own: vitest.interop.config.ts, vitest.soak.config.ts.
    exclude: [...configDefaults.exclude, 'test/interop/**', 'test/soak/**'],
    globalSetup: ['test/support/postgres.ts'],
    // Processes: tests kill servers, follow signals and count what a process leaves open.
    pool: 'forks',
    // Also where there are but two cores: most of the time tests wait for servers, clocks and the database.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Generous, for a small shared machine: tests wait for facts, so a long limit costs nothing when they pass.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
  },
});
