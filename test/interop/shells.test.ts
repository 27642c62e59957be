/** Completion in shells that not every machine has; bash is tested in test/cli. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commands } from '../../src/cli/cli.ts';
import { annals, startCommand } from '../support/program.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'annals-shells-'));
  for (const shell of ['zsh', 'fish'])
    await writeFile(join(directory, shell), (await annals(['completion', shell], {})).stdout);
});
afterAll(() => rm(directory, { recursive: true }));

async function run(command: string, words: readonly string[]): Promise<string> {
  const { child, output, ended } = startCommand(command, words, { TERM: 'dumb', HOME: directory });
  child.stdin.end();
  expect([output.stderr, await ended]).toEqual(['', { code: 0, signal: null }]);
  return output.stdout;
}

/** What fish offers after each line, without the descriptions. */
async function fishCompletes(lines: readonly string[]): Promise<string[][]> {
  const asks = lines.map((line) => `complete -C '${line}'; echo =`);
  const out = await run('fish', ['--no-config', '-c', [`source ${join(directory, 'fish')}`, ...asks].join('\n')]);
  return out.split('=\n').map((block) => block.split('\n').flatMap((line) => line.split('\t')[0] || []));
}

it('fish completes commands, options and values', async () => {
  const firsts = [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? ''))];
  const [first, second, order, ...options] = await fishCompletes([
    'annals ',
    'annals token ',
    'annals query --order ',
    ...commands.map(({ name }) => `annals ${name} --`),
  ]);
  expect(first?.sort()).toEqual(firsts.sort());
  expect(second?.sort()).toEqual(['create', 'list', 'revoke', 'rotate', 'update']);
  expect(order?.sort()).toEqual(['newest', 'oldest']);
  commands.forEach((command, index) => {
    const expected = [...Object.keys(command.options), 'help'].map((name) => `--${name}`).sort();
    expect([command.name, options[index]?.sort()]).toEqual([command.name, expected]);
  });
});

/** What stands on zsh’s line after each was typed and completed: the one word that its beginning allows. */
async function zshCompletes(lines: readonly string[]): Promise<string[]> {
  const script = [
    'zmodload zsh/zpty',
    'zpty shell zsh -f -i',
    `zpty -w shell "PS1=; autoload -U compinit; compinit -u -d ${join(directory, 'dump')}; source ${join(directory, 'zsh')}"`,
    `zpty -w shell "echo re''ady"`,
    'zpty -r shell out "*ready*"',
    // Ctrl-A, then an echo of the line in quotes: what was completed is an argument of it.
    ...lines.flatMap((line) => [
      `zpty -w -n shell $'${line}\\t\\C-a\\C-k'`,
      `zpty -w shell $'print -r -- "[\\C-y]"'`,
      `zpty -r shell out "*\\[annals*\\]*\\[annals*\\]*"`,
      `print -r -- "\${out##*\\[}"`,
    ]),
    'zpty -d shell',
  ].join('\n');
  const out = await run('zsh', ['-f', '-c', script]);
  return out.split('\n').flatMap((line) => /^(annals.*)\]/.exec(line)?.[1]?.trim() ?? []);
}

it('zsh completes commands, options and values', async () => {
  const found = await zshCompletes([
    'annals que',
    'annals token rev',
    'annals query --outc',
    'annals query --order new',
    'annals completion fi',
  ]);
  expect(found).toEqual([
    'annals query',
    'annals token revoke',
    'annals query --outcome',
    'annals query --order newest',
    'annals completion fish',
  ]);
});
