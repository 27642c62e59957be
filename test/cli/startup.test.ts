import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { checkout, launcher, startCommand } from '../support/program.ts';

/** Prints the address of every module as it is loaded. */
const hook = `import { registerHooks } from 'node:module';
registerHooks({ load(url, context, next) { process.stderr.write(url + '\\n'); return next(url, context); } });`;

/** What a command loads of this project and of its packages. */
async function loadedBy(...words: string[]): Promise<string[]> {
  const preload = `data:text/javascript,${encodeURIComponent(hook)}`;
  const { child, output, ended } = startCommand(process.execPath, ['--import', preload, launcher, ...words], {
    ANNALS_URL: 'http://127.0.0.1:9',
    ANNALS_TOKEN: 'x',
    DATABASE_URL: 'postgresql://nobody@127.0.0.1:9/none',
  });
  child.stdin.end();
  await ended;
  const root = pathToFileURL(`${checkout}/`).href;
  return output.stderr
    .split('\n')
    .filter((line) => line.startsWith(root))
    .map((url) => url.slice(root.length));
}

/** What a command of a client needs: itself, settings, errors, words. */
const light = /^(bin\/annals\.mjs|src\/(main|config|errors)\.ts|src\/(cli|config|model)\/.*|src\/demo\/file\.ts)$/;

it.each([
  ['--help', ''],
  ['serve', '--help'],
  ['query', '--help'],
  ['completion', 'bash'],
  ['query', '--json'],
  ['statistics', '--interval=day', '--by=action'],
  ['record', 'passwork.item_viewed', '--severity=11'],
  ['token', 'list'],
])('%s %s loads neither the server nor a package', async (...words) => {
  const loaded = await loadedBy(...words.filter((word) => word !== ''));
  expect(loaded).toContain('src/cli/cli.ts');
  expect(loaded.filter((path) => !light.test(path))).toEqual([]);
});

it('the server loads what it needs: the test above can fail', async () => {
  const loaded = await loadedBy('organization', 'list');
  expect(loaded).toContain('src/app.ts');
});
