/** What it costs that a member sees a part of the log. */
import { openCursors } from '../src/model/cursor.ts';
import { cursorKey, middleEntry } from './read/data.ts';
import { createOrganization, startServer } from './support/annals.ts';
import type { LoadJob, LoadResult } from './support/load.ts';
import type { BenchPostgres } from './support/postgres.ts';
import { print, printHeading } from './support/report.ts';
import { takeTurns } from './support/rounds.ts';
import { median } from './support/statistics.ts';
import { startWorker } from './support/worker.ts';
import { benchBeneath } from './visibility/beneath.ts';
import { allCases, someCases } from './visibility/cases.ts';
import { fillVisibility } from './visibility/data.ts';

const page = `query Page($after: String) {
  logs(first: 50, after: $after) {
    edges { cursor node { id recordedAt action { key name } category { key name } actor { name } directory { name } } }
    pageInfo { hasNextPage endCursor }
  }
}`;
const counted = 'query Counted { logs(first: 1) { nodes { id } headCursor totalCount totalCountIsExact } }';

export async function benchVisibility(postgres: BenchPostgres, quick: boolean): Promise<void> {
  const entries = quick ? 300_000 : 1_000_000;
  const database = await postgres.createDatabase('visibility');
  const organization = await createOrganization(database);
  const tokens = await fillVisibility(database, organization, entries);
  await using server = await startServer(database);
  await using loader = startWorker<LoadJob, LoadResult>(new URL('support/load.ts', import.meta.url));
  const milliseconds = quick ? 300 : 600;
  const rounds = quick ? 3 : 5;
  const { id, ...middle } = await middleEntry(database, entries);
  const scope = { organizationUid: organization.organizationUid, generation: 0, filter: '' };
  const cursors = openCursors([await cursorKey(database)]);
  const deep = cursors.seal({ kind: 'entry', recordedAt: middle.recordedAt, id }, scope);

  const compare = async (name: string, cases: typeof allCases, query: string, after: string | null) => {
    const bodies = [[JSON.stringify({ query, variables: { after } })]];
    const turns = [organization.token, ...cases.map(({ viewer }) => tokens[viewer])].map((token) => async () => {
      const { latencies } = await loader.run({ url: server.url, token, callers: 1, milliseconds, bodies });
      return median(latencies);
    });
    const [all = 0, ...others] = await takeTurns(turns, rounds);
    for (const [index, { words, atMost }] of cases.entries()) {
      print({
        name: `${name}, ${words}`,
        measured: { value: others[index] ?? 0, unit: 'ms' },
        compared: { what: 'for a role that sees all', value: all, unit: 'ms' },
        ...(query === page ? { target: { atMost } } : {}),
      });
    }
  };

  printHeading(`visibility: ${entries.toLocaleString('en')} entries, one caller`);
  await compare('page of 50, first', allCases, page, null);
  await compare('page of 50, from the middle of the log', allCases, page, deep);
  await compare('headCursor and totalCount', someCases, counted, null);
  await benchBeneath({ database, organization, tokens, middle, rounds });
}
