import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { alone } from './test/support/alone.ts';

// Without Vite's own condition `development`: packages in node_modules are loaded by Node, which does not set it, and
// graphql would be there twice.
const ssr = { resolve: { conditions: ['module', 'node'] } };

/** These have configurations of their own: vitest.interop.config.ts, vitest.soak.config.ts. */
const elsewhere = ['test/interop/**', 'test/soak/**'];

const common = {
  // Processes: tests kill servers, follow signals and count what a process leaves open.
  pool: 'forks',
  // Also where there are but two cores: most of the time tests wait for servers, clocks and the database.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  // Generous, for a small shared machine: tests wait for facts, so a long limit costs nothing when they pass.
  testTimeout: 60_000,
  hookTimeout: 60_000,
} as const;

export default defineConfig({
  test: {
    // Once for the run; projects that extended this configuration would each have a database server of their own.
    globalSetup: ['test/support/postgres.ts'],
    teardownTimeout: 30_000,
    projects: [
      { ssr, test: { ...common, name: 'alone', include: alone, isolate: true } },
      {
        ssr,
        test: {
          ...common,
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...elsewhere, ...alone],
          // A process runs one file after another with the modules that it has loaded: loading the server anew takes longer than
          // most files run. Modules have no state that one file could leave to the next.
          isolate: false,
        },
      },
    ],
  },
});
