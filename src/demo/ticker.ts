import type { EntryInput } from '../model/entry.ts';
import type { Cast } from './cast.ts';
import { enpass } from './enpass.ts';
import type { Person } from './people.ts';
import type { Random } from './random.ts';
import { mistypedPassword, ordinary } from './routine/routine.ts';
import { atDesk, by, byStranger, inEnpass, inVault, type Origin, onItem } from './scene.ts';

/** The share of steps on which something alarming begins. */
const alarming = 0.02;

/**
 * An endless day at work: each call gives the next entry, without a time. People sign in, do a few ordinary things and sign
 * out; once in a while something alarming begins and its entries come on consecutive calls.
 */
export function createTicker(cast: Cast, random: Random): () => EntryInput {
  const employees = cast.people.filter((person) => person.role !== null);
  const signedIn = new Map<Person, Origin>();
  const waiting: EntryInput[] = [];

  function step(): readonly EntryInput[] {
    if (random.chance(alarming)) return alarm(cast, random);
    const person = random.weighted(employees.map((employee) => [employee.diligence, employee]));
    const origin = signedIn.get(person) ?? atDesk(person, random.hex(16));
    const moment = { person, origin, colleagues: employees, cast, random, exists: () => true };
    if (!signedIn.has(person)) {
      signedIn.set(person, origin);
      const start = { action: 'passwork.session_started', ...by(person, origin) };
      return random.chance(0.05) ? [mistypedPassword(moment), start] : [start];
    }
    if (random.chance(0.12)) {
      signedIn.delete(person);
      return [{ action: 'passwork.session_finished', ...by(person, origin) }];
    }
    return ordinary(moment);
  }

  return () => {
    while (waiting.length === 0) waiting.push(...step());
    const [entry] = waiting.splice(0, 1);
    if (entry === undefined) throw new RangeError('A step of the ticker gave no entry.');
    return entry;
  };
}

function alarm(cast: Cast, random: Random): readonly EntryInput[] {
  const person = random.pick(cast.people.filter((candidate) => candidate.role === 'MEMBER'));
  const outside: Origin = {
    component: 'web',
    ip: `203.0.113.${random.between(2, 250)}`,
    userAgent: 'python-requests/2.32.3',
  };
  return random.pick<() => readonly EntryInput[]>([
    () => [
      ...Array.from({ length: 3 }, () => ({ action: 'passwork.user_auth_failed', ...by(person, outside) })),
      { action: 'passwork.user_auth_blocked', ...by(person, outside), metadata: { failedAttempts: 3 } },
    ],
    () =>
      random.sample(['admin', 'root', 'backup', 'test', 'scanner'], 3).map((login) => ({
        action: 'passwork.user_auth_failed_login_not_found',
        ...byStranger(outside, login),
      })),
    () =>
      random.sample(cast.itemsOf(person, 'PASSWORK'), 2).map((item) => ({
        action: 'passwork.item_exported',
        ...by(person, atDesk(person, random.hex(16))),
        ...onItem(item),
      })),
    () => [{ action: enpass.appUnlockFailed, ...by(person, inEnpass(person)), metadata: { attempts: 5 } }],
    () => [
      {
        action: enpass.consoleMfaFailed,
        ...by(cast.person('tomasz.wieczorek'), { ...outside, component: 'admin console' }),
      },
    ],
    () => {
      const seller = cast.person('siti.rahmawati');
      return [1, 2, 3].map((consecutiveFailures) => ({
        action: enpass.vaultSyncFailed,
        ...by(seller, inEnpass(seller)),
        ...inVault(cast.directory('vault-sales')),
        metadata: { consecutiveFailures },
      }));
    },
  ])();
}
