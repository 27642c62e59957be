import { AnnalsError, type ErrorCode, errorTable } from '../../errors.ts';
import { type Client, findServer, openClient } from '../client.ts';
import type { CommandInput, Given } from '../command.ts';
import { filterOf } from '../filterOptions.ts';
import { type Batch, follow } from '../follow.ts';
import type { LogFilter } from '../generated/graphql.ts';
import { has, operandsOf, text, usage, wholeNumber } from '../options.ts';
import { type Output, printable } from '../output.ts';
import { onePage, type Page, pages } from '../pages.ts';
import { type Shown, shownBy } from '../show.ts';
import { openTailState, type TailState } from '../tailState.ts';
import { throughView, viewOf } from '../view.ts';

/** Entries to begin with when nobody says otherwise. */
const fewEntries = 10;
const oldestFirst = { field: 'RECORDED_AT', direction: 'ASC' } as const;

/** Aborts at the first SIGINT or SIGTERM; a second one ends the process as it always does. */
function untilAsked(): { readonly signal: AbortSignal } & Disposable {
  const control = new AbortController();
  const stop = () => {
    control.abort();
    release();
  };
  const release = () => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, stop);
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, stop);
  return { signal: control.signal, [Symbol.dispose]: release };
}

interface Tailing {
  readonly client: Client;
  readonly filter: LogFilter | null;
  readonly shown: Shown;
  readonly state: TailState;
  readonly out: Output;
}

/** What comes before the stream; returns the cursor from which the stream goes on. */
async function printHistory(tailing: Tailing, options: Given, signal: AbortSignal): Promise<string> {
  const { client, filter, shown, state, out } = tailing;
  const print = async (page: Page): Promise<string> => {
    if (page.entries.length > 0) await out.write(shown.lines(page.entries));
    const cursor = page.endCursor ?? page.headCursor ?? '';
    await state.save(filter, cursor);
    return cursor;
  };
  const { fields } = shown;
  if (options.since === undefined) {
    const last = wholeNumber(options, 'last', 0, 500) ?? fewEntries;
    const variables = { filter, order: oldestFirst, after: null, first: null, last };
    return print(await onePage(client, variables, { fields, head: true }));
  }
  let cursor = '';
  for await (const page of pages(client, {
    filter,
    order: oldestFirst,
    fields,
    first: null,
    after: null,
    head: true,
  })) {
    cursor = await print(page);
    if (signal.aborted) break;
  }
  return cursor;
}

function checkOptions({ options, operands }: CommandInput): void {
  operandsOf(operands, 0, 'tail takes no operands; options say which entries.');
  const begins = ['since', 'last', 'after'].filter((name) => options[name] !== undefined);
  if (begins.length > 1) throw usage(`--${begins[0]} and --${begins[1]} exclude each other: both say where to begin.`);
  if (text(options, 'fields')?.split(',').includes('cursor')) {
    throw usage('A live entry has no cursor of its own.', 'Use --state to remember how far it went; or annals query.');
  }
}

const notice = (words: string) => process.stderr.write(`${words}\n`);

/** Tells of being away once, not at each attempt. */
function openWords() {
  let away = false;
  return {
    onAway(error: AnnalsError) {
      if (!away)
        notice(`waiting: ${error.code}: ${printable(error.message)} Trying again until it works.\n${error.cure}`);
      away = true;
    },
    onBack() {
      away = false;
      notice('connected again');
    },
  };
}

/** Throws the error that a stream ended with for good. */
function heed({ notice: said }: Batch): void {
  if (said === null) return;
  if (said.code === 'RIGHTS_CHANGED') notice(`notice: ${said.code}: ${printable(said.message)}`);
  else if (said.code in errorTable) throw new AnnalsError(said.code as ErrorCode, { message: said.message });
}

export async function runTail(input: CommandInput): Promise<number> {
  const { config, options, out } = input;
  checkOptions(input);
  const now = Date.now();
  const { since: _since, ...others } = options;
  const [own, lasting] = [filterOf(options, now), filterOf(others, now)];
  shownBy(options, config, out);
  const server = await findServer(config, 'AUDITOR');
  const client = openClient(server);
  const view = await viewOf(client, options);
  const state = await openTailState(text(options, 'state'), throughView(view, lasting));
  const filter = state.known === null ? throughView(view, own) : state.known.filter;
  const shown = shownBy(options, config, out, view?.fields ?? null);
  const tailing = { client, filter, shown, state, out };
  using asked = untilAsked();
  const { signal } = asked;
  const after = state.known?.cursor ?? text(options, 'after') ?? (await printHistory(tailing, options, signal));
  for await (const batch of follow(server, { after, filter, fields: shown.fields }, signal, openWords())) {
    if (batch.entries.length > 0) await out.write(shown.lines(batch.entries));
    await state.save(filter, batch.cursor);
    heed(batch);
    if (batch.caughtUp && has(options, 'catch-up')) break;
  }
  return 0;
}
