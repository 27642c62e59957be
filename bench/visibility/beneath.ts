/** Beneath the server: what the database looks at for each page, the first read of a stream, and what compiling rights costs. */
import { type App, openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import type { LogPlace } from '../../src/model/entry.ts';
import { openDatabase } from '../../src/store/database.ts';
import { readPage } from '../../src/store/statements/read.ts';
import { readHistory } from '../../src/store/statements/tail.ts';
import { openVisibility } from '../../src/visibility/visibility.ts';
import { environment, type Organization } from '../support/annals.ts';
import { examine } from '../support/examined.ts';
import { type BenchDatabase, withClient } from '../support/postgres.ts';
import { print, printFact } from '../support/report.ts';
import { takeTurns } from '../support/rounds.ts';
import { median } from '../support/statistics.ts';
import { allCases, someCases } from './cases.ts';
import { groupCount, many, type Viewer } from './data.ts';

export interface Beneath {
  readonly database: BenchDatabase;
  readonly organization: Organization;
  readonly tokens: Readonly<Record<Viewer, string>>;
  /** The middle of the log. */
  readonly middle: LogPlace;
  readonly rounds: number;
}

/** What one batch of a stream takes, and one more. */
const batch = 501;

export async function benchBeneath(at: Beneath): Promise<void> {
  const { url, ownerUrl } = at.database;
  await using app = await openApp(readConfig(environment(at.database)));
  await using database = openDatabase({ url, connections: 1, statementTimeoutMs: 60_000, applicationName: 'bench' });
  const sightOf = async (token: string) => {
    const principal = await app.auth.authenticate(token);
    const { predicate } = await app.services.visibility.sightOf(principal);
    return { organization: principal.organization, predicate };
  };

  await withClient(ownerUrl, async (client) => {
    for (const { viewer, words } of allCases) {
      const request = { ...(await sightOf(at.tokens[viewer])), direction: 'DESC', after: null, limit: 51 } as const;
      for (const [which, before] of [
        ['first', null],
        ['from the middle of the log', at.middle],
      ] as const) {
        let found = 0;
        const { statements, rows, buffers } = await examine(database, client, async (on) => {
          found = (await readPage(on, { ...request, before })).length;
        });
        const each = `${(rows / found).toFixed(1)} rows examined for each of ${found}`;
        printFact(`page of 50, ${which}, ${words}`, `${each}; ${statements} statement(s), ${buffers} buffers`);
      }
    }
  });

  const first = async (token: string) => {
    const { organization, predicate } = await sightOf(token);
    return async () => {
      const began = performance.now();
      await readHistory(database, organization, at.middle, predicate, batch);
      return performance.now() - began;
    };
  };
  const tokens = [at.organization.token, ...someCases.map(({ viewer }) => at.tokens[viewer])];
  const [all = 0, ...others] = await takeTurns(await Promise.all(tokens.map(first)), at.rounds * 5);
  for (const [index, { words }] of someCases.entries()) {
    print({
      name: `first read of a stream from the middle of the log, ${words}`,
      measured: { value: others[index] ?? 0, unit: 'ms' },
      compared: { what: `${batch} entries for a role that sees all`, value: all, unit: 'ms' },
    });
  }
  await benchCompiling(at, app);
}

async function benchCompiling({ tokens, rounds }: Beneath, { auth, store, services }: App): Promise<void> {
  const principal = await auth.authenticate(tokens['thousandth many']);
  const cold: number[] = [];
  const kept: number[] = [];
  for (let round = 0; round < rounds * 5; round++) {
    // Another visibility each time: nothing is remembered, the tree neither.
    const visibility = openVisibility({ store, catalogue: services.catalogue, actionNumber: () => undefined });
    for (const times of [cold, kept]) {
      const began = performance.now();
      await visibility.sightOf(principal);
      times.push(performance.now() - began);
    }
  }
  printFact(
    `what a member with ${many.toLocaleString('en')} directories through ${groupCount} groups sees, compiled`,
    `${median(cold).toFixed(1)} ms when its rights changed, ${median(kept).toFixed(3)} ms until they change again`,
  );
}
