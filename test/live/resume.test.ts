import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newMember, newOrganization, plainEntries, type TestOrganization, useTestApps } from '../support/app.ts';
import { watch } from './watch.ts';

// Small memory: slow subscribers fall out of it and come back from the database.
const at = useTestApps({ LIVE_BUFFER_ENTRIES: '100' }, [{}, {}]);

interface Run {
  /** Entries of each request of each writer. */
  readonly writers: readonly (readonly number[])[];
  /** Turns of the event loop that the subscribers wait after a batch; the list is gone through again and again. */
  readonly pauses: readonly number[];
  readonly history: number;
}

const runs: fc.Arbitrary<Run> = fc.record({
  writers: fc.array(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 3, maxLength: 10 }), {
    minLength: 4,
    maxLength: 4,
  }),
  pauses: fc.array(fc.constantFrom(0, 0, 1, 5, 40), { minLength: 1, maxLength: 5 }),
  history: fc.constantFrom(0, 1, 130, 700),
});

/** Every third request goes to the member’s vault. */
async function write(to: TestOrganization, { writers }: Run): Promise<void> {
  const { apps } = at;
  await Promise.all(
    writers.map(async (sizes, writer) => {
      for (const [round, size] of sizes.entries()) {
        const vault = { id: (writer + round) % 3 === 0 ? 'hers' : 'theirs' };
        await apps[writer % 2]?.services.log.append(to, plainEntries(size, { vault, session: `${writer}.${round}` }));
      }
    }),
  );
}

function pacer(pauses: readonly number[]): () => Promise<void> {
  let batch = 0;
  return async () => {
    const turns = pauses[batch++ % pauses.length] ?? 0;
    for (let done = 0; done < turns; done++) await turn();
  };
}

test('history, then live, while four writers write: each visible entry once, in order, from any cursor', async () => {
  await fc.assert(
    fc.asyncProperty(runs, async (run) => {
      const to = await newOrganization(at.app);
      const { query, log } = at.app.services;
      const { principal: member } = await newMember(at.app, to, { id: 'mia', vaults: ['hers'] });
      const beginning = await (await query.logs(to.owner, { first: 1 })).headCursor();
      if (run.history > 0) await log.append(to, plainEntries(run.history, { vault: { id: 'hers' } }));

      const writing = write(to, run);
      const readers = [to.owner, to.owner, member, member];
      const watched = await Promise.all(
        readers.map((principal, index) =>
          watch(at.app, principal, { after: beginning, ...(index % 2 === 0 ? {} : { pace: pacer(run.pauses) }) }),
        ),
      );
      await writing;

      for (const [index, principal] of readers.entries()) {
        const all: string[] = [];
        let after: string | null = null;
        for (;;) {
          const page = await query.logs(principal, { first: 500, after, direction: 'ASC' });
          all.push(...page.edges.map(({ entry }) => entry.id));
          after = page.edges.at(-1)?.cursor ?? after;
          if (!page.hasNextPage) break;
        }
        await watched[index]?.received(all.length);
        expect(watched[index]?.entries.map((entry) => entry.id)).toEqual(all);

        // Each batch’s cursor leads to exactly what came after it.
        let delivered = 0;
        for (const batch of watched[index]?.batches ?? []) {
          delivered += batch.entries.length;
          if (batch.entries.length % 3 !== 1) continue;
          await using again = await watch(at.app, principal, { after: batch.cursor });
          await again.received(all.length - delivered);
          expect(again.entries.map((entry) => entry.id)).toEqual(all.slice(delivered));
        }
      }
      for (const one of watched) await one[Symbol.asyncDispose]();
      expect(at.app.services.live.streams).toBe(0);
    }),
    { numRuns: 8, endOnFailure: true },
  );
});
