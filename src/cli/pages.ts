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

export interface PagesRequest {
  readonly filter: LogFilter | null;
  readonly order: Order;
  readonly fields: readonly string[];
  /** At most so many; null all. */
  readonly first: number | null;
  readonly after: string | null;
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

interface LogsResult {
  readonly logs: {
    readonly edges: readonly { readonly cursor?: string; readonly node: Entry }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    readonly headCursor?: string;
  };
}

interface LogsVariables extends Pick<PagesRequest, 'filter' | 'order' | 'after'> {
  readonly first: number | null;
  readonly last: number | null;
}

/** An edge as an entry: with its cursor where that was asked for. */
const entryOf = ({ cursor, node }: LogsResult['logs']['edges'][number]): Entry =>
  cursor === undefined ? node : { cursor, ...node };

/** The head’s cursor costs the server a statement on most pages: asked for where it is used. */
export async function onePage(
  client: Client,
  variables: LogsVariables,
  { fields, head }: { readonly fields: readonly string[]; readonly head: boolean },
): Promise<Page> {
  const edge = `${fields.includes('cursor') ? 'cursor ' : ''}node { ${selectionOf(fields)} }`;
  const text =
    'query ($first: Int, $last: Int, $after: String, $filter: LogFilter, $order: LogOrder) { ' +
    'logs(first: $first, last: $last, after: $after, filter: $filter, order: $order) { ' +
    `edges { ${edge} } pageInfo { hasNextPage endCursor }${head ? ' headCursor' : ''} } }`;
  const { logs } = await client.request(builtOperation<LogsResult, LogsVariables>(text), variables);
  return {
    entries: logs.edges.map(entryOf),
    more: logs.pageInfo.hasNextPage,
    endCursor: logs.pageInfo.endCursor,
    headCursor: logs.headCursor ?? null,
  };
}

/** Page after page until the end, or until `first` entries are there; one page is held at a time. */
export async function* pages(client: Client, request: PagesRequest): AsyncGenerator<Page, void, void> {
  const { filter, order, fields } = request;
  let left = request.first ?? Number.POSITIVE_INFINITY;
  let { after, head = false } = request;
  for (;;) {
    const first = Math.min(left, pageEntries);
    const page = await onePage(client, { filter, order, after, first, last: null }, { fields, head });
    head = false;
    yield page;
    left -= page.entries.length;
    after = page.endCursor;
    if (!page.more || left <= 0) return;
  }
}
