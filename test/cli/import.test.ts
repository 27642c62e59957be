import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openClient } from '../../src/cli/client.ts';
import { type LogFilter, PageDocument } from '../generated/graphql.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import {
  annals,
  checkout,
  type Environment,
  launcher,
  type Server,
  startCommand,
  startProgram,
  startServer,
  untilPrinted,
} from '../support/program.ts';
import { readLog } from '../support/traffic.ts';
import { createOrganization, type Tokens } from '../support/world.ts';

const fixtures = join(checkout, 'test/sources/fixtures');
/** One event of Passwork as php-fpm sends it to syslog. */
const event = (code: string, fields: string) =>
  `Nov 18 08:03:40 vault-1 php-fpm: CEF:0|Passwork|Passwork|web|${code}|Something|2|suid=u1 suser=anna ${fields}`;

let database: TestDatabase;
let directory: string;
let serverEnv: Environment;
let server: Server;
beforeAll(async () => {
  database = await createDatabase();
  directory = await mkdtemp(join(tmpdir(), 'annals-import-'));
  serverEnv = { DATABASE_URL: database.url, MIGRATION_DATABASE_URL: database.ownerUrl };
  server = await startServer(serverEnv);
  // Restarts happen at the address that the import was told.
  serverEnv = { ...serverEnv, PORT: new URL(server.url).port };
});
afterAll(async () => {
  await server.kill('SIGTERM');
  await database[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

let organizations = 0;
/** Each test records into a log of its own. */
async function newLog(): Promise<{ tokens: Tokens; env: Environment }> {
  organizations += 1;
  const tokens = await createOrganization(serverEnv, `Import ${organizations}`);
  return { tokens, env: { ANNALS_URL: new URL(server.url).origin, ANNALS_TOKEN: tokens.integration } };
}

async function page(token: string, filter: LogFilter = {}) {
  const client = openClient({ url: server.url, token });
  const { logs } = await client.request(PageDocument, { first: 50, filter, order: { direction: 'ASC' } });
  return logs.edges.map(({ node }) => node);
}

const from = (...words: string[]) => ['import', '--from', ...words];

describe('annals import', () => {
  it('records Passwork’s log of RFC 3164 in the stated year and zone, once however often it runs', async () => {
    const { tokens, env } = await newLog();
    const words = from(
      'passwork',
      '--year',
      '2025',
      '--time-zone',
      'Europe/Berlin',
      join(fixtures, 'passwork-rfc3164.log'),
    );
    const first = await annals(words, env);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^11 recorded, 0 known from before, 0 refused; into Import \d+ at /);
    const second = await annals(words, env);
    expect(second.stdout).toMatch(/^0 recorded, 11 known from before, 0 refused/);

    const found = await page(tokens.owner, {
      actor: { in: ['6710a1f2c9e77b0012ab0001'] },
      action: { in: ['passwork.item_viewed'] },
      directory: { in: ['55f1'] },
      occurredAt: { gte: '2025-11-18T07:00:00Z', lt: '2025-11-18T08:00:00Z' },
    });
    expect(found).toHaveLength(1);
    // 08:03:40 of a winter’s day in Berlin.
    expect(found[0]).toMatchObject({
      occurredAt: '2025-11-18T07:03:40.000Z',
      vault: { id: '41c0', name: 'IT operations' },
    });
  });

  it('records RFC 5424 with its own zone, and rsyslog’s file with two identical lines as two entries', async () => {
    const { tokens, env } = await newLog();
    expect(await annals(from('passwork', join(fixtures, 'passwork-rfc5424.log')), env)).toMatchObject({ code: 0 });
    const exported = await page(tokens.owner, { action: { in: ['passwork.vault_exported'] } });
    expect(exported.map((entry) => entry.occurredAt)).toEqual(['2026-11-18T07:02:11.123Z']);

    const twice = await annals(from('passwork', join(fixtures, 'passwork-rsyslog.log')), env);
    expect(twice.stdout).toMatch(/^3 recorded/);
    expect(await page(tokens.owner, { action: { in: ['passwork.item_exported'] } })).toHaveLength(2);
  });

  it('says of each line that it refuses which and why, records the rest, and exits with a status of its own', async () => {
    const { env } = await newLog();
    const { code, stdout, stderr } = await annals(from('passwork', join(fixtures, 'passwork-hostile.log')), env);
    expect(code).toBe(2);
    const refused = [...stderr.matchAll(/^line (\d+): ([A-Z_]+): \S.*$/gm)].map(([, line]) => Number(line));
    expect(refused).toEqual([1, 2, 3, 4, 5, 6]);
    expect(stdout).toMatch(/^2 recorded, 0 known from before, 6 refused/);
  });

  it('reads standard input, and entries in our own form', async () => {
    const { tokens, env } = await newLog();
    const lines = ['{"action":"passwork.item_viewed","actor":{"id":"u1"}}', '{"action":"passwork.no_such"}', 'no json'];
    const { code, stdout, stderr } = await annals(from('ndjson', '-'), env, lines.join('\n'));
    expect(code).toBe(2);
    expect(stdout).toMatch(/^1 recorded, 0 known from before, 2 refused/);
    expect(stderr).toMatch(/^line 2: UNKNOWN_ACTION: /m);
    expect(stderr).toMatch(/^line 3: /m);
    expect(await page(tokens.owner)).toHaveLength(1);

    const piped = await annals(from('passwork', '-'), env, `${event('item_viewed', '')}\n`.repeat(2));
    expect(piped.stdout).toMatch(/^2 recorded/);
  });

  it('refuses a zone that is none, and a token that may not record', async () => {
    const { tokens, env } = await newLog();
    const zone = await annals(from('passwork', '--time-zone', 'Mars/Base', '-'), env);
    expect(zone.code).toBe(2);
    expect(zone.stderr).toMatch(/Mars\/Base/);
    const reader = await annals(from('ndjson', '-'), { ...env, ANNALS_TOKEN: tokens.member }, '{}');
    expect(reader).toMatchObject({ code: 3, stdout: '' });
    expect(reader.stderr).toMatch(/FORBIDDEN: The role MEMBER lacks the permission RECORD/);
    const stranger = await annals(from('ndjson', '-'), { ...env, ANNALS_TOKEN: 'annals_unknown' }, '{}');
    expect(stranger.code).toBe(3);
    expect(stranger.stderr).toMatch(/UNAUTHENTICATED/);
  });

  it('draws a progress bar on a terminal only', async () => {
    const { env } = await newLog();
    const file = join(directory, 'bar.log');
    await writeFile(file, Array.from({ length: 2000 }, (_, index) => event('item_viewed', `cn1=${index}`)).join('\n'));
    const command = [process.execPath, launcher, ...from('passwork', file)];
    // script(1) runs a program on a pseudo-terminal.
    const words =
      process.platform === 'darwin' ? ['-q', '/dev/null', ...command] : ['-qec', command.join(' '), '/dev/null'];
    const { output, ended } = startCommand('script', words, env);
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(output.stdout).toContain('\r\u001b[2K[');
    expect(output.stdout).toMatch(/\[#*\.*\] +\d+ % {2}[\d,]+ recorded/);
    expect(output.stdout).toContain('2,000 recorded, 0 known from before, 0 refused');

    const plain = await annals(from('passwork', file), env);
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    expect(plain.stdout).toMatch(/^0 recorded, 2,000 known from before, 0 refused; into .*\n$/);
  });

  it('waits for a server that is killed and starts again, and records each line once', async () => {
    const { tokens, env } = await newLog();
    const lines = Array.from({ length: 4000 }, (_, index) => `${event('item_viewed', `cn1=${index}`)}\n`);
    const program = startProgram(from('passwork', '-'), env);
    program.child.stdin.write(lines.slice(0, 2000).join(''));
    const recorded = async () => (await readLog(server.url, tokens.owner)).length;
    await expect.poll(recorded, { timeout: 30_000, interval: 20 }).toBeGreaterThanOrEqual(500);
    await server.kill('SIGKILL');
    program.child.stdin.write(lines.slice(2000).join(''));
    await untilPrinted(program, () => (program.output.stderr.includes('waiting: UNAVAILABLE: ') ? true : null));
    server = await startServer(serverEnv);
    program.child.stdin.end();
    expect(await program.ended).toEqual({ code: 0, signal: null });
    const [, created, repeated] = /^([\d,]+) recorded, ([\d,]+) known/.exec(program.output.stdout) ?? [];
    const count = (text = '') => Number(text.replace(',', ''));
    expect(count(created) + count(repeated)).toBe(4000);
    expect(await recorded()).toBe(4000);
  }, 60_000);
});
