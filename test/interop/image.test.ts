/**
 * The steps of the Dockerfile, in a clean directory instead of an image, and the services of docker-compose.yml, with Debian’s
 * PostgreSQL instead of the image’s. The images themselves are not built here: that takes a Docker daemon.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openClient } from '../../src/cli/client.ts';
import { settings } from '../../src/config.ts';
import { chooseAccount, identity } from '../../src/store/embedded/account.ts';
import { RecordDocument, WhoAmIDocument } from '../generated/graphql.ts';
import { freePort } from '../support/port.ts';
import { checkout, type Environment, type Program, startCommand, untilPrinted } from '../support/program.ts';

interface Step {
  readonly name: string;
  readonly text: string;
}

/** The instructions, continued lines joined and comments dropped. */
const steps = async (): Promise<readonly Step[]> =>
  (await readFile(join(checkout, 'Dockerfile'), 'utf8'))
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', text = ''] = /^\s*(\w+)\s+(.*)$/.exec(line) ?? [];
      return { name, text };
    });

const listOf = (text: string | undefined) =>
  z.array(z.string()).parse(JSON.parse(text?.replace(/^.*?\[/, '[') ?? '[]'));

let root: string;
let image: string;
let variables: Environment;
let account: Awaited<ReturnType<typeof chooseAccount>>;
let postgres: Program;
let database: Environment;
const passwords = { ANNALS_OWNER_PASSWORD: 'owner-7Qx', ANNALS_PASSWORD: 'server-9Zk' };

function run(command: string, words: readonly string[], options: Parameters<typeof spawnSync>[2] = {}): string {
  const { status, stdout, stderr, error } = spawnSync(command, words, { encoding: 'utf8', ...options });
  if (status !== 0) throw new Error(`${command} ${words.join(' ')}: ${error ?? ''} ${stdout}${stderr}`);
  return String(stdout);
}

/** What `COPY . .` copies. */
async function copyContext(to: string): Promise<void> {
  const ignored = await readFile(join(checkout, '.dockerignore'), 'utf8');
  const tracked = run('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: checkout }).split('\n');
  const lines = ignored.split('\n').filter((line) => line !== '');
  const matches = (path: string, pattern: string) =>
    path === pattern ||
    path.startsWith(`${pattern.replace(/\/\*$/, '')}/`) ||
    (pattern === '*.log' && path.endsWith('.log'));
  for (const path of tracked.filter((one) => one !== '')) {
    const excluded = lines.reduce(
      (before, line) => (line.startsWith('!') ? before && line.slice(1) !== path : before || matches(path, line)),
      false,
    );
    if (excluded || !existsSync(join(checkout, path))) continue;
    await mkdir(dirname(join(to, path)), { recursive: true });
    await cp(join(checkout, path), join(to, path));
  }
}

async function startPostgres(): Promise<void> {
  const [version = ''] = (await readdir('/usr/lib/postgresql')).sort();
  const bin = join('/usr/lib/postgresql', version, 'bin');
  const home = join(root, 'postgres');
  await mkdir(home, { mode: 0o700 });
  if (account !== null) await chown(home, account.uid, account.gid);
  const own = { ...identity(account), cwd: home };
  const file = join(root, 'superuser');
  await writeFile(file, 'superuser-3Fm\n');
  run(join(bin, 'initdb'), ['-D', `${home}/data`, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${file}`], own);
  const port = String(await freePort());
  const words = ['-D', `${home}/data`, '-p', port, '-c', `unix_socket_directories=${home}`, '-h', '127.0.0.1'];
  postgres = startCommand(join(bin, 'postgres'), words, {}, own);
  await untilPrinted(postgres, () => (postgres.output.stderr.includes('ready to accept connections') ? true : null));
  const env = { ...process.env, ...passwords, PGHOST: '127.0.0.1', PGPORT: port, PGPASSWORD: 'superuser-3Fm' };
  run('sh', [join(checkout, 'ops/postgres-roles.sh')], { env });
  const address = (role: string, password: string) => `postgresql://${role}:${password}@127.0.0.1:${port}/annals`;
  database = {
    DATABASE_URL: address('annals', passwords.ANNALS_PASSWORD),
    MIGRATION_DATABASE_URL: address('annals_owner', passwords.ANNALS_OWNER_PASSWORD),
  };
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'annals-image-'));
  await chmod(root, 0o755);
  account = await chooseAccount(undefined);
  image = join(root, 'app');
  await mkdir(image);
  await startPostgres();
  const env: Record<string, string> = {};
  for (const { name, text } of await steps()) {
    if (name === 'COPY' && text === '. .') await copyContext(image);
    // What the image’s paths are here.
    const here = text.replaceAll('/data', join(root, 'data'));
    if (name === 'RUN')
      run('sh', ['-euc', here], { cwd: image, env: { PATH: process.env.PATH, HOME: process.env.HOME } });
    if (name === 'ENV') for (const pair of text.split(' ')) env[pair.split('=')[0] ?? ''] = pair.split('=')[1] ?? '';
  }
  variables = { ...env, DATA_DIRECTORY: join(root, 'data') };
  if (account !== null) await chown(join(root, 'data'), account.uid, account.gid);
}, 600_000);
afterAll(async () => {
  postgres?.child.kill('SIGINT');
  await postgres?.ended;
  await rm(root, { recursive: true, force: true });
});

/** The image’s program with these words, as its user. */
async function start(words: readonly string[], env: Environment): Promise<Program> {
  const entry = listOf((await steps()).find(({ name }) => name === 'ENTRYPOINT')?.text);
  const [, ...before] = entry;
  expect(entry[0]).toBe('node');
  const options = { ...identity(account), cwd: image };
  return startCommand(process.execPath, [...before, ...words], { ...variables, ...env }, options);
}

async function health(env: Environment) {
  const [, ...words] = listOf((await steps()).find(({ name }) => name === 'HEALTHCHECK')?.text);
  const program = startCommand(process.execPath, words, { ...variables, ...env }, { ...identity(account), cwd: image });
  return { ...(await program.ended), ...program.output };
}

async function serve(env: Environment): Promise<{ program: Program; url: string; env: Environment }> {
  const port = String(await freePort());
  const all = { ...env, PORT: port };
  const program = await start(listOf((await steps()).find(({ name }) => name === 'CMD')?.text), all);
  await untilPrinted(program, () => (program.output.stdout.includes('/graphql') ? true : null));
  return { program, url: `http://127.0.0.1:${port}/graphql`, env: all };
}

describe('the image', () => {
  it('holds what the server needs, and nothing that only the build needed', async () => {
    const kept = await readdir(image);
    for (const name of ['src', 'bin', 'migrations', 'node_modules', 'schema.prisma', 'LICENSE'])
      expect(kept).toContain(name);
    for (const name of ['test', 'bench', '.git', 'docs', 'scripts']) expect(kept).not.toContain(name);
    for (const name of ['vitest', '@graphql-codegen/cli', '@biomejs/biome', 'typescript'])
      expect(existsSync(join(image, 'node_modules', name)), name).toBe(false);
  });

  it('serves the database of docker-compose.yml as a user without rights, is healthy, and stops when asked', async () => {
    const made = await start(['organization', 'create', 'Of the image'], database);
    expect(await made.ended, made.output.stderr).toEqual({ code: 0, signal: null });
    const { program, url, env } = await serve(database);
    const client = openClient({ url, token: made.output.stdout.trim() });
    expect((await client.request(WhoAmIDocument, {})).viewer.organization.name).toBe('Of the image');
    const input = { entries: [{ action: 'passwork.item_viewed', actor: { id: 'u1' } }] };
    expect((await client.request(RecordDocument, { input })).recordLogs.results[0]?.error).toBe(null);
    expect(await health(env)).toMatchObject({ code: 0, stdout: expect.stringContaining('"ok":true') });
    program.child.kill('SIGTERM');
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(await health(env)).toMatchObject({ code: 1 });
  });

  it('serves an embedded database from its volume where none is named', async () => {
    const { program, env } = await serve({});
    expect(await health(env)).toMatchObject({ code: 0 });
    program.child.kill('SIGTERM');
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(await readdir(join(root, 'data'))).toContain('cluster');
  });
});

const service = z.object({
  environment: z.record(z.string(), z.string()),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  volumes: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
});

describe('docker-compose.yml', () => {
  const script = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))';
  const compose = z
    .object({ services: z.record(z.string(), service) })
    .parse(JSON.parse(run('python3', ['-c', script, join(checkout, 'docker-compose.yml')])));
  const { annals, postgres: base } = compose.services;

  it('sets what exists, and waits for a database that is ready', () => {
    const names = Object.values(settings).map(({ name }) => name as string);
    expect(Object.keys(annals?.environment ?? {}).filter((name) => !names.includes(name))).toEqual([]);
    expect(annals?.depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
    expect(base?.healthcheck?.test).toContain('pg_isready');
    const mounted = base?.volumes.map((one) => one.split(':')[0] ?? '').filter((one) => one.startsWith('./')) ?? [];
    for (const file of mounted) expect(existsSync(join(checkout, file))).toBe(true);
    expect(mounted).toHaveLength(1);
  });

  it('has no password of its own: each must be set', () => {
    const all = Object.entries({ ...annals?.environment, ...base?.environment });
    const secret = all.filter(([name]) => /PASSWORD|DATABASE_URL/.test(name));
    expect(secret.length).toBeGreaterThan(4);
    for (const [, text] of secret) expect(text).toMatch(/\$\{\w+_?PASSWORD:\?/);
  });
});
