import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/cli.ts';
import { importKinds } from '../../src/cli/commands/import.ts';
import { describeSettings } from '../../src/config.ts';
import { sourceKinds } from '../../src/sources/sources.ts';
import { annals, checkout, type DataDirectory, newDataDirectory, startCommand } from '../support/program.ts';

let data: DataDirectory;
beforeAll(async () => {
  data = await newDataDirectory();
});
afterAll(() => data[Symbol.asyncDispose]());

describe('annals', () => {
  it('lists every command and every setting with --help', async () => {
    const { code, stdout, stderr } = await annals(['--help'], {});
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const { name, summary } of commands)
      expect(stdout).toMatch(new RegExp(`^ {2}${name} +${summary.slice(0, 10)}`, 'm'));
    for (const { name, doc } of describeSettings())
      expect(stdout).toMatch(new RegExp(`^ {2}${name} +${doc.slice(0, 10)}`, 'm'));
  });

  it.each(commands.map((command) => [command.name, command] as const))(
    '%s --help explains itself',
    async (name, command) => {
      const { code, stdout, stderr } = await annals([...name.split(' '), '--help'], {});
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain(`Usage: annals ${name}`);
      for (const option of Object.keys(command.options)) expect(stdout).toContain(`--${option}`);
    },
  );

  it('explains a group of commands at once', async () => {
    const { code, stdout } = await annals(['token', '--help'], {});
    expect(code).toBe(0);
    for (const name of ['create', 'list', 'revoke']) expect(stdout).toContain(`Usage: annals token ${name} `);
  });

  it('knows every setting that a command says it reads', () => {
    const known = describeSettings().map(({ name }) => name);
    const named = commands.flatMap(({ environment }) => (environment === 'all' ? [] : environment));
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('offers the kinds of import that there are', () => {
    expect(importKinds).toEqual(sourceKinds);
  });

  const refusals: readonly [what: string, words: readonly string[], code: string, words: RegExp][] = [
    ['no command', [], '', /Commands:/],
    [
      'an unknown command',
      ['frobnicate', 'all'],
      'USAGE',
      /no command "frobnicate all"[\s\S]*serve, [\s\S]*organization create, /,
    ],
    ['an unknown option', ['serve', '--loud'], 'USAGE', /--loud[\s\S]*annals serve --help/],
    ['an organization without a name', ['organization', 'create'], 'USAGE', /one NAME/],
    ['an import of nothing', ['import', '--from', 'passwork'], 'USAGE', /one FILE, or -/],
    ['an import from nowhere', ['import', 'x.log'], 'USAGE', /--from must be one of passwork, ndjson/],
    [
      'an import of a file that is not there',
      ['import', '--from', 'ndjson', '/nowhere/x'],
      'USAGE',
      /\/nowhere\/x cannot be read/,
    ],
    [
      'an import with a year that is none',
      ['import', '--from', 'passwork', '--year', 'MMXX', '-'],
      'USAGE',
      /--year must be a year/,
    ],
  ];
  it.each(refusals)('refuses %s with exit status 2 and says what would be right', async (_what, words, code, says) => {
    const { stdout, stderr, ...exit } = await annals(words, { DATA_DIRECTORY: data.path });
    expect(exit).toEqual({ code: 2, signal: null });
    expect(code === '' ? stdout : stderr).toMatch(says);
    if (code !== '') expect(stderr.startsWith(`annals: ${code}: `)).toBe(true);
  });

  it('reports all mistakes in the settings at once, and no secret', async () => {
    const { code, stderr } = await annals(['serve'], {
      PORT: 'http',
      DEMO: 'maybe',
      BODY_BYTES: '1',
      ALLOWED_ORIGINS: 'https://good.example,bad',
      DATABASE_URL: 'mysql://root:hunter2@db/annals',
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^annals: CONFIG_INVALID: /);
    for (const name of ['PORT', 'DEMO', 'BODY_BYTES', 'ALLOWED_ORIGINS', 'DATABASE_URL'])
      expect(stderr).toContain(name);
    expect(stderr).not.toContain('hunter2');
  });

  it('reports a mistake in a catalogue of one’s own by file and path', async () => {
    const file = `${checkout}/package.json`;
    const { code, stderr } = await annals(['serve'], { DATA_DIRECTORY: data.path, CATALOGUE_FILES: file });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^annals: CATALOGUE_INVALID: /);
    expect(stderr).toContain(file);
  });

  it('says where a server was looked for when there is none', async () => {
    const env = { DATA_DIRECTORY: data.path };
    const none = await annals(['import', '--from', 'ndjson', '-'], env, '{}\n');
    expect(none.code).toBe(2);
    expect(none.stderr).toMatch(
      /ANNALS_URL and ANNALS_TOKEN are not set, and .*demo\.json does not exist[\s\S]*npm start/,
    );
    // Port 9 (discard) refuses connections.
    const away = await annals(
      ['import', '--from', 'ndjson', '-'],
      { ...env, ANNALS_URL: 'http://127.0.0.1:9', ANNALS_TOKEN: 'x' },
      '{}\n',
    );
    expect(away.code).toBe(4);
    expect(away.stderr).toMatch(
      /UNAVAILABLE: http:\/\/127\.0\.0\.1:9\/graphql cannot be reached[\s\S]*Start the server/,
    );
  });

  it('runs on whatever Node the machine has', async () => {
    const script =
      'PATH=$(printf %s "$PATH" | tr : "\\n" | grep -v node_modules/.bin | tr "\\n" :) && exec bin/annals.mjs "$@"';
    const { child, output, ended } = startCommand(
      '/bin/sh',
      ['-c', `cd "$0" && ${script}`, checkout, 'import', '--help'],
      {},
    );
    child.stdin.end();
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(output.stdout).toContain('Usage: annals import');
  });
});
