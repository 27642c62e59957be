/** Pages of what managers see, each after the last of the one before. */
import { badInput } from './checks.ts';

export interface ListPage<T> {
  readonly nodes: readonly T[];
  readonly hasNextPage: boolean;
  /** For `after`; null on an empty page. */
  readonly endCursor: string | null;
}

export interface ListRequest {
  /** 0 to 500; by default 50. */
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

const most = 500;

export function sizeOf({ first }: ListRequest): number {
  const size = first ?? 50;
  if (size >= 0 && size <= most) return size;
  throw badInput('first', `is ${size}; it must be from 0 to ${most}.`);
}

/** One more row than asked for was read: whether there is a next page costs no statement of its own. */
export function pageOf<T>(rows: readonly T[], size: number, cursorOf: (row: T) => string): ListPage<T> {
  const nodes = rows.slice(0, size);
  const last = nodes.at(-1);
  return { nodes, hasNextPage: rows.length > size, endCursor: last === undefined ? null : cursorOf(last) };
}
