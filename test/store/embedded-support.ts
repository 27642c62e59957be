import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { z } from 'zod';
import { type Account, identity } from '../../src/store/embedded/account.ts';

const program = fileURLToPath(new URL('embedded-process.ts', import.meta.url));

const report = z.object({
  url: z.string().optional(),
  pid: z.number().optional(),
  uid: z.number().optional(),
  code: z.string().optional(),
  message: z.string().optional(),
});

/** Another process with an embedded server, and what it printed about it. Disposing ends its input and waits for it. */
export interface OtherProcess extends AsyncDisposable, z.infer<typeof report> {
  readonly child: ChildProcess;
  kill(): Promise<void>;
}

export async function startProcess(dataDirectory: string, account: Account | null = null): Promise<OtherProcess> {
  const child = spawn(process.execPath, [program, dataDirectory], {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'inherit'],
    ...identity(account),
  });
  const ended = once(child, 'exit');
  const [line]: string[] = await once(createInterface(child.stdout), 'line');
  return {
    ...report.parse(JSON.parse(line ?? '')),
    child,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}

/** Runs statements one after another on a connection of their own; returns the rows of the last. */
export async function run(url: string, ...statements: string[]): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    let rows: unknown[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}
