import { join } from 'node:path';
import { AnnalsError } from '../errors.ts';
import type { Outcome } from '../model/entry.ts';
import type { Mistake } from './format.ts';
import { type LoadedFile, loadFile } from './load.ts';
import { type DescriptionFields, renderDescription } from './render.ts';

export type { DescriptionFields };

/** A field of an entry that an action may carry. */
export type EntryFieldName =
  | 'actor'
  | 'affectedUser'
  | 'vault'
  | 'directory'
  | 'targets'
  | 'ip'
  | 'userAgent'
  | 'device'
  | 'session'
  | 'request'
  | 'location'
  | 'changes'
  | 'metadata'
  | 'component';

/** One kind of event. Immutable; identified by `key` for ever. */
export interface Action {
  /** `<catalogue>.<code>`, such as `passwork.item_viewed`. */
  readonly key: string;
  /** The product’s own machine code, such as `item_viewed`. */
  readonly code: string;
  /** True where the product publishes no code and Annals coined one. */
  readonly codeIsCoined: boolean;
  readonly catalogue: string;
  /** Key of its category, such as `passwork.passwords`. */
  readonly category: string;
  /** The group inside the category (Enpass’s “Vault Management”), where the catalogue has groups. */
  readonly actionGroup: string | null;
  readonly name: string;
  readonly description: string;
  /** English description template: `{actor} opened {target} in {directory}`. */
  readonly template: string;
  /** Templates in other languages by lower-case language tag; left out where there are none. */
  readonly translations?: Readonly<Record<string, string>>;
  readonly defaultOutcome: Outcome;
  /** Annals’ own judgement, 1 to 10. */
  readonly severity: number;
  /** The priority that the product publishes, 1 to 10; null where it publishes none. */
  readonly sourceSeverity: number | null;
  /**
   * What an entry of this action gave its actor to read: its `vault` or `directory` as a whole, or its targets of this
   * type; null where it gave nothing.
   */
  readonly opens: string | null;
  /** Whether it is an act on somebody’s account: the affected user’s. */
  readonly aboutAccount: boolean;
  /** Which fields an entry of this action usually carries. */
  readonly fields: readonly EntryFieldName[];
}

export interface Category {
  /** `<catalogue>.<code>`, such as `passwork.passwords`. */
  readonly key: string;
  readonly catalogue: string;
  readonly name: string;
  readonly description: string;
}

/** A group of actions inside a category, such as Enpass’s “Vault Management”. */
export interface ActionGroup {
  readonly catalogue: string;
  /** Key of its category. */
  readonly category: string;
  readonly name: string;
  /** As the product publishes it. */
  readonly description: string;
}

export interface CatalogueInfo {
  readonly key: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
}

/** All catalogues of this server, in memory; lookups are maps. */
export interface Catalogue {
  readonly catalogues: readonly CatalogueInfo[];
  /** In the order of the catalogue files. */
  readonly categories: readonly Category[];
  readonly actions: readonly Action[];
  readonly actionGroups: readonly ActionGroup[];
  category(key: string): Category | undefined;
  action(key: string): Action | undefined;
  actionsOf(category: string): readonly Action[];
  /** By the product’s code, ignoring case; for sources. */
  actionByCode(catalogue: string, code: string): Action | undefined;
  /**
   * The description of an entry as one line of plain text; see `renderDescription`.
   * @param locale BCP 47 tag of the reader’s language; English where there is no translation
   */
  describe(action: Action, fields: DescriptionFields, locale?: string): string;
}

/** The catalogues that come with Annals; their keys are reserved. */
const builtIn = ['enpass', 'passwork', 'annals'] as const;

/**
 * Loads the built-in catalogues and the operator’s own files, synchronously. The result is immutable.
 * @param options.files paths of catalogue files (docs/catalogues.md), absolute or relative to the working directory
 * @throws AnnalsError CATALOGUE_INVALID that lists every mistake of every file by file and place
 */
export function openCatalogue(options: { files?: readonly string[] } = {}): Catalogue {
  const mistakes: Mistake[] = [];
  const loaded: LoadedFile[] = [];
  const fileOf = new Map<string, string>();
  const builtInFiles = builtIn.map((key) => join(import.meta.dirname, 'data', `${key}.json`));
  for (const [index, path] of [...builtInFiles, ...(options.files ?? [])].entries()) {
    const file = loadFile(path, mistakes);
    if (file === null) continue;
    const { key } = file.info;
    const earlier = fileOf.get(key);
    if (index >= builtIn.length && builtIn.some((reserved) => reserved === key)) {
      mistakes.push({ file: path, path: 'catalogue.key', message: `"${key}" is reserved; choose a key of your own` });
    } else if (earlier !== undefined) {
      mistakes.push({ file: path, path: 'catalogue.key', message: `"${key}" is the key of ${earlier} already` });
    } else {
      fileOf.set(key, path);
      loaded.push(file);
    }
  }
  if (mistakes.length > 0) throw invalid(mistakes);
  return build(loaded);
}

function invalid(mistakes: readonly Mistake[]): AnnalsError {
  const lines = mistakes.map(({ file, path, message }) => `  ${[file, path, message].filter(Boolean).join(': ')}`);
  const count = lines.length === 1 ? '1 mistake' : `${lines.length} mistakes`;
  const first = mistakes[0];
  return new AnnalsError('CATALOGUE_INVALID', {
    message: `The catalogue files have ${count}:\n${lines.join('\n')}`,
    ...(first ? { path: [first.file, first.path].filter(Boolean).join(': ') } : {}),
  });
}

function build(files: readonly LoadedFile[]): Catalogue {
  const categories = files.flatMap((file) => file.categories.map((one) => Object.freeze(one)));
  const groups = files.flatMap((file) => file.groups.map((one) => Object.freeze(one)));
  const actions = files.flatMap((file) =>
    file.actions.map((one) => Object.freeze({ ...one, fields: Object.freeze([...one.fields]) })),
  );
  const categoryByKey = new Map(categories.map((one) => [one.key, one]));
  const actionByKey = new Map(actions.map((one) => [one.key, one]));
  const actionByLowerKey = new Map(actions.map((one) => [one.key.toLowerCase(), one]));
  const none: readonly Action[] = Object.freeze([]);
  const byCategory = new Map<string, readonly Action[]>();
  for (const [key, list] of Map.groupBy(actions, (one) => one.category)) byCategory.set(key, Object.freeze(list));
  return Object.freeze({
    catalogues: Object.freeze(files.map((file) => Object.freeze({ ...file.info }))),
    categories: Object.freeze(categories),
    actions: Object.freeze(actions),
    actionGroups: Object.freeze(groups),
    category: (key: string) => categoryByKey.get(key),
    action: (key: string) => actionByKey.get(key),
    actionsOf: (category: string) => byCategory.get(category) ?? none,
    actionByCode: (catalogue: string, code: string) => actionByLowerKey.get(`${catalogue}.${code.toLowerCase()}`),
    describe: renderDescription,
  });
}
