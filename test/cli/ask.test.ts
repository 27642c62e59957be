/** `annals ask`: the questions that have a field of their own, on the command line. */
import { describe, expect, it } from 'vitest';
import { annals } from '../support/program.ts';
import { objectsOf, useTestServer } from './support.ts';

const site = useTestServer();

const item = (id: string, name: string) => [{ type: 'item', id, name }];
const entries = [
  {
    request: 'a',
    action: 'passwork.item_viewed',
    targets: item('p1', 'root'),
    device: 'old',
    occurredAt: '2026-01-05T10:00:00Z',
  },
  {
    request: 'b',
    action: 'passwork.item_viewed',
    targets: item('p1', 'root'),
    device: 'old',
    occurredAt: '2026-02-05T10:00:00Z',
  },
  {
    request: 'c',
    action: 'passwork.item_exported',
    targets: item('p2', 'mail \u001b[2J'),
    device: 'new',
    occurredAt: '2026-02-06T10:00:00Z',
  },
  { request: 'd', action: 'passwork.folder_created', device: 'new', occurredAt: '2026-02-07T10:00:00Z' },
].map((entry) => ({ actor: { id: 'tom', name: 'Tom' }, vault: { id: 'vault-it' }, ip: '192.0.2.1', ...entry }));
const admin = {
  request: 'e',
  action: 'passwork.user_role_changed',
  actor: { id: 'ann', name: 'Ann' },
  affectedUser: { id: 'tom', name: 'Tom' },
  occurredAt: '2026-02-08T10:00:00Z',
};

async function newLog() {
  const log = await site.newLog();
  await log.record([...entries, admin]);
  return log;
}

const requests = (stdout: string) => objectsOf(stdout).map((entry) => entry.request);

