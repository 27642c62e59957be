import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/postgres.ts'],
    // Processes: tests kill servers, follow signals and count what a process leaves open.
    pool: 'forks',
    // Generous, for a small shared machine: tests wait for facts, so a long limit costs nothing when they pass.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
  },
});
