import { readFileSync } from 'node:fs';
import { checkActions, checkSets, each, groupKey, isRecord, noCategory } from './actions.ts';
import type { Action, ActionGroup, CatalogueInfo, Category } from './catalogue.ts';
import {
  type CategoryData,
  categorySchema,
  fileSchema,
  type GroupData,
  groupSchema,
  headSchema,
  type Mistake,
  parseAt,
  type Report,
} from './format.ts';
import { findJsonFault } from './jsonFault.ts';

/** What one catalogue file holds. */
export interface LoadedFile {
  readonly info: CatalogueInfo;
  readonly categories: readonly Category[];
  readonly groups: readonly ActionGroup[];
  readonly actions: readonly Action[];
}

/**
 * Reads and checks one catalogue file. All mistakes in it go to `mistakes`; a file with any gives null.
 * @param path the file, relative to the working directory or absolute
 */
export function loadFile(path: string, mistakes: Mistake[]): LoadedFile | null {
  const before = mistakes.length;
  const report: Report = (place, message) => mistakes.push({ file: path, path: place, message });
  const text = readText(path, report);
  if (text === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const fault = findJsonFault(text);
    report(fault ? `line ${fault.line}, column ${fault.column}` : '', fault?.message ?? `is not JSON: ${error}`);
    return null;
  }
  const loaded = checkFile(value, report);
  return mistakes.length === before ? loaded : null;
}

function readText(path: string, report: Report): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') report('', 'there is no such file');
    else if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') report('', 'is not UTF-8 text');
    else report('', `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

function checkFile(value: unknown, report: Report): LoadedFile | null {
  const file = parseAt(fileSchema, value, [], report);
  // Elements are checked even where the file around them has mistakes: all are reported at once.
  const raw: Readonly<Record<string, unknown>> = isRecord(value) ? value : {};
  const categories = new Map<string, CategoryData>();
  each(raw.categories, (item, index) => {
    const category = parseAt(categorySchema, item, ['categories', index], report);
    if (category === null) return;
    if (categories.has(category.code)) {
      report(`categories[${index}].code`, `"${category.code}" is used twice; each category has a code of its own`);
    }
    categories.set(category.code, category);
  });
  const known = new Set(categories.keys());
  each(raw.categories, (item) => {
    if (isRecord(item) && typeof item.code === 'string') known.add(item.code);
  });
  const groups = checkGroups(raw.actionGroups, known, report);
  const sets = checkSets(raw.fieldSets, report);
  const head = headSchema.safeParse(raw.catalogue).data;
  const actions = checkActions(raw.actions, { catalogue: head?.key ?? '', known, groups, sets }, report);
  if (file === null || head === undefined) return null;
  return {
    info: head,
    categories: [...categories.values()].map((category) => ({
      key: `${head.key}.${category.code}`,
      catalogue: head.key,
      name: category.name,
      description: category.description,
    })),
    groups: [...groups.values()].map((group) => ({
      catalogue: head.key,
      category: `${head.key}.${group.category}`,
      name: group.name,
      description: group.description,
    })),
    actions,
  };
}

function checkGroups(raw: unknown, known: ReadonlySet<string>, report: Report): Map<string, GroupData> {
  const groups = new Map<string, GroupData>();
  each(raw, (item, index) => {
    const group = parseAt(groupSchema, item, ['actionGroups', index], report);
    if (group === null) return;
    if (!known.has(group.category)) report(`actionGroups[${index}].category`, noCategory(group.category));
    const key = groupKey(group.category, group.name);
    if (groups.has(key)) report(`actionGroups[${index}].name`, `"${group.name}" is used twice in its category`);
    groups.set(key, group);
  });
  return groups;
}
