import { once } from 'node:events';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { describe, expect, it } from 'vitest';
import { builtOperation, openClient } from '../../src/cli/client.ts';
import { parseOptions } from '../../src/cli/command.ts';
import { filterOf, filterOptions } from '../../src/cli/filterOptions.ts';
import { pages } from '../../src/cli/pages.ts';
import { anAction, plainEntries } from '../support/app.ts';
import { annals, launcher, startCommand } from '../support/program.ts';
import { objectsOf, useTestServer } from './support.ts';

const site = useTestServer();

/** The `request` of each entry, by which tests know them. */
const requests = (stdout: string) => objectsOf(stdout).map((entry) => entry.request);

describe('annals query', () => {
  it('prints a table without colours into a pipe, newest first', async () => {
    const log = await site.newLog();
    await log.record([
      {
        action: 'passwork.item_viewed',
        actor: { id: 'u1', name: 'Mia Chen' },
        targets: [{ type: 'item', id: 'i1', name: 'Bank' }],
      },
      { action: 'enpass.app_login_failed', actor: { name: 'Niko' } },
    ]);
    const { code, stdout, stderr } = await log.run('query');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [head, ...rows] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^recordedAt +severity {2}outcome {2}action\.key +description$/);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatch(/^20\S+Z {2}\d+ +FAILURE {2}enpass\.app_login_failed {2}/);
    expect(rows[1]).toMatch(/^20\S+Z {2}\d+ +SUCCESS {2}passwork\.item_viewed {5}Mia Chen opened Bank\b/);
    // Columns stand under each other.
    expect(rows.map((row) => row.search(/passwork|enpass/))).toEqual(rows.map(() => head?.indexOf('action.key')));
    expect(stdout).not.toContain('\u001b');
  });

  it('shows colours on a terminal, not with NO_COLOR, and where --color says so', async () => {
    const log = await site.newLog();
    await log.record([{ action: 'enpass.app_login_failed' }]);
    const onTerminal = async (env: Record<string, string>, ...words: string[]) => {
      const command = [process.execPath, launcher, 'query', ...words];
      // script(1) runs a program on a pseudo-terminal.
      const asked =
        process.platform === 'darwin' ? ['-q', '/dev/null', ...command] : ['-qec', command.join(' '), '/dev/null'];
      const { output, ended } = startCommand('script', asked, { ...log.env(log.tokens.owner), ...env });
      expect(await ended).toEqual({ code: 0, signal: null });
      return output.stdout;
    };
    expect(await onTerminal({})).toContain('\u001b[33mFAILURE');
    expect(await onTerminal({ NO_COLOR: '1' })).not.toContain('\u001b');
    expect(await onTerminal({}, '--color', 'never')).not.toContain('\u001b');
    expect((await log.run('query', '--color', 'always')).stdout).toContain('\u001b[33mFAILURE');
  });

  it('prints JSON with the fields asked for, nested as in the API', async () => {
    const log = await site.newLog();
    await log.record([{ action: anAction, actor: { id: 'u1', name: 'Mia' }, metadata: { a: [1] }, ip: '192.0.2.1' }]);
    const asked = await log.run('query', '--json', '--fields', 'cursor,actor.name,action.key,metadata');
    const [entry] = objectsOf(asked.stdout);
    expect(entry).toEqual({
      cursor: expect.stringMatching(/^[\w-]{20,}$/),
      actor: { name: 'Mia' },
      action: { key: anAction },
      metadata: { a: [1] },
    });
    const [whole] = objectsOf((await log.run('query', '--json')).stdout);
    expect(whole).toMatchObject({ ip: '192.0.2.1', outcome: 'SUCCESS', position: '0', targets: [], changes: null });
    const after = await log.run('query', '--json', '--after', String(entry?.cursor));
    expect(after).toMatchObject({ code: 0, stdout: '', stderr: 'No entries match.\n' });
  });

  const entries = [
    { request: 'a', action: 'passwork.item_viewed', actor: { id: 'u1' }, vault: { id: 'v1' }, component: 'web' },
    { request: 'b', action: 'passwork.item_viewed', actor: { id: 'u2' }, vault: { id: 'v2' }, severity: 9 },
    { request: 'c', action: 'enpass.app_login_succeeded', actor: { id: 'u1' }, outcome: 'DENIED', severity: 5 },
    { request: 'd', action: 'passwork.user_created', actor: { id: 'u3' }, affectedUser: { id: 'u1' } },
    { request: 'e', action: 'passwork.item_viewed', targets: [{ type: 'item', id: 'i1' }], severity: 1 },
    { request: 'f', action: 'passwork.item_viewed', occurredAt: '2020-02-03T04:05:06Z', severity: 1 },
    { request: 'g', action: 'passwork.folder_created', actor: { type: 'SYSTEM' }, ip: '10.1.2.3', device: 'laptop' },
    {
      request: 'h',
      action: 'passwork.folder_created',
      actor: { id: 'u4' },
      metadata: { client: { version: '7' }, beta: true },
    },
    {
      request: 'i',
      action: 'passwork.folder_created',
      actor: { id: 'u4' },
      metadata: { client: { version: 8 } },
      session: 's1',
    },
  ] as const;
  const questions: readonly [words: string, found: string][] = [
    ['--action passwork.item_viewed', 'abef'],
    ['--action passwork.user_created --action enpass.app_login_succeeded', 'cd'],
    ['--category passwork.user_management', 'd'],
    ['--catalogue enpass', 'c'],
    ['--actor u1', 'ac'],
    ['--actor u1 --actor u3', 'acd'],
    ['--actor u1 --catalogue passwork', 'a'],
    ['--affected u1', 'd'],
    ['--directory v1 --directory v2', 'ab'],
    ['--under v2', 'b'],
    ['--target i1', 'e'],
    ['--target-type item', 'e'],
    ['--vault v2', 'b'],
    ['--actor-type system --ip 10.0.0.0/8', 'g'],
    ['--ip 192.0.2.0/24 --ip 10.1.2.3', 'g'],
    ['--device laptop', 'g'],
    ['--session s1', 'i'],
    ['--request a --request h', 'ah'],
    ['--metadata client.version', 'hi'],
    ['--metadata client.version=7 --metadata client.version=8', 'hi'],
    ['--metadata client.version=7 --metadata beta=true', 'h'],
    ['--metadata client.version=8 --metadata beta', ''],
    ['--text APTO', 'g'],
    ['--text lapt --text top', 'g'],
    ['--text lapt --text none', ''],
    ['--outcome denied', 'c'],
    ['--severity 9', 'b'],
    ['--severity 5-8', 'c'],
    ['--component web', 'a'],
    ['--since 1h --until 2100-01-01', 'abcdefghi'],
    ['--until 1h', ''],
    ['--occurred-until 2020-03-01', 'f'],
    ['--occurred-since 2020-02-03T04:05:06Z --occurred-until 2020-02-03T04:05:07Z', 'f'],
    ['--occurred-since 2020-02-03T04:05:07Z --actor u2', 'b'],
    ['--filter {"not":{"actor":{"in":["u1","u2","u3","u4"]}}}', 'efg'],
    ['--filter {"actor":{"in":["u1"]}} --action passwork.item_viewed', 'a'],
  ];
  it('asks what its options say', async () => {
    const log = await site.newLog();
    await log.record(entries);
    const client = openClient({ url: site.server.url, token: log.tokens.owner });
    const order = { field: 'RECORDED_AT', direction: 'ASC' } as const;
    for (const [words, found] of questions) {
      // Not a process for each: they differ by their filters alone.
      const { values } = parseArgs({ args: words.split(' '), options: parseOptions(filterOptions) });
      const request = { filter: filterOf(values, Date.now()), order, fields: ['request'], first: null, after: null };
      const pagesFound = await Array.fromAsync(pages(client, request));
      const got = pagesFound.flatMap((page) => page.entries.map((entry) => entry.request)).join('');
      expect([words, got]).toEqual([words, found]);
    }
    const both = await log.run('query', '--json', '--order', 'oldest', '--actor', 'u1', '--actor', 'u3');
    expect(requests(both.stdout)).toEqual(['a', 'c', 'd']);
    expect((await log.run('query', '--count', '--actor', 'u1')).stdout).toBe('2\n');
    expect(objectsOf((await log.run('query', '--count', '--json')).stdout)).toEqual([
      { totalCount: 9, totalCountIsExact: true },
    ]);
  });

  it('goes through all pages in order, and says where it stopped when nobody said how many', async () => {
    const log = await site.newLog();
    await log.record(plainEntries(1201));
    const all = await log.run('query', '--all', '--json', '--order', 'oldest', '--fields', 'request');
    expect(all).toMatchObject({ code: 0, stderr: '' });
    expect(requests(all.stdout)).toEqual(Array.from({ length: 1201 }, (_, index) => String(index)));
    const some = await log.run('query', '--first', '777', '--json', '--fields', 'request');
    expect(some.stderr).toBe('');
    expect(requests(some.stdout)).toEqual(Array.from({ length: 777 }, (_, index) => String(1200 - index)));
    const few = await log.run('query', '--json');
    expect(requests(few.stdout)).toHaveLength(50);
    expect(few.stderr).toBe('These are 50; --all prints the rest, too.\n');
  });

  it('goes by when entries happened where it is asked to', async () => {
    const log = await site.newLog();
    const days = ['03', '01', '02'];
    await log.record(days.map((day) => ({ action: anAction, request: day, occurredAt: `2026-01-${day}T00:00:00Z` })));
    const by = async (...words: string[]) =>
      requests((await log.run('query', '--json', '--fields', 'request', ...words)).stdout);
    expect(await by('--by', 'occurred')).toEqual(['03', '02', '01']);
    expect(await by('--by', 'Occurred', '--order', 'oldest')).toEqual(['01', '02', '03']);
    expect(await by('--by', 'recorded')).toEqual(['02', '01', '03']);
  });

  it('holds one page at a time, and ends quietly when its reader has enough', async () => {
    const log = await site.newLog();
    await log.record(plainEntries(2000, { metadata: { text: 'x'.repeat(500) } }));
    await using relay = await startRelay(site.server.url);
    const env = { ...log.env(log.tokens.owner), ANNALS_URL: relay.url };
    const command = `'${process.execPath}' '${launcher}' query --all --json | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const { output, ended } = startCommand('bash', ['-c', command], env);
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(output.stdout).toMatch(/^\{"id".*\}\n0\n$/);
    expect(output.stderr).toBe('');
    // The first page alone is more than a pipe holds.
    expect(relay.requests).toBe(1);
  });

  it('lets no entry steer the terminal', async () => {
    const log = await site.newLog();
    const name = 'Mia\u001b[2J\u001b]0;owned\u0007\r\nroot\u202egnp.exe\u009b31m';
    await log.record([{ action: anAction, actor: { id: 'u1', name } }]);
    const table = await log.run('query', '--fields', 'actor.name');
    expect(table.stdout).toBe('actor.name\nMia\\u001b[2J\\u001b]0;owned\\u0007\\r\\nroot\\u202egnp.exe\\u009b31m\n');
    const json = await log.run('query', '--json', '--fields', 'actor.name');
    expect([...json.stdout.trimEnd()].filter((one) => /[\p{Cc}\u202e]/u.test(one))).toEqual([]);
    expect(objectsOf(json.stdout)).toEqual([{ actor: { name } }]);
  });

  const mistakes: readonly [words: string, code: number, says: RegExp][] = [
    ['--since yesterday', 2, /USAGE: --since must be a time, not "yesterday"\.\nState how long ago \(30s/],
    ['--since 2026-02-30', 2, /--since must be a time/],
    ['--since 1h --until 2h', 2, /--since must lie before --until/],
    ['--severity 11', 2, /--severity must be a number from 1 to 10/],
    ['--outcome good', 2, /--outcome must be one of SUCCESS, FAILURE, DENIED, UNKNOWN, not "good"/],
    ['--fields who', 2, /--fields knows no "who"\.\nUse some of: cursor, id, /],
    ['--first 0', 2, /--first must be a whole number from 1 to/],
    ['--first 3 --all', 2, /exclude each other/],
    ['--actor-type robot', 2, /--actor-type must be one of MEMBER, SYSTEM/],
    ['--metadata =x', 2, /--metadata must be KEY or KEY=VALUE/],
    ['--ip 10.0.0.0/99', 2, /BAD_INPUT: .*10\.0\.0\.0\/99/],
    ['--by day', 2, /--by must be one of recorded, occurred/],
    ['--text x', 2, /BAD_INPUT: .*too short/],
    ['--order up', 2, /--order must be one of newest, oldest/],
    ['--filter {', 2, /--filter is not JSON: [\s\S]*Quote it for the shell/],
    ['--filter []', 2, /--filter must be a JSON object/],
    ['--filter {"acton":{}}', 2, /BAD_INPUT: .*"acton"/],
    ['--action passwork.no_such', 2, /BAD_INPUT: .*passwork\.no_such/],
    ['--after nonsense', 2, /BAD_CURSOR: /],
    ['u1', 2, /query takes no operands/],
  ];
  it('reads through a saved view, by name or id, beside its other options', async () => {
    const log = await site.newLog();
    await log.record([
      ...plainEntries(3, { component: 'web', outcome: 'DENIED' }),
      ...plainEntries(3, { component: 'web' }, 3),
      ...plainEntries(3, { outcome: 'DENIED' }, 6),
    ]);
    const client = openClient({ url: site.server.url, token: log.tokens.owner });
    const save = async (input: object) => {
      const text = 'mutation ($input: SaveViewInput!) { saveView(input: $input) { id } }';
      const operation = builtOperation<{ saveView: { id: string } }, object>(text);
      return (await client.request(operation, { input })).saveView.id;
    };
    const order = { field: 'OCCURRED_AT', direction: 'ASC' };
    const columns = ['OUTCOME', 'ACTION', 'REQUEST'];
    const id = await save({ name: 'Refused ones', filter: { outcome: { in: ['DENIED'] } }, order, columns });
    for (const view of ['Refused ones', id, id.replace('view:', '')]) {
      const { stdout, stderr } = await log.run('query', '--view', view, '--component', 'web');
      const lines = stdout.trimEnd().split('\n');
      expect({ lines, stderr }).toEqual({
        lines: [
          'outcome  action.key            request',
          ...['0', '1', '2'].map((one) => `DENIED   ${anAction}  ${one}`),
        ],
        stderr: '',
      });
    }
    const newest = await log.run('query', '--view', id, '--order', 'newest', '--json', '--fields', 'request');
    expect(requests(newest.stdout)).toEqual(['8', '7', '6', '2', '1', '0']);
    expect((await log.run('query', '--view', id, '--count')).stdout).toBe('6\n');
    const tail = await log.run('tail', '--view', id, '--catch-up', '--last', '2', '--json', '--fields', 'request');
    expect(requests(tail.stdout)).toEqual(['7', '8']);

    for (const view of ['No such view', 'view:01890000-0000-7000-8000-000000000000']) {
      const { code, stderr } = await log.run('query', '--view', view);
      expect([code, stderr]).toEqual([2, expect.stringContaining('VIEW_NOT_FOUND')]);
    }
  });

  it('names every mistake with its cure', async () => {
    const log = await site.newLog();
    for (const [words, code, says] of mistakes) {
      const outcome = await log.run('query', ...words.split(' '));
      expect([words, outcome.code, outcome.stdout]).toEqual([words, code, '']);
      expect(outcome.stderr).toMatch(says);
      expect(outcome.stderr.split('\n')).toHaveLength(3);
    }
  }, 90_000);

  it('shows no more than its token sees', async () => {
    const log = await site.newLog();
    await log.record([
      { action: anAction, vault: { id: 'vault-it' }, request: 'mine' },
      { action: anAction, vault: { id: 'vault-hr' }, request: 'hidden' },
    ]);
    const member = await annals(['query', '--json'], log.env(log.tokens.member));
    expect(requests(member.stdout)).toEqual(['mine']);
    const writer = await annals(['query'], log.env(log.tokens.integration));
    expect(writer).toMatchObject({ code: 3, stdout: '' });
    expect(writer.stderr).toMatch(/^annals: FORBIDDEN: .*READ/);
  });
});

/** Passes requests on to a server and counts them. */
async function startRelay(to: string): Promise<AsyncDisposable & { readonly url: string; readonly requests: number }> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    const { method, headers } = request;
    const passed = forward(to, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
