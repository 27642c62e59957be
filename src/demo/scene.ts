import type { EntryInput } from '../model/entry.ts';
import type { Cast } from './cast.ts';
import type { Clock } from './clock.ts';
import type { Person } from './people.ts';
import type { Random } from './random.ts';
import type { Directory, Item } from './vaults.ts';

/** What a story gets: whom it may name, when it may happen, chance, and where to tell it. */
export interface Stage {
  readonly cast: Cast;
  readonly clock: Clock;
  readonly random: Random;
  /** Tells one entry; the order of telling is free. */
  add(at: Date, entry: EntryInput): void;
}

/** One part of an entry, to be spread into it. */
export type Part = Omit<EntryInput, 'action' | 'occurredAt'>;

/** Where a request comes from. */
export interface Origin {
  readonly component: string;
  readonly ip?: string;
  readonly userAgent?: string;
  readonly device?: string;
  readonly session?: string;
  readonly location?: string;
}

/** At the desk in the office, in the browser. */
export function atDesk(person: Person, session?: string): Origin {
  const { officeIp: ip, userAgent, device, location } = person;
  return { component: 'web', ip, userAgent, device, location, ...(session === undefined ? {} : { session }) };
}

/** At home, in the browser. */
export function atHome(person: Person, session?: string): Origin {
  return { ...atDesk(person, session), ip: person.homeIp };
}

/** On the person’s telephone, over their own connection, in the same session. */
export function onPhone(person: Person, session?: string): Origin {
  const userAgent = 'Passwork/4.2 (iPhone; iOS 18.6)';
  return { ...atHome(person, session), component: 'mobile', device: 'iPhone 15', userAgent };
}

/** In the Enpass application on the person’s own computer, with the public address that the cloud sees. */
export function inEnpass(person: Person): Origin {
  const { homeIp: ip, enpassAgent: userAgent, device, location } = person;
  return { component: 'app', ip, userAgent, device, location };
}

/** In Enpass’s Admin Console. */
export function inAdminConsole(person: Person): Origin {
  return { ...atDesk(person), component: 'admin console' };
}

/** As the person, or, in a failed sign-in, as whoever used the person’s login. */
export function by(person: Person, origin: Origin): Part {
  return { actor: { type: 'MEMBER', ...identity(person) }, ...origin };
}

/** Somebody unknown; `login` is the name they claimed, where they claimed one. */
export function byStranger(origin: Origin, login?: string): Part {
  return { actor: { type: 'ANONYMOUS', ...(login === undefined ? {} : { name: login }) }, ...origin };
}

/** The product itself; `name` is the part of it that acted. */
export function bySystem(name: string): Part {
  return { actor: { type: 'SYSTEM', name }, component: 'internal' };
}

export function affecting(person: Person): Part {
  return { affectedUser: identity(person) };
}

export function inVault(directory: Directory): Part {
  return { vault: directory.vault };
}

export function inDirectory(directory: Directory): Part {
  const { externalId: id, name, vault } = directory;
  return { vault, directory: { id, name } };
}

/** Enpass’s vaults have no folders. */
export function onItem(item: Item): Part {
  const place = item.directory.product === 'ENPASS' ? inVault(item.directory) : inDirectory(item.directory);
  return { ...place, targets: [{ type: 'item', id: item.id, name: item.name }] };
}

export function on(type: string, id: string, name: string): Part {
  return { targets: [{ type, id, name }] };
}

export function changing(field: string, before: string | null, after: string | null): Part {
  return { changes: [{ field, before, after }] };
}

function identity(person: Person): { id: string; name: string; email: string } {
  return { id: person.externalId, name: person.name, email: person.email };
}
