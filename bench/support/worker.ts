/** Parts of a benchmark in processes of their own, so that measuring does not slow what is measured. */
import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A process that does one job at a time. Disposing ends it. */
export interface Worker<Job, Result> extends AsyncDisposable {
  run(job: Job): Promise<Result>;
}

interface Answer {
  readonly result?: unknown;
  readonly error?: string;
}

/** Starts a script that calls `work`. Its environment is empty but for PATH: settings of the caller must not reach it. */
export function startWorker<Job extends object, Result>(script: URL): Worker<Job, Result> {
  const child = fork(script, { env: { PATH: '' }, execArgv: ['--no-warnings'], serialization: 'advanced' });
  const exited = once(child, 'exit');
  return {
    async run(job) {
      const answered = new AbortController();
      const answer = once(child, 'message', { signal: answered.signal });
      child.send(job);
      const [message]: [Answer] = await Promise.race([
        answer as Promise<[Answer]>,
        exited.then(([code]) => [{ error: `ended with ${code}` }] as [Answer]),
      ]);
      answered.abort();
      if (message.error !== undefined) throw new Error(`${script.pathname}: ${message.error}`);
      return message.result as Result;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.connected) child.disconnect();
      await exited;
    },
  };
}

/** In the worker: answers every job. `close` frees what keeps the process alive once no more jobs come. */
export function work<Job, Result>(handle: (job: Job) => Promise<Result>, close?: () => unknown): void {
  process.on('message', (job: Job) => {
    handle(job).then(
      (result) => process.send?.({ result }),
      (error: unknown) =>
        process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.once('disconnect', async () => {
    await close?.();
    process.exit(0);
  });
}
