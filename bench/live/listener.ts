/** The bare loop: LISTEN, and on every notification select what is newer than the last row known. */
import pg from 'pg';
import { work } from '../support/worker.ts';
import { type Arrivals, microseconds, type ReceiverJob } from './clock.ts';

export interface ListenerTarget {
  readonly url: string;
  readonly channel: string;
  readonly organization: number;
}

type Row = [id: string, recordedAt: string, position: string];

const text = `select id, recorded_at::text, position::text from log_entry
  where organization_id = $1 and recorded_at >= $2::timestamptz and (recorded_at, position) > ($2::timestamptz, $3::bigint)
  order by recorded_at, position`;

let arrivals: Arrivals = new Map();
let leave = async (): Promise<void> => {};

async function listen({ url, channel, organization }: ListenerTarget): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  let last: [string, string] = [new Date().toISOString(), '-1'];
  let reading = false;
  let again = false;
  const read = async () => {
    again = true;
    if (reading) return;
    reading = true;
    while (again) {
      again = false;
      const values = [organization, ...last];
      const { rows } = await client.query<Row>({ name: 'newer', text, values, rowMode: 'array' });
      const now = microseconds();
      for (const [id] of rows) arrivals.set(id, now);
      const newest = rows.at(-1);
      if (newest !== undefined) last = [newest[1], newest[2]];
    }
    reading = false;
  };
  client.on('notification', () => void read());
  await client.query(`listen ${channel}`);
  leave = () => client.end();
}

work<ReceiverJob<ListenerTarget>, Arrivals>(async (job) => {
  if ('start' in job) {
    arrivals = new Map();
    await listen(job.start);
  } else await leave();
  return arrivals;
});
