/** What the questions must answer, entry by entry. Written from docs/questions.md; shares no code with what it judges. */
import type { Catalogue } from '../../src/catalogue/catalogue.ts';
import type { NewValueField } from '../../src/query/query.ts';
import type { Recorded } from './oracle.ts';

export const occurredAt = ({ input, recordedAt }: Recorded): number =>
  input.occurredAt == null ? recordedAt : new Date(input.occurredAt).getTime();

const isIn = (entry: Recorded, gte: number, lt: number | null) =>
  occurredAt(entry) >= gte && (lt === null || occurredAt(entry) < lt);

/** Byte by byte; null last. */
const compare = (one: string | null, other: string | null): number =>
  one === null || other === null
    ? Number(one === null) - Number(other === null)
    : Buffer.compare(Buffer.from(one), Buffer.from(other));

const times = (list: readonly Recorded[]) => ({
  count: list.length,
  first: Math.min(...list.map(occurredAt)),
  last: Math.max(...list.map(occurredAt)),
});

/** In the order of the log; later ones of one time win. */
const latest = (list: readonly Recorded[]) =>
  list.reduce((found, entry) => (occurredAt(entry) >= occurredAt(found) ? entry : found));
const earliest = (list: readonly Recorded[]) =>
  list.reduce((found, entry) => (occurredAt(entry) < occurredAt(found) ? entry : found));

type Named = { readonly id?: string | null; readonly name?: string | null };

/** What the entry opened; one thing without a name where it does not say. */
function openedBy({ input }: Recorded, opens: string): Named[] {
  const { vault, directory, targets } = input;
  const found = {
    vault: vault ? [vault] : [],
    directory: (directory ?? vault) ? [directory ?? vault ?? {}] : [],
  }[opens];
  const named: Named[] = found ?? (targets ?? []).filter(({ type }) => type === opens);
  return named.length === 0 ? [{}] : named;
}

export interface OpenedQuestion {
  readonly actor: string;
  readonly since: number;
  readonly until: number | null;
}

export function openedByHand(entries: readonly Recorded[], question: OpenedQuestion, catalogue: Catalogue) {
  const facts = entries.flatMap((entry) => {
    const action = catalogue.action(entry.input.action);
    const opens = action?.opens ?? null;
    const outcome = entry.input.outcome ?? action?.defaultOutcome;
    if (opens === null || entry.input.actor?.id !== question.actor || !isIn(entry, question.since, question.until)) {
      return [];
    }
    if (outcome === 'FAILURE' || outcome === 'DENIED') return [];
    return openedBy(entry, opens).map((one) => ({ type: opens, id: one.id ?? null, name: one.name ?? null, entry }));
  });
  const groups = Map.groupBy(facts, ({ type, id, name }) => JSON.stringify([type, id, id === null ? name : null]));
  return [...groups.values()]
    .map((group) => {
      const [{ type, id } = { type: '', id: null }] = group;
      const list = [...new Set(group.map(({ entry }) => entry))];
      const names = group.filter(({ name }) => name !== null);
      const newestNamed = names.length === 0 ? null : latest(names.map(({ entry }) => entry));
      // An entry may name the same id twice, by two names.
      const possible = names.filter(({ entry }) => entry === newestNamed).map(({ name }) => name);
      return { type, id, possible, ...times(list), newest: latest(list).id };
    })
    .sort(
      (one, other) =>
        other.last - one.last ||
        compare(one.type, other.type) ||
        compare(one.id, other.id) ||
        compare(one.possible[0] ?? null, other.possible[0] ?? null),
    );
}

function valueIn(field: NewValueField, { input }: Recorded): string | null {
  switch (field) {
    case 'ACTION':
      return input.action;
    case 'DEVICE':
      return input.device ?? null;
    case 'IP':
      return input.ip?.replace('::ffff:', '') ?? null;
  }
}

export function newByHand(entries: readonly Recorded[], question: OpenedQuestion & { readonly field: NewValueField }) {
  const own = entries.filter(({ input }) => input.actor?.id === question.actor);
  const before = new Set(
    own.filter((entry) => occurredAt(entry) < question.since).map((entry) => valueIn(question.field, entry)),
  );
  const fresh = own.filter((entry) => isIn(entry, question.since, question.until));
  return [...Map.groupBy(fresh, (entry) => valueIn(question.field, entry))]
    .flatMap(([value, list]) =>
      value === null || before.has(value)
        ? []
        : [{ value, field: question.field, ...times(list), firstEntry: earliest(list).id }],
    )
    .sort((one, other) => other.first - one.first || compare(one.value, other.value));
}

export function stoppedByHand(
  entries: readonly Recorded[],
  { since, quietSince, until, atLeast }: { since: number; quietSince: number; until: number | null; atLeast: number },
) {
  return [...Map.groupBy(entries, ({ input }) => input.action)]
    .flatMap(([action, list]) => {
      const earlier = list.filter((entry) => isIn(entry, since, quietSince));
      const again = list.some((entry) => isIn(entry, quietSince, until));
      return again || earlier.length < atLeast ? [] : [{ action, ...times(earlier) }];
    })
    .sort((one, other) => other.count - one.count || compare(one.action, other.action));
}
