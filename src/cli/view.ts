/** The option that names a saved view of the server. */
import { AnnalsError, errorTable } from '../errors.ts';
import { isUuid } from '../model/uuid.ts';
import type { Client } from './client.ts';
import type { Given } from './command.ts';
import { type ChosenViewFragment, type LogFilter, ViewByIdDocument, ViewsByNameDocument } from './generated/graphql.ts';
import { text, usage } from './options.ts';
import type { Order } from './pages.ts';

export interface ChosenView {
  /** Filter and period; null for everything. */
  readonly filter: LogFilter | null;
  readonly order: Order;
  /** Fields of its columns; null where it has none. */
  readonly fields: readonly string[] | null;
}

async function find(client: Client, view: string): Promise<ChosenViewFragment> {
  if (isUuid(view.replace(/^view:/, '').toLowerCase())) {
    const { savedView } = await client.request(ViewByIdDocument, { id: view });
    if (savedView !== null) return savedView;
    throw new AnnalsError('VIEW_NOT_FOUND');
  }
  const { nodes } = (await client.request(ViewsByNameDocument, { name: view })).savedViews;
  const own = nodes.filter(({ mine }) => mine);
  const [found, ...others] = own.length > 0 ? own : nodes;
  if (found === undefined)
    throw new AnnalsError('VIEW_NOT_FOUND', { message: `There is no view ${JSON.stringify(view)}.` });
  if (others.length === 0) return found;
  const ids = [found, ...others].map(({ id }) => id).join(', ');
  throw usage(`${others.length + 1} views are called ${JSON.stringify(view)}.`, `Name one by its id: ${ids}.`);
}

/** `AFFECTED_USER` → `affectedUser`; of the action, its key, as tables have it. */
const fieldOf = (column: string): string =>
  column === 'ACTION'
    ? 'action.key'
    : column.toLowerCase().replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** The view that the options name; null for none. Errors: VIEW_NOT_FOUND, VIEW_OUTDATED, FIELD_HIDDEN. */
export async function viewOf(client: Client, options: Given): Promise<ChosenView | null> {
  const name = text(options, 'view');
  if (name === undefined) return null;
  const { problem, wholeFilter, order, columns } = await find(client, name);
  if (problem !== null) {
    const { code, message, cure } = problem;
    throw new AnnalsError(Object.keys(errorTable).find(isCode(code)) ?? 'INTERNAL', { message, cure });
  }
  return {
    filter: wholeFilter as LogFilter | null,
    order,
    fields: columns.length === 0 ? null : columns.map(fieldOf),
  };
}

const isCode =
  (code: string) =>
  (known: string): known is keyof typeof errorTable =>
    known === code;

/** What the view and the other options let through, said as the server says it. */
export function throughView(view: ChosenView | null, own: LogFilter | null): LogFilter | null {
  if (view === null || view.filter === null) return own;
  return own === null ? view.filter : { and: [view.filter, own] };
}
