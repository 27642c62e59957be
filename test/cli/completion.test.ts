import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commands } from '../../src/cli/cli.ts';
import { annals, startCommand } from '../support/program.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'annals-completion-'));
  const { stdout } = await annals(['completion', 'bash'], {});
  await writeFile(join(directory, 'annals.bash'), stdout);
  await writeFile(join(directory, 'some.ndjson'), '');
});
afterAll(() => rm(directory, { recursive: true }));

/** What bash offers after each of these lines; the last word is the one that is completed. */
async function completeAll(lines: readonly (readonly string[])[]): Promise<string[][]> {
  const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
  const asks = lines.map(
    (words) =>
      `COMP_WORDS=(annals ${words.map(quote).join(' ')}); COMP_CWORD=${words.length}; _annals; echo "\${COMPREPLY[*]}"`,
  );
  const script = [`cd '${directory}'`, 'source ./annals.bash', ...asks].join('\n');
  const { child, output, ended } = startCommand('bash', ['--norc', '-c', script], {});
  child.stdin.end();
  expect(await ended).toEqual({ code: 0, signal: null });
  expect(output.stderr).toBe('');
  return output.stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ').filter((word) => word !== ''));
}

it('bash completes every command, and every option of each', async () => {
  const firsts = [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? ''))];
  const [first = [], ...perCommand] = await completeAll([
    [''],
    ...commands.map(({ name }) => [...name.split(' '), '--']),
  ]);
  expect(first).toEqual([...firsts, '--help']);
  commands.forEach((command, index) => {
    const options = Object.keys(command.options).map((name) => `--${name}`);
    expect([command.name, perCommand[index]]).toEqual([command.name, [...options, '--help']]);
  });
});

it('bash completes the second word of a command, values that are a choice, and files', async () => {
  const [second, began, order, by, free, shells, files] = await completeAll([
    ['token', ''],
    ['que'],
    ['query', '--order', ''],
    ['statistics', '--by', 'a'],
    ['query', '--actor', ''],
    ['completion', 'z'],
    ['import', 'so'],
  ]);
  expect(second).toEqual(['create', 'list', 'update', 'rotate', 'revoke', '--help']);
  expect(began).toEqual(['query']);
  expect(order).toEqual(['newest', 'oldest']);
  expect(by).toEqual(['action', 'actor', 'affected']);
  expect(free).toEqual([]);
  expect(shells).toEqual(['zsh']);
  expect(files).toEqual(['some.ndjson']);
});

it('refuses a shell that it does not know', async () => {
  const { code, stderr } = await annals(['completion', 'tcsh'], {});
  expect(code).toBe(2);
  expect(stderr).toMatch(/completion takes one of bash, zsh, fish/);
});
