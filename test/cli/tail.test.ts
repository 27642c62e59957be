import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtOperation, openClient } from '../../src/cli/client.ts';
import { anAction, asAdmin, plainEntries } from '../support/app.ts';
import { annals, type Program, startProgram, untilPrinted } from '../support/program.ts';
import { startWriters } from '../support/traffic.ts';
import { objectsOf, type TestLog, useTestServer } from './support.ts';

const site = useTestServer();
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'annals-tail-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** Whole lines that a program has printed. */
const linesOf = (program: Program) => program.output.stdout.split('\n').slice(0, -1);
const requests = (program: Program) => objectsOf(`${linesOf(program).join('\n')}\n`).map((entry) => entry.request);
const untilLines = (program: Program, count: number) =>
  untilPrinted(program, () => (linesOf(program).length >= count ? true : null));
const untilSaid = (program: Program, words: RegExp) =>
  untilPrinted(program, () => (words.test(program.output.stderr) ? true : null));

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => String(from + index));
const asJson = ['--json', '--fields', 'request'];

const startTail = (log: TestLog, ...words: string[]) => startProgram(['tail', ...words], log.env(log.tokens.owner));

/** Ends it as Ctrl-C does. */
async function interrupt(program: Program): Promise<void> {
  program.child.kill('SIGINT');
  expect(await program.ended).toEqual({ code: 0, signal: null });
}

const mutate = (token: string, text: string) =>
  openClient({ url: site.server.url, token }).request(builtOperation<unknown, object>(`mutation { ${text} }`), {});

