/** Where the demo tells others its address and credentials. */
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What data/demo.json holds, mode 0600. */
export interface DemoFile {
  readonly url: string;
  readonly principals: readonly { readonly role: string; readonly name: string; readonly token: string }[];
}

export async function readJson<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** Whole or not at all, readable by the owner alone. */
export async function writePrivate(path: string, value: unknown): Promise<void> {
  const draft = `${path}.new`;
  await writeFile(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  await chmod(draft, 0o600);
  await rename(draft, path);
}

export function demoFilePath(dataDirectory: string): string {
  return join(dataDirectory, 'demo.json');
}

/** Null where no demo was started. */
export function readDemoFile(dataDirectory: string): Promise<DemoFile | null> {
  return readJson<DemoFile>(demoFilePath(dataDirectory));
}

export async function writeDemoFile(dataDirectory: string, demo: DemoFile): Promise<void> {
  await writePrivate(demoFilePath(dataDirectory), demo);
}
