import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openClient } from '../../src/cli/client.ts';
import { type LogFilter, PageDocument } from '../generated/graphql.ts';
import { annals, type Environment, type Program, startCommand } from '../support/program.ts';
import { type Site, startSite } from '../support/site.ts';
import { headCursor, readLog, startWatcher } from '../support/traffic.ts';
import { vaults } from '../support/world.ts';

/** Both files that rsyslog writes: as it does by default on many systems, and as its documentation recommends. */
const formats = { traditional: 'RSYSLOG_TraditionalFileFormat', rfc5424: 'RSYSLOG_SyslogProtocol23Format' } as const;
type Format = keyof typeof formats;

const cef = (component: string, code: string, name: string, priority: number, fields: string) =>
  `CEF:0|Passwork|Passwork|${component}|${code}|${name}|${priority}|${fields}`;
const anna = 'suid=u-anna suser=anna.berg@nordwind.example passworkIp=198.51.100.23';
const [first, second] = vaults;
const it1 = `passworkVaultId=${first} passworkVaultName="IT – Zürich"`;
const hr = `passworkVaultId=${second} passworkVaultName="HR"`;

/** What Passwork’s php-fpm sends. */
const messages = [
  cef('web', 'session_started', 'New session', 1, anna),
  cef(
    'web',
    'item_viewed',
    'Password viewed',
    2,
    `${anna} passworkItemId=i1 passworkItemName="Mail \\"root\\" a=b" ${it1}`,
  ),
  cef('browser addon', 'item_viewed', 'Password viewed', 2, `${anna} passworkItemId=i2 passworkItemName="Pay" ${hr}`),
  cef('internal', 'user_updated_via_ldap', 'User profile details changed', 1, 'duid=u-petra duser=petra.lang'),
  cef('api', 'item_exported', 'Password exported', 9, `suid=u-jonas suser=jonas passworkItemId=i1 ${it1}`),
];

let directory: string;
let rsyslog: Program;
const fileOf = (format: Format) => join(directory, `${format}.log`);
const patient = { timeout: 30_000 };

async function startRsyslog(): Promise<Program> {
  const actions = Object.entries(formats).map(
    ([name, template]) => `action(type="omfile" file="${directory}/${name}.log" template="${template}")`,
  );
  const configuration = [
    `global(workDirectory="${directory}")`,
    'module(load="imuxsock" SysSock.Use="off")',
    `input(type="imuxsock" Socket="${directory}/log")`,
    ...actions,
  ];
  await writeFile(join(directory, 'rsyslog.conf'), `${configuration.join('\n')}\n`);
  const words = ['-n', '-f', join(directory, 'rsyslog.conf'), '-i', join(directory, 'rsyslog.pid')];
  return startCommand('rsyslogd', words, {});
}

/** Sends one message as php-fpm does; false while nobody listens. */
async function send(message: string): Promise<boolean> {
  const words = ['--socket', join(directory, 'log'), '--socket-errors=on', '--tag', 'php-fpm', '--', message];
  return (await startCommand('logger', words, {}).ended).code === 0;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'annals-rsyslog-'));
  rsyslog = await startRsyslog();
  for (const message of messages) await vi.waitFor(async () => expect(await send(message)).toBe(true), patient);
  for (const format of ['traditional', 'rfc5424'] as const) {
    const lines = async () => (await readFile(fileOf(format), 'utf8').catch(() => '')).split('\n').length - 1;
    await vi.waitFor(async () => expect(await lines()).toBe(messages.length), patient);
  }
});
afterAll(async () => {
  rsyslog.child.kill('SIGTERM');
  await rsyslog.ended;
  await rm(directory, { recursive: true });
});

describe.each(['traditional', 'rfc5424'] as const)('Passwork’s log in rsyslog’s %s file', (format) => {
  let site: Site;
  let env: Environment;
  beforeAll(async () => {
    site = await startSite();
    env = { ANNALS_URL: site.server.url, ANNALS_TOKEN: site.tokens.integration };
  });
  afterAll(() => site[Symbol.asyncDispose]());

  async function find(filter: LogFilter) {
    const client = openClient({ url: site.server.url, token: site.tokens.owner });
    const { logs } = await client.request(PageDocument, { first: 50, filter, order: { direction: 'ASC' } });
    return logs.edges.map(({ node }) => node);
  }
  const keys = async (filter: LogFilter) => (await find(filter)).map((entry) => entry.action.key);

  it('is imported, found by user, action, date and vault, and watched by a member who sees one vault', async () => {
    const { server, tokens } = site;
    await using watcher = startWatcher(() => server.url, tokens.member, await headCursor(server.url, tokens.member));
    const imported = await annals(['import', '--from', 'passwork', fileOf(format)], env);
    expect(imported).toMatchObject({ code: 0, stderr: '' });
    expect(imported.stdout).toMatch(/^5 recorded, 0 known from before, 0 refused/);

    const [started, viewed, updated, exported] = [
      'passwork.session_started',
      'passwork.item_viewed',
      'passwork.user_updated_via_ldap',
      'passwork.item_exported',
    ];
    expect(await keys({ actor: { in: ['u-anna'] } })).toEqual([started, viewed, viewed]);
    expect(await keys({ action: { in: [updated] } })).toEqual([updated]);
    const now = Date.now();
    const around = { gte: new Date(now - 3_600_000).toISOString(), lt: new Date(now + 60_000).toISOString() };
    expect(await keys({ occurredAt: around })).toHaveLength(messages.length);
    expect(await keys({ occurredAt: { lt: around.gte } })).toEqual([]);
    expect(await keys({ directory: { in: [first] } })).toEqual([viewed, exported]);
    const all = { actor: { in: ['u-anna'] }, action: { in: [viewed] }, directory: { in: [second] } };
    expect(await keys({ ...all, occurredAt: around })).toEqual([viewed]);

    const visible = (await readLog(server.url, tokens.member)).map(({ id }) => id);
    expect(visible).toHaveLength(2);
    await expect.poll(() => watcher.seen, patient).toEqual(visible);
  });

  it('keeps what the messages said, and adds nothing the second time', async () => {
    const [entry] = await find({ directory: { in: [first] }, action: { in: ['passwork.item_viewed'] } });
    expect(entry).toMatchObject({
      actor: { id: 'u-anna', email: 'anna.berg@nordwind.example' },
      ip: '198.51.100.23',
      component: 'web',
      targets: [{ type: 'item', id: 'i1', name: 'Mail "root" a=b' }],
      vault: { id: first, name: 'IT – Zürich' },
    });
    const again = await annals(['import', '--from', 'passwork', fileOf(format)], env);
    expect(again.stdout).toMatch(/^0 recorded, 5 known from before, 0 refused/);
  });
});