describe('annals tail', () => {
  it('begins with the newest entries, shows what is recorded as a table, and ends cleanly with Ctrl-C', async () => {
    const log = await site.newLog();
    await log.record(plainEntries(15));
    const tail = startTail(log, '--fields', 'request,action.key');
    await untilLines(tail, 11);
    await log.record(plainEntries(2, {}, 15));
    await untilLines(tail, 13);
    await interrupt(tail);
    expect(linesOf(tail)).toEqual(['request  action.key', ...range(5, 17).map((id) => `${id.padEnd(7)}  ${anAction}`)]);
    expect(tail.output.stderr).toBe('');
  });

  it('begins where its options say', async () => {
    const log = await site.newLog();
    await log.record(plainEntries(1100));
    const caughtUp = async (...words: string[]) => {
      const { code, stdout, stderr } = await log.run('tail', '--catch-up', ...asJson, ...words);
      expect({ words, code, stderr }).toEqual({ words, code: 0, stderr: '' });
      return objectsOf(stdout).map((entry) => entry.request);
    };
    const oldest = log.run('query', '--order', 'oldest', '--first', '600', '--json', '--fields', 'cursor');
    const afterOldest = async () => caughtUp('--after', String(objectsOf((await oldest).stdout).at(-1)?.cursor));
    const all = [
      caughtUp(),
      caughtUp('--last', '0'),
      caughtUp('--since', '1h'),
      caughtUp('--since', '1h', '--actor', 'nobody'),
      afterOldest(),
    ];
    expect(await Promise.all(all)).toEqual([range(1090, 1100), [], range(0, 1100), [], range(600, 1100)]);
  });

  it('goes on without gap or repeat while the server is killed and started again', async () => {
    const log = await site.newLog();
    await log.record(plainEntries(1));
    const tail = startTail(log, ...asJson);
    await untilLines(tail, 1);
    await using writers = startWriters(() => site.server.url, log.tokens.integration, {
      callers: 2,
      entry: (caller, index) => ({ action: anAction, request: `${caller}-${index}` }),
    });
    for (const [signal, words] of [
      ['SIGKILL', /waiting: UNAVAILABLE: There is no WebSocket to http/],
      ['SIGTERM', /waiting: SERVER_STOPPING: /],
    ] as const) {
      await untilLines(tail, linesOf(tail).length + 50);
      tail.output.stderr = '';
      await site.server.kill(signal);
      await untilSaid(tail, words);
      await site.restart();
      await untilSaid(tail, /connected again/);
      await untilLines(tail, linesOf(tail).length + 50);
    }
    await writers.stop();
    const count = Number((await log.run('query', '--count')).stdout.replace('+', ''));
    await untilLines(tail, count);
    await interrupt(tail);
    const all = await log.run('query', '--all', '--order', 'oldest', ...asJson);
    expect(requests(tail)).toEqual(objectsOf(all.stdout).map((entry) => entry.request));
    expect(count).toBeGreaterThanOrEqual(writers.acknowledged.size);
  }, 120_000);

  it('remembers in a file how far it went, and the next run goes on from there', async () => {
    const log = await site.newLog();
    const state = join(directory, 'run.json');
    await log.record(plainEntries(20));
    const words = ['tail', '--state', state, '--catch-up', ...asJson];
    const run = async () => objectsOf((await log.run(...words)).stdout).map((entry) => entry.request);
    expect(await run()).toEqual(range(10, 20));
    expect(await run()).toEqual([]);
    await log.record(plainEntries(700, {}, 20));
    expect(await run()).toEqual(range(20, 720));

    // Killed at any moment: nothing is lost, and at most what it had just printed is printed again.
    await log.record(plainEntries(100, {}, 720));
    const killed = startTail(log, '--state', state, ...asJson);
    await untilLines(killed, 1);
    killed.child.kill('SIGKILL');
    await killed.ended;
    const seen = [...requests(killed), ...(await run())];
    expect([...new Set(seen)]).toEqual(range(720, 820));
    expect(await run()).toEqual([]);
  });

  it('tells that rights changed, and ends with status 3 when nothing is left to see', async () => {
    const log = await site.newLog();
    const member = startProgram(['tail', ...asJson], log.env(log.tokens.member));
    const record = (request: string, vault: string) =>
      log.record([{ action: anAction, request, vault: { id: vault } }]);
    await record('seen', 'vault-it');
    await untilLines(member, 1);
    await record('hidden', 'vault-hr');
    // The stream has passed what is hidden once it shows what came after it.
    await record('seen too', 'vault-it');
    await untilLines(member, 2);
    await mutate(
      log.tokens.owner,
      'setGrants(grants: [{ directoryId: "vault-hr", memberId: "mara", level: ADMINISTRATOR }]) { changed }',
    );
    await untilSaid(member, /^notice: RIGHTS_CHANGED: /m);
    await record('seen now', 'vault-hr');
    await untilLines(member, 3);
    await mutate(log.tokens.owner, 'upsertMembers(members: [{ id: "mara", role: "INTEGRATION" }]) { changed }');
    expect(await member.ended).toEqual({ code: 3, signal: null });
    expect(member.output.stderr).toMatch(/\nannals: VISIBILITY_LOST: .*\nAsk an administrator for access/);
    expect(requests(member)).toEqual(['seen', 'seen too', 'seen now']);
  });

  it('ends with status 3 when its token is ended', async () => {
    const log = await site.newLog();
    const made = await log.run('token', 'create', 'watcher', '--role', 'AUDITOR', '--json');
    const [{ id, secret } = {}] = objectsOf(made.stdout);
    const watcher = startProgram(['tail', ...asJson], log.env(String(secret)));
    await log.record(plainEntries(1));
    await untilLines(watcher, 1);
    await log.run('token', 'revoke', String(id));
    expect(await watcher.ended).toEqual({ code: 3, signal: null });
    expect(watcher.output.stderr).toMatch(/^annals: UNAUTHENTICATED: .*\nSend /m);
  });

  it('notices a server that went silent, and goes on when it is back', async () => {
    const log = await site.newLog();
    await log.record(plainEntries(1));
    const tail = startTail(log, ...asJson);
    await untilLines(tail, 1);
    process.kill(site.server.pid, 'SIGSTOP');
    try {
      await untilSaid(tail, /waiting: UNAVAILABLE: /);
    } finally {
      process.kill(site.server.pid, 'SIGCONT');
    }
    await log.record(plainEntries(1, {}, 1));
    await untilLines(tail, 2);
    await interrupt(tail);
    expect(requests(tail)).toEqual(['0', '1']);
  }, 120_000);

  it('waits where it cannot search yet, and goes on from where it was', async () => {
    const log = await site.newLog();
    const found = (request: string) => log.record([{ action: anAction, request, device: 'laptop' }]);
    await found('before');
    const words = ['--text', 'lapt'];
    const before = await log.run('query', ...words, '--json', '--fields', 'cursor');
    const [{ cursor } = {}] = objectsOf(before.stdout);
    const asOwner = (statement: string) =>
      asAdmin({ adminUrl: site.databaseEnv.MIGRATION_DATABASE_URL ?? '' }, statement);
    // As entries of a server that knew no searching, which nothing prepares until the function is back.
    await asOwner(`do $$ begin
      update log_entry set search = null where organization_id = (select max(organization_id) from log_entry);
      alter function fill_search_texts rename to fill_search_texts_later;
    end $$`);
    const tail = startTail(log, '--after', String(cursor), ...words, ...asJson);
    await untilSaid(tail, /^waiting: TEXT_NOT_READY: /m);
    await asOwner('alter function fill_search_texts_later rename to fill_search_texts');
    await found('after');
    await untilLines(tail, 1);
    expect(tail.output.stderr).toMatch(/\nconnected again\n$/);
    await interrupt(tail);
    expect(requests(tail)).toEqual(['after']);
  }, 60_000);

  it('names every mistake', async () => {
    const log = await site.newLog();
    await writeFile(join(directory, 'other.json'), '{"cursor":3}');
    const state = join(directory, 'filtered.json');
    expect(await log.run('tail', '--state', state, '--catch-up', '--actor', 'u1')).toMatchObject({ code: 0 });
    const mistakes: readonly [words: string[], code: number, says: RegExp][] = [
      [['--last', '501'], 2, /--last must be a whole number from 0 to 500/],
      [['--last', '1', '--since', '1h'], 2, /--since and --last exclude each other/],
      [['--fields', 'id,cursor'], 2, /no cursor of its own/],
      [['--until', '1h'], 2, /--until/],
      [['--after', 'nonsense'], 2, /BAD_CURSOR: /],
      [['--state', join(directory, 'other.json')], 2, /is no state of annals tail/],
      [['--state', state, '--actor', 'u2'], 2, /belongs to another filter: \{"actor":\{"in":\["u1"\]\}\}/],
      [['--state', '/nowhere/at/all.json'], 2, /The state cannot be written: ENOENT/],
      [['x'], 2, /tail takes no operands/],
    ];
    const away = { ANNALS_URL: 'http://127.0.0.1:9', ANNALS_TOKEN: 'x' };
    const unreachable = annals(['tail'], away);
    const unknown = annals(['tail'], log.env('annals_unknown'));
    const outcomes = await Promise.all(mistakes.map(([words]) => log.run('tail', ...words)));
    for (const [index, [words, code, says]] of mistakes.entries()) {
      const outcome = outcomes[index];
      expect([words, outcome?.code, outcome?.stdout]).toEqual([words, code, '']);
      expect(outcome?.stderr).toMatch(says);
    }
    expect((await unreachable).code).toBe(4);
    expect((await unknown).code).toBe(3);
  });
});
