/** One log with random entries and a principal of each way of seeing, and what each must read. */
import fc from 'fast-check';
import type { Principal } from '../../src/auth/auth.ts';
import type { LogFilter } from '../../src/query/query.ts';
import { accepts, opensTo, type Reader, type Recorded, sees } from '../support/oracle.ts';
import { entryInput, readerOf, treeOf, world } from '../support/reading.ts';
import { memberOf, openRememberedLog, principalOf, type RememberedLog, type TestApp } from '../support/readingApp.ts';

export interface Viewpoint {
  readonly principal: Principal;
  readonly reader: Reader;
}

export interface ReadingLog extends RememberedLog {
  /** The owner first, then members. */
  readonly viewpoints: readonly Viewpoint[];
  readonly tree: Map<string, string | null>;
  /** When the first entry was recorded. */
  readonly from: number;
  /** What a viewpoint must read, oldest first. */
  expected(who: Viewpoint, filter?: LogFilter | null): Recorded[];
  /** Records some random entries, a few seconds later than the last. */
  grow(seed: number, count: number): Promise<void>;
}

export async function openReadingLog(at: TestApp, seed: number, count: number): Promise<ReadingLog> {
  const { app, clock } = at;
  const { catalogue } = app.services;
  const log = await openRememberedLog(at);
  const [made] = fc.sample(fc.noBias(world), { numRuns: 1, seed });
  if (made === undefined) throw new TypeError('no world');
  await app.administration.importWorld(log.organization, made);
  const tree = treeOf(made);
  const from = clock.now;
  const viewpoints: Viewpoint[] = [];
  const grow = async (growth: number, entries: number) => {
    const inputs = fc.sample(fc.noBias(entryInput(catalogue, from)), { numRuns: entries, seed: growth });
    for (let at = 0; at < inputs.length; ) {
      // Batches of many sizes: entries of one batch share their time.
      const size = 1 + ((growth + at * 7) % 9);
      await log.append(inputs.slice(at, at + size));
      at += size;
      clock.now += ((growth + at) % 3) * 500;
    }
  };
  await grow(seed, count);
  const owner: Reader = { member: 'owner', role: 'OWNER', grants: [] };
  viewpoints.push({ principal: await principalOf(app, log.ownerToken), reader: owner });
  for (const { externalId } of made.members) {
    const principal = await memberOf(app, log.organization, externalId);
    viewpoints.push({ principal, reader: readerOf(made, externalId) });
  }
  return {
    ...log,
    viewpoints,
    tree,
    from,
    grow,
    expected({ reader }, filter) {
      const facts = { catalogue, tree, now: clock.now, opens: (directory: string) => opensTo(reader, directory, tree) };
      return log.recorded.filter((entry) => sees(reader, entry, tree) && accepts(filter, entry, facts));
    },
  };
}
