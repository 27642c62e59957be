/**
 * The questions that people bring to a log. Each is a filter that somebody would otherwise write, or counts under the same
 * predicate as everything else here: visibility, and whose entries they are.
 */
import type { Principal } from '../auth/auth.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { AnnalsError } from '../errors.ts';
import { both, normalize, type Predicate, type PredicateField } from '../model/predicate.ts';
import type { HideableField } from '../model/role.ts';
import { mostAheadMs } from '../model/time.ts';
import type { Store, StoredSecret } from '../store/store.ts';
import type { Sight } from '../visibility/visibility.ts';
import { bad, momentOf } from './conditions.ts';
import { dimensionOf } from './dimensions.ts';
import type { LogFilter } from './filter.ts';
import { isStorable } from './names.ts';
import { extentOf } from './page.ts';
import type { LogPage, PageArguments } from './query.ts';
import { planStatistics } from './rollUps.ts';

/** Exactly one of them: an id as entries state it. */
export interface HistorySubject {
  readonly item?: string | null;
  /** A vault or a folder. */
  readonly directory?: string | null;
  readonly member?: string | null;
}

/** RFC 3339 times, by the source’s clock; `until` is exclusive, and now and all that is later without it. */
interface Asked {
  readonly actor: string;
  readonly since: string;
  readonly until?: string | null;
  readonly first?: number | null;
}

export interface OpenedSecrets {
  /** The one that was opened last comes first. */
  readonly secrets: readonly StoredSecret[];
  /** How many there are among the entries looked at, shown or not. */
  readonly secretCount: number;
  /** False where there are more entries than are looked at: those recorded last are. */
  readonly complete: boolean;
}

export const newValueFields = ['DEVICE', 'IP', 'ACTION'] as const;
export type NewValueField = (typeof newValueFields)[number];

export interface NewValue {
  /** An action’s key, a device, an address. */
  readonly value: string;
  readonly field: NewValueField;
  readonly count: number;
  readonly first: number;
  readonly last: number;
  /** Id of the entry. */
  readonly firstEntry: string;
}

export interface NewValues {
  readonly values: readonly NewValue[];
  readonly valueCount: number;
  /** False where the period has more entries than are looked at. */
  readonly complete: boolean;
  /** False where more entries lie before the period than are looked at: an older one may have a value that is shown as new. */
  readonly comparedWithAll: boolean;
}

export interface StoppedArguments {
  readonly filter?: LogFilter | null;
  readonly since: string;
  readonly quietSince: string;
  readonly until?: string | null;
  readonly atLeast?: number | null;
  readonly first?: number | null;
}

export interface StoppedAction {
  readonly action: string;
  readonly count: number;
  readonly first: number | null;
  readonly last: number | null;
}

export interface StoppedActions {
  /** The most frequent first. */
  readonly actions: readonly StoppedAction[];
  readonly actionCount: number;
}

export interface Questions {
  /** All that happened to an item, in a vault or folder, or by and to a member. Errors: those of `logs`, BAD_INPUT. */
  history(principal: Principal, of: HistorySubject, page: PageArguments): Promise<LogPage>;
  /** What others did to an account, the principal’s own where none is named. Errors: those of `logs`, BAD_INPUT. */
  accountChanges(principal: Principal, member: string | null, page: PageArguments): Promise<LogPage>;
  /** Which secrets a person opened. Errors: BAD_INPUT, FIELD_HIDDEN, PAGE_TOO_LARGE, FORBIDDEN, STATEMENT_TIMEOUT. */
  openedSecrets(principal: Principal, asked: Asked): Promise<OpenedSecrets>;
  /** Values that a person’s entries have for the first time. Errors: as of `openedSecrets`. */
  newValues(principal: Principal, asked: Asked & { readonly field: NewValueField }): Promise<NewValues>;
  /** Actions that occurred in an earlier window, and not in a later one. Errors: those of `logs`, BAD_INPUT. */
  stoppedActions(principal: Principal, asked: StoppedArguments): Promise<StoppedActions>;
}

export interface QuestionDeps {
  readonly store: Pick<Store, 'findActors' | 'readFirstSeen' | 'readOpened' | 'readStatistics'>;
  readonly catalogue: Catalogue;
  readonly actionNumber: (key: string) => number | undefined;
  readonly actionKey: (number: number) => string;
  readonly resolve: (
    principal: Principal,
    filter: LogFilter | null | undefined,
  ) => Promise<{ readonly sight: Sight; readonly predicate: Predicate }>;
  readonly logs: (principal: Principal, page: PageArguments) => Promise<LogPage>;
  /** Whether entries are counted ahead. */
  readonly rollUps: boolean;
}

