/** GraphiQL comes whole from this server. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestHttp, send, type TestHttp } from './support.ts';

const examples = [
  { query: 'query NewestEntries { hello }' },
  {
    query: '# </script><script>alert(1)</script>\nsubscription Watch($n: Int) { ticks(count: $n) }',
    variables: '{"n": 3}',
  },
];

let server: TestHttp;
let page: string;
beforeAll(async () => {
  server = await openTestHttp({ examples });
  page = (await send(server.http.port, { path: '/graphql', headers: { accept: 'text/html,*/*' } })).body;
});
afterAll(() => server[Symbol.asyncDispose]());

const references = () =>
  [...page.matchAll(/(?:src|href)="([^"]+)"/g)].flatMap(([, url]) => (url === undefined ? [] : [url]));
const settings = () =>
  JSON.parse(/<script type="application\/json" id="settings">(.*?)<\/script>/s.exec(page)?.[1] ?? '');

test('the page names nothing outside this server', async () => {
  expect(references().length).toBeGreaterThanOrEqual(4);
  for (const url of references()) expect(url).toMatch(/^(\/graphiql\/|data:image\/)/);
});

test('the policy allows this origin only, and no inline script', async () => {
  const { headers } = await send(server.http.port, { path: '/graphql', headers: { accept: 'text/html' } });
  const policy = headers['content-security-policy'];
  expect(policy).toContain("default-src 'none'; script-src 'self'; worker-src 'self'");
  expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe/);
  expect(page.match(/<script(?![^>]*(src=|application\/json))/)).toBeNull();
});

test('every script, style and worker is there, compressed, and may be kept for ever', async () => {
  const workers: string[] = Object.values(settings().workers);
  const assets = [...references().filter((url) => url.startsWith('/')), ...workers];
  expect(assets).toHaveLength(6);
  for (const path of assets) {
    const plain = await send(server.http.port, { path });
    expect(plain.status).toBe(200);
    expect(plain.headers['content-type']).toMatch(path.endsWith('.css') ? /^text\/css/ : /^text\/javascript/);
    expect(plain.headers['cache-control']).toContain('immutable');
  }
  const gzipped = await fetch(`http://127.0.0.1:${server.http.port}${assets[0]}`);
  expect(gzipped.headers.get('content-encoding')).toBe('gzip');
});

test('the examples are tabs, and text in them stays text', async () => {
  expect(settings().graphiql.defaultTabs).toEqual([
    { query: examples[0]?.query, variables: null, headers: expect.stringContaining('Authorization') },
    { query: examples[1]?.query, variables: '{"n": 3}', headers: expect.stringContaining('Authorization') },
  ]);
  expect(page).not.toContain('alert(1)</script>');
  expect(settings().graphiql).toMatchObject({ shouldPersistHeaders: false, method: 'POST', endpoint: '/graphql' });
});

test('nothing else lies beside the assets', async () => {
  expect((await send(server.http.port, { path: '/graphiql/other.js' })).status).toBe(404);
  expect((await send(server.http.port, { path: '/graphiql/../package.json' })).status).toBe(404);
});