describe('annals ask', () => {
  it('opened lists each secret once, as a table and for programs', async () => {
    const log = await newLog();
    const table = await log.run('ask', 'opened', 'tom', '--since', '2026-01-01T00:00:00Z');
    expect(table).toMatchObject({ code: 0, stderr: '' });
    expect(table.stdout).toBe(
      'lastSeen                  firstSeen                 count  type  id  name\n' +
        '2026-02-06T10:00:00.000Z  2026-02-06T10:00:00.000Z  1      item  p2  mail \\u001b[2J\n' +
        '2026-02-05T10:00:00.000Z  2026-01-05T10:00:00.000Z  2      item  p1  root\n',
    );
    const json = await log.run('ask', 'opened', 'tom', '--since', '2026-02-01T00:00:00Z', '-n', '1', '--json');
    expect(json.stderr).toBe('These are 1 of 2.\n');
    expect(objectsOf(json.stdout)).toEqual([
      {
        ...{ type: 'item', id: 'p2', name: 'mail \u001b[2J', count: 1 },
        firstSeen: '2026-02-06T10:00:00.000Z',
        lastSeen: '2026-02-06T10:00:00.000Z',
      },
    ]);
    const none = await log.run('ask', 'opened', 'nobody', '--since', '1h');
    expect(none).toMatchObject({ code: 0, stdout: '', stderr: 'Nothing was opened.\n' });
  });

  it('history and account print entries as query does', async () => {
    const log = await newLog();
    const oldest = ['--order', 'oldest', '--json'];
    const asked: readonly (readonly [words: readonly string[], found: readonly string[]])[] = [
      [
        ['history', '--item', 'p1'],
        ['a', 'b'],
      ],
      [['history', '--place', 'vault-it', '--action', 'passwork.folder_created'], ['d']],
      [
        ['history', '--member', 'tom'],
        ['a', 'b', 'c', 'd', 'e'],
      ],
      [
        ['history', '--member', 'tom', '--first', '2', '--by', 'occurred'],
        ['a', 'b'],
      ],
      [['account', 'tom'], ['e']],
      [['account'], []],
    ];
    for (const [words, found] of asked) {
      const { code, stdout } = await log.run('ask', ...words, ...oldest);
      expect([words, code, requests(stdout)]).toEqual([words, 0, found]);
    }
    expect((await log.run('ask', 'history', '--member', 'tom', '--count')).stdout).toBe('5\n');
    const table = await log.run('ask', 'account', 'tom', '--fields', 'action.key,actor');
    expect(table.stdout).toBe('action.key                  actor\npasswork.user_role_changed  Ann\n');
  });

  it('new says what nobody saw before, for each kind', async () => {
    const log = await newLog();
    const { code, stdout, stderr } = await log.run('ask', 'new', 'tom', '--since', '2026-02-01T00:00:00Z');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/).slice(2).join(' '))).toEqual([
      'count field value',
      '2 device new',
      '1 action passwork.folder_created',
      '1 action passwork.item_exported',
      '',
    ]);
    const one = await log.run('ask', 'new', 'tom', '--since', '2026-02-01T00:00:00Z', '--what', 'Device', '--json');
    expect(objectsOf(one.stdout)).toMatchObject([
      { field: 'device', value: 'new', count: 2, entry: expect.stringMatching(/^entry:/) },
    ]);
    const none = await log.run('ask', 'new', 'tom', '--since', '2026-02-01T00:00:00Z', '--what', 'ip');
    expect(none).toMatchObject({ stdout: '', stderr: 'Nothing is new.\n' });
  });

  it('stopped says what used to happen', async () => {
    const log = await newLog();
    const windows = ['--since', '2026-01-01T00:00:00Z', '--quiet-since', '2026-02-06T00:00:00Z'];
    const { stdout } = await log.run('ask', 'stopped', ...windows, '--actor', 'tom', '--at-least', '2');
    expect(stdout).toMatch(
      /^lastSeen +firstSeen +count {2}action +name\n2026-02-05\S+ {2}2026-01-05\S+ {2}2 +passwork\.item_viewed {2}Password opened\n$/,
    );
    const none = await log.run('ask', 'stopped', ...windows, '--actor', 'ann');
    expect(none).toMatchObject({ code: 0, stdout: '', stderr: 'Nothing has stopped.\n' });
  });

  const mistakes: readonly (readonly [words: string, code: number, says: RegExp])[] = [
    ['opened --since 1h', 2, /ask opened takes one PERSON/],
    ['opened tom', 2, /--since is missing/],
    ['opened tom --since yesterday', 2, /--since must be a time/],
    ['opened tom --since 1h --first 501', 2, /--first must be a whole number from 1 to 500/],
    ['opened tom --since 1h --until 2h', 2, /BAD_INPUT: until/],
    ['history', 2, /ask history takes one of --item ID/],
    ['history --item a --member b', 2, /ask history takes one of --item ID/],
    ['account a b', 2, /ask account takes one MEMBER at most/],
    ['new tom --since 1h --what shoes', 2, /--what must be one of device, ip, action/],
    ['stopped --since 2h', 2, /--quiet-since is missing/],
    ['stopped --since 1h --quiet-since 2h', 2, /BAD_INPUT: quietSince/],
    ['stopped --since 2h --quiet-since 1h --at-least 0', 2, /--at-least must be a whole number from 1/],
    ['nothing', 2, /There is no command "ask nothing"/],
  ];
  it('names every mistake with its cure', async () => {
    const log = await site.newLog();
    for (const [words, code, says] of mistakes) {
      const outcome = await log.run('ask', ...words.split(' '));
      expect([words, outcome.code, outcome.stdout]).toEqual([words, code, '']);
      expect(outcome.stderr).toMatch(says);
      expect(outcome.stderr.split('\n')).toHaveLength(3);
    }
  }, 90_000);

  it('shows no more than its token sees', async () => {
    const log = await newLog();
    const member = log.env(log.tokens.member);
    const seen = await annals(['ask', 'history', '--member', 'tom', '--json'], member);
    expect(requests(seen.stdout)).toEqual(['d', 'c', 'b', 'a']);
    const writer = await annals(['ask', 'opened', 'tom', '--since', '1h'], log.env(log.tokens.integration));
    expect(writer).toMatchObject({ code: 3, stdout: '' });
    expect(writer.stderr).toMatch(/^annals: FORBIDDEN: /);
  });

  it('explains itself', async () => {
    const help = await annals(['ask', '--help'], {});
    for (const name of ['opened', 'history', 'account', 'new', 'stopped']) {
      expect(help.stdout).toContain(`Usage: annals ask ${name} `);
    }
  });
});