/** Entries that open a secret: so many, the newest, are looked at. */
export const mostOpenings = 10_000;
/** Entries of a period, and as many before it. */
export const mostCompared = 100_000;
/** More actions than there can ever be. */
const everyAction = 2 ** 31 - 1;

const oneOf = (field: PredicateField, values: Iterable<string | number>): Predicate => ({
  op: 'in',
  field,
  values: new Set(values),
});

const happened = (gte: number | null, lt: number | null): Predicate => ({ op: 'range', field: 'occurredAt', gte, lt });
/** What happened since then was not recorded much earlier: older partitions are not read. */
const recordedFor = (since: number): Predicate => ({
  op: 'range',
  field: 'recordedAt',
  gte: since - mostAheadMs,
  lt: null,
});

function refuseHidden(principal: Principal, field: HideableField, path: string, what: string): void {
  if (!principal.role.hiddenFields.has(field)) return;
  throw new AnnalsError('FIELD_HIDDEN', { path, message: `${path}: your role may not ask for ${what}.` });
}

/** Errors: BAD_INPUT for what is no time, and for a period without a moment in it. */
function periodOf({ since, until }: Pick<Asked, 'since' | 'until'>): { since: number; until: number | null } {
  const from = momentOf(since, 'since');
  const to = typeof until === 'string' ? momentOf(until, 'until') : null;
  if (to !== null && to <= from) throw bad('until', 'it must be later than since.');
  return { since: from, until: to };
}

/** The filter of a subject: whoever writes it in `logs` reads the same. */
function historyFilter(principal: Principal, of: HistorySubject): LogFilter {
  const stated = Object.entries(of).filter(([, id]) => typeof id === 'string');
  if (stated.length !== 1) {
    throw bad('of', `it names ${stated.length} subjects.`, 'Name exactly one: an item, a directory or a member.');
  }
  const { item, directory, member } = of;
  if (typeof item === 'string') {
    refuseHidden(principal, 'TARGETS', 'of.item', 'the history of an item');
    return { target: { in: [item] } };
  }
  if (typeof directory === 'string') return { directory: { under: [directory] } };
  const id = member ?? '';
  return { or: [{ actor: { in: [id] } }, { affectedUser: { in: [id] } }] };
}

const narrowed = (canned: LogFilter, filter: LogFilter | null | undefined): LogFilter =>
  filter ? { and: [canned, filter] } : canned;

interface StoppedQuestion {
  readonly predicate: Predicate;
  readonly since: number;
  readonly quietSince: number;
  readonly atLeast: number;
  readonly limit: number;
}

/** Two buckets, the later one without an end: an action has stopped that was counted in the first alone. */
async function countStopped(
  deps: QuestionDeps,
  { organization }: Principal,
  { predicate, since, quietSince, atLeast, limit }: StoppedQuestion,
): Promise<StoppedActions> {
  const bounds = [since, quietSince];
  const rows = await deps.store.readStatistics({
    organization,
    time: 'occurredAt',
    bounds,
    groupings: [dimensionOf('ACTION', deps)],
    top: everyAction,
    distinctActors: false,
    ...planStatistics(predicate, 'occurredAt', bounds, deps.rollUps ? ['action'] : null),
  });
  const ranked = rows.filter((row) => (row.rank ?? 0) > 0);
  const again = new Set(ranked.filter(({ bucket }) => bucket === 2).map(({ rank }) => rank));
  const stopped = ranked
    .filter(({ bucket, rank, count }) => bucket === 1 && !again.has(rank) && count >= atLeast)
    .sort((one, other) => (one.rank ?? 0) - (other.rank ?? 0));
  const actions = stopped.slice(0, limit).map(({ keys: [key], count, first, last }) => ({
    action: deps.actionKey(Number(key)),
    count,
    first,
    last,
  }));
  return { actions, actionCount: stopped.length };
}

