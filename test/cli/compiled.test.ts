/** Code that stays compiled between starts, which a checkout keeps beside its packages. */
import { existsSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, rm, rmdir, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkout, type Environment, startProgram } from '../support/program.ts';

let copy: string;
let packages: string;
beforeEach(async () => {
  copy = await mkdtemp(join(tmpdir(), 'annals-compiled-'));
  packages = join(copy, 'node_modules');
  for (const name of ['bin', 'src', 'package.json'])
    await cp(join(checkout, name), join(copy, name), { recursive: true });
  // Without packages, which help does not need.
  await mkdir(packages);
});
afterEach(() => rm(copy, { recursive: true }));

const compiled = () => join(packages, '.annals', 'compiled');
const files = async () => {
  const found = await readdir(compiled(), { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
};

/** Of a start that succeeds: what Node says about each file that it compiles. */
async function start(env: Environment = {}): Promise<string> {
  const settings = { NODE_DEBUG_NATIVE: 'COMPILE_CACHE', ...env };
  const { child, output, ended } = startProgram(['--help'], settings, join(copy, 'bin', 'annals.mjs'));
  child.stdin.end();
  expect([await ended, output.stderr]).toEqual([{ code: 0, signal: null }, expect.any(String)]);
  expect(output.stdout).toContain('Usage:');
  return output.stdout + output.stderr;
}
const used = /code cache for ESM file:\S+\/src\/cli\/cli\.ts was accepted/;

it('is kept by the first start for the next one, for nobody else to read or write', async () => {
  expect(await start()).not.toMatch(used);
  expect((await stat(compiled())).mode & 0o777).toBe(0o700);
  expect((await files()).length).toBeGreaterThan(10);
  expect(await start()).toMatch(used);
});

it('is of the file as it is now', async () => {
  await start();
  await writeFile(join(copy, 'src', 'main.ts'), `console.log('Usage: another');\n`);
  expect(await start()).toContain('Usage: another');
});

it('is compiled again where it is damaged', async () => {
  await start();
  for (const file of await files()) await writeFile(file, 'damaged');
  expect(await start()).not.toMatch(used);
  expect(await start()).toMatch(used);
});

it('is not needed: a start goes without where nothing can be kept', async () => {
  await writeFile(join(packages, '.annals'), '');
  expect(await start()).not.toMatch(/reading cache/);
});

it('is not kept among the packages of somebody else, who could not remove it', async () => {
  if (process.getuid?.() === 0) {
    await chmod(packages, 0o777);
    await chown(packages, 1, 1);
  } else {
    // Where anybody may write, and which belongs to root.
    await rmdir(packages);
    await symlink('/tmp', packages);
  }
  expect(await start()).not.toMatch(/reading cache/);
  expect(existsSync(compiled())).toBe(false);
});

it('can be switched off, or kept elsewhere', async () => {
  await start({ NODE_DISABLE_COMPILE_CACHE: '1' });
  expect(await files()).toEqual([]);
  await start({ NODE_COMPILE_CACHE: join(copy, 'elsewhere') });
  expect(await files()).toEqual([]);
  expect((await readdir(join(copy, 'elsewhere'))).length).toBe(1);
});
