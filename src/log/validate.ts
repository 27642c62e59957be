/** From what a producer states to a complete entry, or the first mistake in it. Pure: no numbers of the database yet. */
import { isIP } from 'node:net';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { AnnalsError } from '../errors.ts';
import {
  type Actor,
  actorTypes,
  type Change,
  type EntryInput,
  type Json,
  type Outcome,
  outcomes,
  type Person,
  type Place,
  type Target,
} from '../model/entry.ts';
import { normalizeIp } from '../model/ip.ts';
import { parseTimestamp } from '../model/time.ts';

export interface Limits {
  readonly entryBytes: number;
  readonly futureSeconds: number;
}

/** A valid entry with every default filled in. */
export interface ValidEntry {
  readonly key: string | null;
  readonly action: string;
  readonly occurredAt: number;
  readonly outcome: Outcome;
  readonly severity: number;
  /** Which of the above the producer left to Annals: a repeat that leaves them out again is the same content. */
  readonly defaulted: { readonly occurredAt: boolean; readonly outcome: boolean; readonly severity: boolean };
  readonly component: string | null;
  readonly actor: Actor;
  readonly affectedUser: Person;
  readonly vault: Place | null;
  readonly directory: Place | null;
  readonly targets: readonly Target[];
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly device: string | null;
  readonly session: string | null;
  readonly request: string | null;
  readonly location: string | null;
  readonly changes: readonly Change[] | null;
  readonly metadata: { readonly [key: string]: Json } | null;
}

/** Most UTF-16 code units of each text field. */
const textLimits = { id: 200, name: 500, email: 320, type: 100, short: 200, long: 2000, value: 16_384 } as const;
const mostTargets = 100;
const mostChanges = 200;
const deepestMetadata = 20;

function invalid(path: string, message: string, cure?: string): AnnalsError {
  return new AnnalsError('ENTRY_INVALID', {
    path,
    message: `${path} ${message}`,
    ...(cure === undefined ? {} : { cure }),
  });
}

/** The trimmed-to-null text of a field: absent, null and '' are the same. */
function text(path: string, value: string | null | undefined, limit: number): string | null {
  if (value === null || value === undefined || value === '') return null;
  if (typeof value !== 'string') throw invalid(path, 'must be a string.');
  if (value.length > limit) throw invalid(path, `has ${value.length} characters; at most ${limit} are accepted.`);
  if (value.includes('\0')) throw invalid(path, 'contains the character U+0000, which cannot be stored.');
  if (!value.isWellFormed()) throw invalid(path, 'is not well-formed Unicode: it contains half of a surrogate pair.');
  return value;
}

function identifier(path: string, value: string | null | undefined): string | null {
  const id = text(path, value, textLimits.id);
  if (id?.includes('\u001f')) throw invalid(path, 'contains the control character U+001F.');
  return id;
}

function person(path: string, given: EntryInput['affectedUser']): Person {
  return {
    id: identifier(`${path}.id`, given?.id),
    name: text(`${path}.name`, given?.name, textLimits.name),
    email: text(`${path}.email`, given?.email, textLimits.email),
  };
}

function actor(given: EntryInput['actor']): Actor {
  const stated = person('actor', given);
  const type = given?.type ?? (stated.id === null && stated.name === null ? 'SYSTEM' : 'MEMBER');
  if (!actorTypes.includes(type)) throw invalid('actor.type', `must be one of ${actorTypes.join(', ')}.`);
  return { type, ...stated };
}

function place(path: string, given: EntryInput['vault']): Place | null {
  if (given === null || given === undefined) return null;
  const id = identifier(`${path}.id`, given.id);
  if (id === null) throw invalid(`${path}.id`, 'must not be empty.', `Leave ${path} out where there is none.`);
  return { id, name: text(`${path}.name`, given.name, textLimits.name) };
}