export function openQuestions(deps: QuestionDeps): Questions {
  const { catalogue, store } = deps;
  const opens = new Map(
    catalogue.actions.flatMap(({ key, opens }) => {
      const number = deps.actionNumber(key);
      return opens === null || number === undefined ? [] : [[number, opens] as const];
    }),
  );
  const accountActions = catalogue.actions.filter(({ aboutAccount }) => aboutAccount).map(({ key }) => key);

  /** The actors that an id stands for. */
  const actorsWith = async (principal: Principal, id: string): Promise<Predicate> => {
    const found = await store.findActors(principal.organization, [id].filter(isStorable));
    return oneOf(
      'actor',
      found.map(({ number }) => number),
    );
  };

  const everything = (...of: Predicate[]): Predicate => normalize({ op: 'and', of });

  return {
    async history(principal, of, page) {
      return deps.logs(principal, { ...page, filter: narrowed(historyFilter(principal, of), page.filter) });
    },

    async accountChanges(principal, member, page) {
      const account = member ?? principal.member?.externalId;
      if (account === undefined) {
        throw bad('member', 'your credential stands for no member.', 'State whose account it is about.');
      }
      const canned: LogFilter = {
        affectedUser: { in: [account] },
        actor: { notIn: [account], type: { in: ['MEMBER', 'TOKEN'] } },
        action: { in: accountActions },
      };
      return deps.logs(principal, { ...page, filter: narrowed(canned, page.filter) });
    },

    async openedSecrets(principal, asked) {
      refuseHidden(principal, 'TARGETS', 'openedSecrets', 'what was opened');
      const { since, until } = periodOf(asked);
      const { count: limit } = extentOf({ first: asked.first ?? null });
      const [{ predicate: seen }, who] = await Promise.all([
        deps.resolve(principal, null),
        actorsWith(principal, asked.actor),
      ]);
      const opened = oneOf('action', opens.keys());
      const failed = oneOf('outcome', ['FAILURE', 'DENIED']);
      const predicate = everything(
        seen,
        who,
        opened,
        { op: 'not', of: failed },
        happened(since, until),
        recordedFor(since),
      );
      return store.readOpened({ organization: principal.organization, predicate, opens, looked: mostOpenings, limit });
    },

    async newValues(principal, { field, ...asked }) {
      if (field !== 'ACTION') refuseHidden(principal, field, 'field', field === 'IP' ? 'addresses' : 'devices');
      const { since, until } = periodOf(asked);
      const { count: limit } = extentOf({ first: asked.first ?? null });
      const [{ predicate: seen }, who] = await Promise.all([
        deps.resolve(principal, null),
        actorsWith(principal, asked.actor),
      ]);
      const column = ({ DEVICE: 'device', IP: 'ip', ACTION: 'action' } as const)[field];
      const { compared, values, ...found } = await store.readFirstSeen({
        organization: principal.organization,
        field: column,
        period: everything(seen, who, happened(since, until), recordedFor(since)),
        before: everything(seen, who, happened(null, since)),
        looked: mostCompared,
        // Their numbers say nothing to a reader: they are put in order by their keys.
        limit: field === 'ACTION' ? everyAction : limit,
      });
      const { read } = dimensionOf(field === 'ACTION' ? 'ACTION' : 'IP', deps);
      const nobody = { actors: new Map(), directories: new Map() };
      const named = values.map(({ value, ...rest }) => ({
        ...rest,
        field,
        value: (field === 'DEVICE' ? null : read(value, nobody).value) ?? String(value),
      }));
      if (field === 'ACTION') {
        named.sort((one, other) => other.first - one.first || (one.value < other.value ? -1 : 1));
      }
      return { ...found, values: named.slice(0, limit), comparedWithAll: compared };
    },

    async stoppedActions(principal, asked) {
      const { since, until } = periodOf(asked);
      const quietSince = momentOf(asked.quietSince, 'quietSince');
      if (quietSince <= since || (until !== null && quietSince >= until)) {
        throw bad('quietSince', 'it must be later than since, and earlier than until.');
      }
      const atLeast = asked.atLeast ?? 1;
      if (!Number.isInteger(atLeast) || atLeast < 1) {
        throw bad('atLeast', `${atLeast} is not a whole number from 1.`);
      }
      const { count: limit } = extentOf({ first: asked.first ?? null });
      const { predicate: seen } = await deps.resolve(principal, asked.filter);
      const predicate = both(seen, happened(since, until));
      return countStopped(deps, principal, { predicate, since, quietSince, atLeast, limit });
    },
  };
}
