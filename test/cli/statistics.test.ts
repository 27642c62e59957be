/** `annals statistics`: what `logStatistics` answers, on the command line. */
import { describe, expect, it } from 'vitest';
import { builtOperation, openClient } from '../../src/cli/client.ts';
import { plain } from '../../src/cli/output.ts';
import { statisticsTable } from '../../src/cli/statisticsTable.ts';
import { annals } from '../support/program.ts';
import { objectsOf, useTestServer } from './support.ts';

const site = useTestServer();

const opened = 'passwork.item_viewed';
const entries = [
  { action: opened, occurredAt: '2026-03-28T10:00:00Z', actor: { id: 'tom', name: 'Tom \u001b[2J' } },
  { action: opened, occurredAt: '2026-03-29T22:30:00Z', actor: { id: 'tom', name: 'Tom \u001b[2J' } },
  { action: opened, occurredAt: '2026-03-29T22:45:00Z', actor: { id: 'mia', name: 'Mia' } },
  { action: opened, occurredAt: '2026-03-31T09:00:00Z', actor: { id: 'mia', name: 'Mia' } },
  { action: 'enpass.app_login_failed', occurredAt: '2026-03-31T10:00:00Z' },
  { action: 'passwork.folder_created', occurredAt: '2026-04-01T00:00:00Z', actor: { id: 'mia', name: 'Mia' } },
];

const march = ['--occurred-since', '2026-03-28T00:00:00+01:00', '--occurred-until', '2026-04-01T00:00:00+02:00'];
const inBerlin = ['--zone', 'Europe/Berlin'];

async function newLog() {
  const log = await site.newLog();
  await log.record(entries.map((entry) => ({ ...entry, vault: { id: 'vault-it' } })));
  return log;
}

