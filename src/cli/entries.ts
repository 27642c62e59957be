/** Prints entries page after page, or counts them. */
import { findServer, openClient } from './client.ts';
import type { CommandInput } from './command.ts';
import { filterOf } from './filterOptions.ts';
import { has, oneOf, text, usage, wholeNumber } from './options.ts';
import { jsonLine } from './output.ts';
import { countEntries, type Order, pages, type Root } from './pages.ts';
import { shownBy } from './show.ts';
import { throughView, viewOf } from './view.ts';

/** Entries without `--first` and `--all`. */
const fewEntries = 50;

function lengthOf(options: CommandInput['options']): number | null {
  const first = wholeNumber(options, 'first', 1, Number.MAX_SAFE_INTEGER);
  if (first !== undefined && has(options, 'all')) throw usage('--first and --all exclude each other.');
  return has(options, 'all') ? null : (first ?? fewEntries);
}

/** Null where the options say nothing of it. */
function orderOf(options: CommandInput['options']): Order | null {
  const [by, order] = [oneOf(options, 'by', ['recorded', 'occurred']), oneOf(options, 'order', ['newest', 'oldest'])];
  if (by === undefined && order === undefined) return null;
  return {
    field: by === 'occurred' ? 'OCCURRED_AT' : 'RECORDED_AT',
    direction: order === 'oldest' ? 'ASC' : 'DESC',
  };
}

/** What a root field answers, by the options of `entriesOptions`. */
export async function printEntries({ config, options, out }: CommandInput, root: Root): Promise<number> {
  const own = filterOf(options, Date.now());
  const asked = orderOf(options);
  const first = lengthOf(options);
  // What is wrong with the options is said before a server is asked.
  shownBy(options, config, out);
  const client = openClient(await findServer(config, 'AUDITOR'));
  const view = await viewOf(client, options);
  const filter = throughView(view, own);
  const { fields, lines } = shownBy(options, config, out, view?.fields ?? null);
  if (has(options, 'count')) {
    const { totalCount, totalCountIsExact } = await countEntries(client, filter, root);
    const inWords = `${totalCount}${totalCountIsExact ? '' : '+'}\n`;
    await out.write(has(options, 'json') ? jsonLine({ totalCount, totalCountIsExact }) : inWords);
    return 0;
  }
  const order = asked ?? view?.order ?? ({ field: 'RECORDED_AT', direction: 'DESC' } as const);
  let printed = 0;
  let more = false;
  const after = text(options, 'after') ?? null;
  for await (const page of pages(client, { filter, order, fields, first, after, root })) {
    if (page.entries.length > 0) await out.write(lines(page.entries));
    printed += page.entries.length;
    more = page.more;
  }
  if (printed === 0) process.stderr.write('No entries match.\n');
  // What was asked for with --first is no surprise.
  if (more && options.first === undefined) process.stderr.write(`These are ${printed}; --all prints the rest, too.\n`);
  return 0;
}
