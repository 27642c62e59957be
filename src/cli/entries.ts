/** Prints entries page after page, or counts them. */
import { findServer, openClient } from './client.ts';
import type { CommandInput } from './command.ts';
import { filterOf } from './filterOptions.ts';
import { has, oneOf, text, usage, wholeNumber } from './options.ts';
import { jsonLine } from './output.ts';
import { countEntries, pages, type Root } from './pages.ts';
import { shownBy } from './show.ts';

/** Entries without `--first` and `--all`. */
const fewEntries = 50;

function lengthOf(options: CommandInput['options']): number | null {
  const first = wholeNumber(options, 'first', 1, Number.MAX_SAFE_INTEGER);
  if (first !== undefined && has(options, 'all')) throw usage('--first and --all exclude each other.');
  return has(options, 'all') ? null : (first ?? fewEntries);
}

/** What a root field answers, by the options of `entriesOptions`. */
export async function printEntries({ config, options, out }: CommandInput, root: Root): Promise<number> {
  const filter = filterOf(options, Date.now());
  const order = {
    field: oneOf(options, 'by', ['recorded', 'occurred']) === 'occurred' ? 'OCCURRED_AT' : 'RECORDED_AT',
    direction: oneOf(options, 'order', ['newest', 'oldest']) === 'oldest' ? 'ASC' : 'DESC',
  } as const;
  const first = lengthOf(options);
  const { fields, lines } = shownBy(options, config, out);
  const client = openClient(await findServer(config, 'AUDITOR'));
  if (has(options, 'count')) {
    const { totalCount, totalCountIsExact } = await countEntries(client, filter, root);
    const inWords = `${totalCount}${totalCountIsExact ? '' : '+'}\n`;
    await out.write(has(options, 'json') ? jsonLine({ totalCount, totalCountIsExact }) : inWords);
    return 0;
  }
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
