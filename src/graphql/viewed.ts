/** What is asked through a saved view: by its filter, as the caller may use it now, and by the filter that is given beside it. */
import type { ViewInUse } from '../administration/administration.ts';
import type { Principal } from '../auth/auth.ts';
import { AnnalsError } from '../errors.ts';
import type { LogFilter } from '../query/query.ts';
import { bareFilter } from './bareFilter.ts';
import { builder } from './builder.ts';
import type { Services } from './context.ts';
import { viewUuid } from './ids.ts';

/** The argument of every root field that takes a filter. */
export const viewArgs = builder.args((t) => ({
  view: t.id({
    description:
      'Id of a saved view: only entries that match its filter and lie in its period, judged by your rights, and `filter` beside it. Cursors are those of the same filter without the view.',
  }),
}));

export interface Asked {
  readonly view?: string | null | undefined;
  readonly filter?: LogFilter | null | undefined;
}

export interface Viewed {
  /** With the product’s own ids; null for everything. */
  readonly filter: LogFilter | null;
  /** The view’s; null without one. */
  readonly order: ViewInUse['order'] | null;
}

/** Errors: VIEW_NOT_FOUND, VIEW_OUTDATED, FIELD_HIDDEN. */
export async function throughView(
  { administration }: Pick<Services, 'administration'>,
  principal: Principal,
  { view, filter }: Asked,
): Promise<Viewed> {
  const own = bareFilter(filter);
  if (view === null || view === undefined) return { filter: own, order: null };
  const id = viewUuid(view);
  if (id === null) throw new AnnalsError('VIEW_NOT_FOUND', { path: 'view' });
  const used = await administration.useView(principal, id);
  const both = used.filter === null || own === null ? (used.filter ?? own) : { and: [used.filter, own] };
  return { filter: both, order: used.order };
}
