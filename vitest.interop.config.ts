import { defineConfig } from 'vitest/config';

/** Other people’s programs against the real server. `.ci/run` names the Debian packages that they come in. */
export default defineConfig({
  ssr: { resolve: { conditions: ['module', 'node'] } },
  test: {
    include: ['test/interop/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