describe('annals statistics', () => {
  it('counts over time in the days of a zone, with a line for days without entries', async () => {
    const log = await newLog();
    const days = await log.run('statistics', '--interval', 'Day', ...march, ...inBerlin);
    expect(days).toMatchObject({ code: 0, stderr: '' });
    expect(days.stdout).toBe(
      'day (Europe/Berlin)  count\n' +
        '2026-03-28           1\n' +
        '2026-03-29           0\n' +
        '2026-03-30           2\n' +
        '2026-03-31           2\n' +
        'total                5\n',
    );
    const months = await log.run('statistics', '--interval', 'month', '--zone', 'UTC', '--actors');
    expect(months.stdout.split('\n').slice(0, 2)).toEqual(['month (UTC)  count  actors', '2026-03      5      2']);
    expect(months.stdout).toContain('\n2026-04      1      1\n');
  });

  it('has a column for each group, and one for the rest', async () => {
    const log = await newLog();
    const asked = ['--interval', 'day', ...march, ...inBerlin, '--by', 'catalogue', '--by', 'actor', '--top', '2'];
    const { stdout } = await log.run('statistics', ...asked);
    expect(stdout.split('\n')).toEqual([
      'day (Europe/Berlin)  count  passwork / mia  passwork / tom  1 other',
      '2026-03-28           1      0               1               0',
      '2026-03-29           0      0               0               0',
      '2026-03-30           2      1               1               0',
      '2026-03-31           2      1               0               1',
      'total                5      2               2               1',
      '',
    ]);
  });

  it('lists groups with their names, the largest first, and the rest as one', async () => {
    const log = await newLog();
    const actors = await log.run('statistics', '--by', 'actor');
    expect(actors.stdout).toBe(
      'count  lastSeen                  actor    actor.name\n' +
        '3      2026-04-01T00:00:00.000Z  mia      Mia\n' +
        '2      2026-03-29T22:30:00.000Z  tom      Tom \\u001b[2J\n' +
        '1      2026-03-31T10:00:00.000Z  ∅\n' +
        '6      2026-04-01T00:00:00.000Z  (total)\n',
    );
    const top = await log.run('statistics', '--by', 'action', '--by', 'outcome', '--top', '1');
    expect(top.stdout.split('\n').map((line) => line.split(/ {2,}/).slice(2))).toEqual([
      ['action', 'action.name', 'outcome'],
      [opened, 'Password opened', 'SUCCESS'],
      ['(2 others)'],
      ['(total)'],
      [],
    ]);
  });

  it('says how many there are where nothing else is asked, by the filter and the saved view', async () => {
    const log = await newLog();
    const saveView = builtOperation<unknown, { input: object }>(
      'mutation ($input: SaveViewInput!) { saveView(input: $input) { id } }',
    );
    const input = { name: 'Mia', filter: { actor: { in: ['mia'] } }, columns: ['ACTION'] };
    await openClient({ url: site.server.url, token: log.tokens.owner }).request(saveView, { input });
    const { stdout } = await log.run('statistics', '--view', 'Mia', '--action', opened, '--actors');
    expect(stdout).toBe(
      'count  actors  firstSeen                 lastSeen\n' +
        '2      1       2026-03-29T22:45:00.000Z  2026-03-31T09:00:00.000Z\n',
    );
    const none = await log.run('statistics', '--interval', 'day', '--actor', 'nobody', '--since', '2d');
    expect(none).toMatchObject({ code: 0, stdout: '', stderr: 'No entries match.\n' });
  });

  it('gives programs all that the API answers, as one object', async () => {
    const log = await newLog();
    const asked = ['--interval', 'week', '--zone', '+05:30', '--by', 'category', '--top', '1', '--json'];
    const { stdout } = await log.run('statistics', ...asked, '--since', '1h');
    const [found, ...more] = objectsOf(stdout);
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      ...{ total: 6, time: 'RECORDED_AT', timeZone: '+05:30' },
      groups: [{ keys: [{ dimension: 'CATEGORY', name: expect.any(String) }], count: expect.any(Number) }],
      rest: { groups: expect.any(Number) },
    });
    expect(found).not.toHaveProperty('distinctActors');
    const actors = await log.run('statistics', '--time', 'occurred', '--since', '1h', '--actors', '--json');
    expect(objectsOf(actors.stdout)).toMatchObject([
      { total: 6, time: 'OCCURRED_AT', distinctActors: 2, buckets: [], groups: [], rest: null },
    ]);
  });

  it('draws bars where there are colours', async () => {
    const log = await newLog();
    const coloured = await log.run('statistics', '--by', 'catalogue', '--color', 'always');
    const bars = coloured.stdout.split('\n').map((line) => line.match(/[▉-▏█]+/)?.[0] ?? null);
    expect(bars).toEqual([null, '█'.repeat(24), '████▊', null, null]);
  });

  const mistakes: readonly (readonly [words: string, code: number, says: RegExp])[] = [
    ['passwork', 2, /statistics takes no operands/],
    ['--interval year', 2, /--interval must be one of hour, day, week, month/],
    ['--by shoes', 2, /--by must be one of category, action, group/],
    ['--by ip --by IP', 2, /--by takes up to 2 dimensions, each once/],
    ['--by ip --by actor --by action', 2, /--by takes up to 2 dimensions, each once/],
    ['--by ip --top 501', 2, /--top must be a whole number from 0 to 500/],
    ['--top 5', 2, /--top needs --by/],
    ['--zone UTC', 2, /--zone needs --interval/],
    ['--interval day --zone Moon', 2, /BAD_INPUT: .*timeZone/],
    ['--interval hour --occurred-since 1990-01-01', 2, /QUERY_TOO_LARGE/],
    ['--time now', 2, /--time must be one of recorded, occurred/],
    ['--view Nothing', 2, /VIEW_NOT_FOUND/],
    ['--since 1h --until 2h', 2, /--since must lie before --until/],
  ];
  it('names every mistake with its cure', async () => {
    const log = await site.newLog();
    for (const [words, code, says] of mistakes) {
      const outcome = await log.run('statistics', ...words.split(' '));
      expect([words, outcome.code, outcome.stdout]).toEqual([words, code, '']);
      expect(outcome.stderr).toMatch(says);
      expect(outcome.stderr.split('\n')).toHaveLength(3);
    }
  }, 90_000);

  it('counts no more than its token sees', async () => {
    const log = await newLog();
    await log.record([{ action: opened, vault: { id: 'vault-hr' }, actor: { id: 'tom' } }]);
    const seen = await annals(['statistics', '--json'], log.env(log.tokens.member));
    expect(objectsOf(seen.stdout)).toMatchObject([{ total: 6 }]);
    const writer = await annals(['statistics'], log.env(log.tokens.integration));
    expect(writer).toMatchObject({ code: 3, stdout: '' });
    expect(writer.stderr).toMatch(/^annals: FORBIDDEN: /);
  });

  it('explains itself', async () => {
    const { code, stdout } = await annals(['statistics', '--help'], {});
    expect(code).toBe(0);
    for (const word of [
      'Usage: annals statistics ',
      '--interval LENGTH',
      '--by DIMENSION …',
      '--view NAME',
      '--severity',
    ])
      expect(stdout).toContain(word);
  });
});

describe('a table of statistics', () => {
  it('tells apart the hour that the clocks repeat', () => {
    const hours = ['2026-10-25T00:00:00.000Z', '2026-10-25T01:00:00.000Z', '2026-10-25T02:00:00.000Z'];
    const buckets = hours.map((start, index) => ({ start, end: hours[index + 1] ?? start, count: index }));
    const tally = { firstSeen: null, lastSeen: null, groups: [], rest: null, time: 'OCCURRED_AT', buckets };
    const linesIn = (timeZone: string) =>
      statisticsTable({ total: 3, timeZone, ...tally }, { interval: 'hour', dimensions: [], actors: false }, plain)
        .split('\n')
        .slice(1, 4)
        .map((line) => line.split(/ +/)[0]);
    expect(linesIn('Europe/Berlin')).toEqual([
      '2026-10-25T02:00+02:00',
      '2026-10-25T02:00+01:00',
      '2026-10-25T03:00+01:00',
    ]);
    expect(linesIn('America/St_Johns')[0]).toBe('2026-10-24T21:30-02:30');
    expect(linesIn('Mars/Olympus')).toEqual(hours);
  });
});
