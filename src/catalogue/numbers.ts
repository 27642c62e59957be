import type { Store } from '../store/store.ts';
import type { Catalogue } from './catalogue.ts';

/** Action keys and the small numbers that stand for them in entries. */
export interface ActionNumbers {
  /** The number of a key; undefined for a key of no catalogue. */
  number(key: string): number | undefined;
  /**
   * The key of a number. A number that another server registered after this one started reads as `unknown.<number>`
   * until the reload that this starts is done.
   */
  key(number: number): string;
}

/** Registers every action of the catalogues; one round trip, at the start. */
export async function openActionNumbers(
  store: Pick<Store, 'registerActions' | 'readActionNumbers'>,
  catalogue: Pick<Catalogue, 'actions'>,
): Promise<ActionNumbers> {
  let numbers = await store.registerActions(catalogue.actions.map((action) => action.key));
  let keys = invert(numbers);
  let reloading = false;
  const reload = async () => {
    reloading = true;
    try {
      numbers = await store.readActionNumbers();
      keys = invert(numbers);
    } catch {
      // The database does not answer; the next entry of such an action asks again.
    } finally {
      reloading = false;
    }
  };
  return {
    number: (key) => numbers.get(key),
    key(number) {
      const key = keys.get(number);
      if (key === undefined && !reloading) void reload();
      return key ?? `unknown.${number}`;
    },
  };
}

const invert = (numbers: ReadonlyMap<string, number>) => new Map([...numbers].map(([key, number]) => [number, key]));
