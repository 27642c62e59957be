/** Writes at a steady rate, one small request after the other at fixed times, over HTTP or by bare INSERTs. */
import { Agent, request } from 'node:http';
import pg from 'pg';
import { work } from '../support/worker.ts';

export interface WriterJob {
  readonly everyMs: number;
  readonly times: number;
  readonly to:
    | { readonly url: string; readonly token: string; readonly bodies: readonly string[] }
    /** The statement takes the number of its first row, then the columns. */
    | {
        readonly database: string;
        readonly statement: string;
        readonly columns: readonly string[];
        readonly rows: number;
      };
}

let inserted = 0;

function openWriter(to: WriterJob['to']): { write(index: number): Promise<unknown>; close(): unknown } {
  if ('database' in to) {
    const pool = new pg.Pool({ connectionString: to.database, max: 4 });
    return {
      write() {
        const first = inserted;
        inserted += to.rows;
        return pool.query({ name: 'write', text: to.statement, values: [first, ...to.columns] });
      },
      close: () => pool.end(),
    };
  }
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${to.token}` };
  return {
    write: (index) =>
      new Promise<void>((resolve, reject) => {
        const call = request(to.url, { method: 'POST', agent, headers }, (response) => {
          response.resume();
          response.on('end', resolve);
          if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
        });
        call.on('error', reject);
        call.end(to.bodies[index % to.bodies.length]);
      }),
    close: () => agent.destroy(),
  };
}

work<WriterJob, void>(async ({ everyMs, times, to }) => {
  const writer = openWriter(to);
  const writes: Promise<unknown>[] = [];
  const started = performance.now();
  for (let index = 0; index < times; index++) {
    const wait = started + index * everyMs - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    writes.push(writer.write(index));
  }
  await Promise.all(writes);
  await writer.close();
});
