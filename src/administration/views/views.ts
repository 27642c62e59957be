/** Saved views, as those who may use them find and use them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Principal, requirePermission } from '../../auth/auth.ts';
import { AnnalsError } from '../../errors.ts';
import { isUuid } from '../../model/uuid.ts';
import type { LogFilter } from '../../query/query.ts';
import type { Store, ViewRecord } from '../../store/store.ts';
import { badInput } from '../checks.ts';
import { type ListPage, type ListRequest, pageOf, sizeOf } from '../pages.ts';
import { type FilterLanguage, usableFilter } from './language.ts';
import { readerOf } from './reader.ts';
import { orderOf, type ShownView, shownView, type ViewOrder } from './shown.ts';

/** What a read through a view reads. */
export interface ViewInUse {
  /** With the product’s own ids; null for everything. */
  readonly filter: LogFilter | null;
  readonly order: ViewOrder;
}

/** All need the permission READ. A view that the principal may not use is absent. */
export interface Views {
  /** The principal’s own and those that are shared with its role, oldest first; for who manages roles, with those within it. */
  views(
    principal: Principal,
    request: ListRequest & { readonly name?: string | null | undefined },
  ): Promise<ListPage<ShownView>>;
  /** By UUID. */
  view(principal: Principal, id: string): Promise<ShownView | null>;
  /**
   * What the view filters by, judged by the rights that the principal has now. Errors: VIEW_NOT_FOUND, VIEW_OUTDATED,
   * FIELD_HIDDEN.
   */
  useView(principal: Principal, id: string): Promise<ViewInUse>;
}

export function openViews({ administration }: Pick<Store, 'administration'>, language: FilterLanguage): Views {
  const find = async (principal: Principal, id: string) => {
    requirePermission(principal, 'READ');
    const reader = await readerOf(administration, principal);
    const record: ViewRecord | null = await administration.findView(principal.organization, reader, id);
    return { reader, record };
  };
  return {
    async views(principal, request) {
      requirePermission(principal, 'READ');
      const limit = sizeOf(request);
      const { after = null, name = null } = request;
      if (after !== null && !isUuid(after)) throw new AnnalsError('BAD_CURSOR', { path: 'after' });
      if (name?.includes('\0') || name?.isWellFormed() === false)
        throw badInput('name', 'is not text that can be stored.');
      const reader = await readerOf(administration, principal);
      const page = { after, limit: limit + 1, name };
      const { nodes, ...rest } = pageOf(
        await administration.pageViews(principal.organization, reader, page),
        limit,
        ({ id }) => id,
      );
      const shown: ShownView[] = [];
      for (const record of nodes) {
        shown.push(await shownView(language, principal, reader, record));
        // Judging a filter is work for the processor alone; the rest of the process gets its turn between two.
        await nextTurn();
      }
      return { nodes: shown, ...rest };
    },
    async view(principal, id) {
      const { reader, record } = await find(principal, id);
      return record === null ? null : shownView(language, principal, reader, record);
    },
    async useView(principal, id) {
      const { record } = await find(principal, id);
      if (record === null) throw new AnnalsError('VIEW_NOT_FOUND', { path: 'view' });
      return { filter: await usableFilter(language, principal, record), order: orderOf(record) };
    },
  };
}