function targets(given: EntryInput['targets']): Target[] {
  if ((given?.length ?? 0) > mostTargets)
    throw invalid('targets', `has ${given?.length} items; at most ${mostTargets} are accepted.`);
  return (given ?? []).map((target, index) => {
    const type = text(`targets[${index}].type`, target.type, textLimits.type);
    if (type === null) throw invalid(`targets[${index}].type`, 'must not be empty.');
    return {
      type,
      id: identifier(`targets[${index}].id`, target.id),
      name: text(`targets[${index}].name`, target.name, textLimits.name),
    };
  });
}

function changes(given: EntryInput['changes']): Change[] | null {
  if (given === null || given === undefined || given.length === 0) return null;
  if (given.length > mostChanges)
    throw invalid('changes', `has ${given.length} items; at most ${mostChanges} are accepted.`);
  return given.map((change, index) => {
    const field = text(`changes[${index}].field`, change.field, textLimits.short);
    if (field === null) throw invalid(`changes[${index}].field`, 'must not be empty.');
    return {
      field,
      before: text(`changes[${index}].before`, change.before, textLimits.value),
      after: text(`changes[${index}].after`, change.after, textLimits.value),
    };
  });
}

function checkJson(path: string, value: unknown, depth: number): void {
  if (depth > deepestMetadata) throw invalid(path, `is nested deeper than ${deepestMetadata} levels.`);
  if (typeof value === 'string') text(path, value, Number.POSITIVE_INFINITY);
  else if (typeof value === 'number' && !Number.isFinite(value)) throw invalid(path, 'must be a finite number.');
  else if (typeof value === 'object' && value !== null) {
    for (const [key, part] of Object.entries(value)) {
      text(`${path} key`, key, textLimits.short);
      checkJson(Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, part, depth + 1);
    }
  } else if (value !== null && !['boolean', 'number'].includes(typeof value)) throw invalid(path, 'must be JSON.');
}

function metadata(given: EntryInput['metadata']): ValidEntry['metadata'] {
  if (given === null || given === undefined) return null;
  if (typeof given !== 'object' || Array.isArray(given)) throw invalid('metadata', 'must be an object.');
  checkJson('metadata', given, 1);
  return Object.keys(given).length === 0 ? null : given;
}

function occurredAt(given: EntryInput['occurredAt'], now: number, limits: Limits): number {
  if (given === null || given === undefined) return now;
  const time = given instanceof Date ? given.getTime() : parseTimestamp(given);
  if (time === null || Number.isNaN(time)) {
    throw invalid(
      'occurredAt',
      'is not an RFC 3339 time with a zone.',
      'Write it like 2026-01-31T09:30:00.000Z or 2026-01-31T10:30:00+01:00.',
    );
  }
  if (time < 0) throw invalid('occurredAt', 'lies before 1970.');
  if (time > now + limits.futureSeconds * 1000) {
    throw new AnnalsError('OCCURRED_IN_FUTURE', {
      path: 'occurredAt',
      message: `occurredAt lies ${Math.round((time - now) / 1000)} s in the future; at most ${limits.futureSeconds} s are accepted.`,
    });
  }
  return time;
}

function severity(given: number | null | undefined, fallback: number): number {
  if (given === null || given === undefined) return fallback;
  if (!Number.isInteger(given) || given < 1 || given > 10)
    throw invalid('severity', `is ${given}; it must be a whole number from 1 to 10.`);
  return given;
}

function ip(given: string | null | undefined): string | null {
  const address = text('ip', given, 60);
  if (address === null) return null;
  if (isIP(address) === 0 || address.includes('%')) throw invalid('ip', 'is not an IPv4 or IPv6 address.');
  return normalizeIp(address);
}

