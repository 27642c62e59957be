/** JSON bodies of recordLogs. */
import { openCatalogue } from '../../src/catalogue/catalogue.ts';
import { benchEntry } from './entries.ts';

const document =
  'mutation Record($entries: [EntryInput!]!) { recordLogs(input: { entries: $entries }) { results { id status error { code message cure } } } }';
const keyMark = '\u0001';

/** With `keys`, each body is split where the load generator puts what makes its idempotency keys unique. */
export function recordBodies(requests: number, entries: number, keys = false): string[][] {
  // Annals’ own actions are not for callers to record.
  const callers = openCatalogue().actions.filter((action) => action.catalogue !== 'annals');
  const [first = '', ...rest] = callers.map((action) => action.key);
  return Array.from({ length: requests }, (_, request) => {
    const list = Array.from({ length: entries }, (_, index) => ({
      ...benchEntry([first, ...rest], request * entries + index),
      ...(keys ? { idempotencyKey: `${keyMark}${index}` } : {}),
    }));
    return JSON.stringify({ query: document, variables: { entries: list } }).split(
      JSON.stringify(keyMark).slice(1, -1),
    );
  });
}
