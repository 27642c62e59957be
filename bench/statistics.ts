/** How fast entries are counted: a month by the hour, beside a page of 50. */
import { openApp } from '../src/app.ts';
import { readConfig } from '../src/config.ts';
import { fillLog } from './read/data.ts';
import { createOrganization, environment, type Organization, startServer } from './support/annals.ts';
import type { LoadJob, LoadResult } from './support/load.ts';
import { type BenchDatabase, type BenchPostgres, withClient } from './support/postgres.ts';
import { print, printFact, printHeading } from './support/report.ts';
import { takeTurns } from './support/rounds.ts';
import { median } from './support/statistics.ts';
import { startWorker } from './support/worker.ts';

const page = `{ logs(first: 50) {
  edges { cursor node { id recordedAt action { key name } category { key name } actor { name } directory { name } } }
  pageInfo { hasNextPage endCursor }
} }`;
const hours = `query Hours($gte: DateTime!) {
  logStatistics(filter: { occurredAt: { gte: $gte } }, interval: HOUR) { total firstSeen lastSeen buckets { start count } }
}`;
const categories = `query Categories($gte: DateTime!) {
  logStatistics(filter: { occurredAt: { gte: $gte } }, interval: DAY, groupBy: [CATEGORY], timeZone: "Europe/Vienna") {
    groups { keys { value name } count lastSeen buckets { start count } } rest { groups count }
  }
}`;
const people = `query People($gte: DateTime!) {
  logStatistics(filter: { occurredAt: { gte: $gte } }, interval: DAY) { distinctActors buckets { start count distinctActors } }
}`;
const activities = '{ actions { key activity { count lastSeen } } }';

const dayMs = 86_400_000;

/** A member that administers a tenth of the vaults. */
async function memberOfTenth(database: BenchDatabase, organization: Organization): Promise<string> {
  await using app = await openApp(readConfig(environment(database)));
  const to = { ...organization, name: 'Bench' };
  const vaults = Array.from({ length: 16 }, (_, index) => `vault-${1 + index * 10}`);
  await app.administration.importWorld(to, {
    members: [{ externalId: 'u-7', name: 'Person 7', email: null, role: 'MEMBER' }],
    groups: [],
    directories: vaults.map((externalId) => ({ externalId, name: externalId, kind: 'VAULT', parentId: null })),
    grants: vaults.map((directoryId) => ({ directoryId, subject: { memberId: 'u-7' }, level: 'ADMINISTRATOR' })),
  });
  return (await app.administration.createToken(to, { name: 'tenth', actsAs: { member: 'u-7' } })).token;
}

/** Rolls the whole log up; entries per second. */
async function rollUp(database: BenchDatabase, { organization }: Organization, entries: number): Promise<number> {
  await using app = await openApp(readConfig(environment(database)));
  const began = performance.now();
  await app.followers.catchUp(organization);
  const seconds = (performance.now() - began) / 1000;
  // As the database does by itself within a minute or two.
  await withClient(database.ownerUrl, (client) => client.query('vacuum (analyze) statistics_cell'));
  return entries / seconds;
}

export async function benchStatistics(postgres: BenchPostgres, quick: boolean): Promise<void> {
  const entries = quick ? 300_000 : 1_000_000;
  const count = entries.toLocaleString('en');
  const milliseconds = quick ? 800 : 2000;
  const rounds = quick ? 3 : 5;
  await using loader = startWorker<LoadJob, LoadResult>(new URL('support/load.ts', import.meta.url));

  const benchLog = async (days: number) => {
    const database = await postgres.createDatabase(`statistics_${days}`);
    const organization = await createOrganization(database);
    await fillLog(database, organization, entries, days);
    const member = await memberOfTenth(database, organization);
    const rate = await rollUp(database, organization, entries);
    printFact(
      `a log of ${count} entries in ${days} days, rolled up`,
      `${Math.round(rate).toLocaleString('en')} entries/s`,
    );
    await using annals = await startServer(database);
    await using rows = await startServer(database, [], { STATISTICS_ROLL_UPS: 'off' });
    const gte = new Date(Date.now() - 30 * dayMs).toISOString();
    const latency = (url: string, token: string, query: string) => async () => {
      const bodies = [[JSON.stringify({ query, variables: { gte } })]];
      return median((await loader.run({ url, token, callers: 1, milliseconds, bodies })).latencies);
    };
    const owner = organization.token;
    const [ownerPage = 0, memberPage = 0, ownerHours = 0, memberHours = 0, ...others] = await takeTurns(
      [
        latency(annals.url, owner, page),
        latency(annals.url, member, page),
        latency(annals.url, owner, hours),
        latency(annals.url, member, hours),
        latency(rows.url, owner, hours),
        latency(rows.url, member, hours),
        latency(annals.url, owner, categories),
        latency(annals.url, member, categories),
        latency(annals.url, owner, people),
        latency(annals.url, owner, activities),
        latency(annals.url, member, activities),
      ],
      rounds,
    );
    const compare = (name: string, value: number, beside: number, target?: { readonly atMost: number }) =>
      print({
        name,
        measured: { value, unit: 'ms' },
        compared: { what: 'a page of 50', value: beside, unit: 'ms' },
        ...(target === undefined ? {} : { target }),
      });
    compare('30 days by the hour, for a role that sees all', ownerHours, ownerPage, { atMost: 20 });
    compare('30 days by the hour, for a member that sees a tenth', memberHours, memberPage, { atMost: 20 });
    const [
      rowsOwner = 0,
      rowsMember = 0,
      byCategory = 0,
      memberCategory = 0,
      byPeople = 0,
      byAction = 0,
      memberAction = 0,
    ] = others;
    compare('the same from rows alone, for a role that sees all', rowsOwner, ownerPage);
    compare('the same from rows alone, for a member that sees a tenth', rowsMember, memberPage);
    compare('30 days by day and category, for a role that sees all', byCategory, ownerPage);
    compare('30 days by day and category, for a member that sees a tenth', memberCategory, memberPage);
    compare('30 days by day with distinct actors, for a role that sees all', byPeople, ownerPage);
    compare('all actions with their counts of all time, for a role that sees all', byAction, ownerPage);
    compare('all actions with their counts of all time, for a member that sees a tenth', memberAction, memberPage);
  };

  printHeading('statistics');
  for (const days of quick ? [30] : [180, 30]) await benchLog(days);
}