/** Throws the first mistake as an AnnalsError with the field’s path. */
export function validateEntry(
  input: EntryInput,
  catalogue: Pick<Catalogue, 'action'>,
  now: number,
  limits: Limits,
): ValidEntry {
  const action = catalogue.action(input.action);
  if (action === undefined) {
    throw new AnnalsError('UNKNOWN_ACTION', {
      path: 'action',
      message: `No catalogue has the action ${JSON.stringify(String(input.action).slice(0, 200))}.`,
    });
  }
  const outcome = input.outcome ?? action.defaultOutcome;
  if (!outcomes.includes(outcome)) throw invalid('outcome', `must be one of ${outcomes.join(', ')}.`);
  const vault = place('vault', input.vault);
  return {
    key: text('idempotencyKey', input.idempotencyKey, textLimits.short),
    action: action.key,
    occurredAt: occurredAt(input.occurredAt, now, limits),
    outcome,
    severity: severity(input.severity, action.severity),
    defaulted: {
      occurredAt: (input.occurredAt ?? null) === null,
      outcome: (input.outcome ?? null) === null,
      severity: (input.severity ?? null) === null,
    },
    component: text('component', input.component, textLimits.type),
    actor: actor(input.actor),
    affectedUser: person('affectedUser', input.affectedUser),
    vault,
    directory: place('directory', input.directory) ?? vault,
    targets: targets(input.targets),
    ip: ip(input.ip),
    userAgent: text('userAgent', input.userAgent, textLimits.long),
    device: text('device', input.device, textLimits.short),
    session: text('session', input.session, textLimits.short),
    request: text('request', input.request, textLimits.short),
    location: text('location', input.location, textLimits.short),
    changes: changes(input.changes),
    metadata: metadata(input.metadata),
  };
}

/** The entry, or its metadata, as JSON text. What JSON cannot say (cycles, big integers) or is nested too deep to write is refused. */
function jsonText(input: EntryInput | EntryInput['metadata']): string {
  try {
    return JSON.stringify(input);
  } catch (cause) {
    throw new AnnalsError('ENTRY_INVALID', {
      message: 'The entry cannot be written as JSON: it is nested too deep, or holds what JSON has no form for.',
      cause,
    });
  }
}

/** Field names, punctuation and numbers of an entry, with room to spare; and of one target or change. */
const frameBytes = 1000;
const itemBytes = 100;

/** A UTF-16 code unit takes at most six bytes in JSON text. */
const textBytes = (...texts: readonly unknown[]): number =>
  texts.reduce<number>((sum, one) => sum + (typeof one === 'string' ? one.length * 6 : 0), 0);

/** At least the bytes of the entry’s JSON text, metadata aside, without writing it. */
function mostBytes(input: EntryInput): number {
  const { actor, affectedUser, vault, directory } = input;
  let bytes = frameBytes;
  bytes += textBytes(input.idempotencyKey, input.action, input.occurredAt, input.outcome, input.component, input.ip);
  bytes += textBytes(input.userAgent, input.device, input.session, input.request, input.location);
  bytes += textBytes(actor?.type, actor?.id, actor?.name, actor?.email);
  bytes += textBytes(affectedUser?.id, affectedUser?.name, affectedUser?.email);
  bytes += textBytes(vault?.id, vault?.name, directory?.id, directory?.name);
  for (const { type, id, name } of input.targets ?? []) bytes += itemBytes + textBytes(type, id, name);
  for (const { field, before, after } of input.changes ?? []) bytes += itemBytes + textBytes(field, before, after);
  return bytes;
}

/** Throws ENTRY_TOO_LARGE when the stated entry exceeds the limit as JSON text. */
export function checkSize(input: EntryInput, limits: Limits): void {
  // Nearly every entry is far below the limit, and seen to be without writing it a second time.
  const metadataBytes = input.metadata ? Buffer.byteLength(jsonText(input.metadata)) : 0;
  if (mostBytes(input) + metadataBytes <= limits.entryBytes) return;
  const bytes = Buffer.byteLength(jsonText(input));
  if (bytes <= limits.entryBytes) return;
  throw new AnnalsError('ENTRY_TOO_LARGE', {
    message: `The entry has ${bytes} bytes as JSON; at most ${limits.entryBytes} are accepted.`,
  });
}
