/** A made-up company and what its log would hold: pure and deterministic, for the demo on the embedded database only. */
import { createCast } from './cast.ts';
import { createClock } from './clock.ts';
import { grants } from './grants.ts';
import { groups, people } from './people.ts';
import { createRandom } from './random.ts';
import { routine } from './routine/routine.ts';
import type { Stage } from './scene.ts';
import { stories } from './stories/stories.ts';
import { createTicker } from './ticker.ts';
import type { DemoEntry, DemoWorld } from './types.ts';
import { directories } from './vaults.ts';

export type {
  DemoDirectory,
  DemoEntry,
  DemoGrant,
  DemoGroup,
  DemoMember,
  DemoToken,
  DemoWorld,
} from './types.ts';

/**
 * Makes the demo. The same `now` and `seed` give the same entries; people, groups, directories, grants and tokens are the
 * same for every seed, so that a later start with another seed goes on in the same company.
 * @param options.now the moment at which history ends, exclusive
 * @param options.seed any whole number; 1 when left out
 */
export function createDemoWorld(options: { readonly now: Date; readonly seed?: number }): DemoWorld {
  const seed = options.seed ?? 1;
  const cast = createCast();
  const clock = createClock(options.now);
  const told: DemoEntry[] = [];
  const add: Stage['add'] = (at, entry) => {
    if (at >= clock.start && at < clock.now) told.push({ ...entry, occurredAt: at });
  };
  // Every story has its own chance, so that a change to one does not rewrite the others.
  for (const [index, tell] of [routine, ...stories].entries()) {
    tell({ cast, clock, random: createRandom(seed * 1_000 + index), add });
  }
  told.sort((left, right) => left.occurredAt.getTime() - right.occurredAt.getTime());
  const tick = createTicker(cast, createRandom(seed * 1_000 + 999));

  return {
    organization: { name: 'Northwind Rail' },
    members: people.map(({ externalId, name, email, role }) => ({ externalId, name, email, role })),
    groups,
    directories: directories.map(({ externalId, name, kind, parentId }) => ({ externalId, name, kind, parentId })),
    grants,
    tokens: [{ name: 'Passwork and Enpass forwarder', roleKey: 'INTEGRATION' }],
    entries: told,
    next: (now) => ({ ...tick(), occurredAt: now }),
  };
}
