import { defineConfig } from 'vitest/config';

/** The real server under steady load for a few minutes. */
export default defineConfig({
  ssr: { resolve: { conditions: ['module', 'node'] } },
  test: {
    include: ['test/soak/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 900_000,
    hookTimeout: 120_000,
  },
});
