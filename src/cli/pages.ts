/** Pages of the log from a running server, one after the other. */
import { builtOperation, type Client } from './client.ts';
import { type Entry, selectionOf } from './fields.ts';
import type { LogFilter } from './generated/graphql.ts';

/** The largest page that the API gives. */
const pageEntries = 500;

export interface Order {
  readonly field: 'RECORDED_AT' | 'OCCURRED_AT';
  readonly direction: 'ASC' | 'DESC';
}

/** A root field that answers with a page of the log, and what it takes beside what `logs` takes. */
export interface Root {
  readonly field: 'logs' | 'history' | 'accountChanges';
  /** Of its own variables, such as `$of: HistorySubject!, `. */
  readonly declared: string;
  /** Of its own arguments, such as `of: $of, `. */
  readonly given: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

export const logsRoot: Root = { field: 'logs', declared: '', given: '', variables: {} };

export interface PagesRequest {
  readonly filter: LogFilter | null;
  readonly order: Order;
  readonly fields: readonly string[];
  /** At most so many; null all. */
  readonly first: number | null;
  readonly after: string | null;
  /** `logs` unless stated. */
  readonly root?: Root;
  /** Whether the first page carries the log’s head, from which a stream goes on where the page is empty. */
  readonly head?: true;
}

export interface Page {
  readonly entries: readonly Entry[];
  /** Whether there is more behind it. */
  readonly more: boolean;
  /** Of its last entry; null on an empty page. */
  readonly endCursor: string | null;
  /** Null where it was not asked for. */
  readonly headCursor: string | null;
}

interface Connection {
  readonly edges: readonly { readonly cursor?: string; readonly node: Entry }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly headCursor?: string;
}

interface LogsVariables extends Pick<PagesRequest, 'filter' | 'order' | 'after'> {
  readonly first: number | null;
  readonly last: number | null;
}

/** An edge as an entry: with its cursor where that was asked for. */
const entryOf = ({ cursor, node }: Connection['edges'][number]): Entry =>
  cursor === undefined ? node : { cursor, ...node };

/** The head’s cursor costs the server a statement on most pages: asked for where it is used. */
export async function onePage(
  client: Client,
  variables: LogsVariables,
  { fields, head, root = logsRoot }: Pick<PagesRequest, 'fields' | 'root'> & { readonly head: boolean },
): Promise<Page> {
  const edge = `${fields.includes('cursor') ? 'cursor ' : ''}node { ${selectionOf(fields)} }`;
  const text =
    `query (${root.declared}$first: Int, $last: Int, $after: String, $filter: LogFilter, $order: LogOrder) { ` +
    `page: ${root.field}(${root.given}first: $first, last: $last, after: $after, filter: $filter, order: $order) { ` +
    `edges { ${edge} } pageInfo { hasNextPage endCursor }${head ? ' headCursor' : ''} } }`;
  const operation = builtOperation<{ readonly page: Connection }, LogsVariables>(text);
  const { page } = await client.request(operation, { ...variables, ...root.variables });
  return {
    entries: page.edges.map(entryOf),
    more: page.pageInfo.hasNextPage,
    endCursor: page.pageInfo.endCursor,
    headCursor: page.headCursor ?? null,
  };
}

/** How many entries there are; capped, and then not exact. */
export async function countEntries(client: Client, filter: LogFilter | null, root: Root) {
  const text =
    `query (${root.declared}$filter: LogFilter) { ` +
    `page: ${root.field}(${root.given}first: 0, filter: $filter) { totalCount totalCountIsExact } }`;
  interface Counted {
    readonly page: { readonly totalCount: number; readonly totalCountIsExact: boolean };
  }
  const operation = builtOperation<Counted, { readonly filter: LogFilter | null }>(text);
  return (await client.request(operation, { filter, ...root.variables })).page;
}

/** Page after page until the end, or until `first` entries are there; one page is held at a time. */
export async function* pages(client: Client, request: PagesRequest): AsyncGenerator<Page, void, void> {
  const { filter, order, fields, root = logsRoot } = request;
  let left = request.first ?? Number.POSITIVE_INFINITY;
  let { after, head = false } = request;
  for (;;) {
    const first = Math.min(left, pageEntries);
    const page = await onePage(client, { filter, order, after, first, last: null }, { fields, head, root });
    head = false;
    yield page;
    left -= page.entries.length;
    after = page.endCursor;
    if (!page.more || left <= 0) return;
  }
}
