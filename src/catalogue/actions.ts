import type { Action, EntryFieldName } from './catalogue.ts';
import { type ActionData, actionSchema, entryFieldNames, type GroupData, parseAt, type Report } from './format.ts';
import { templateMistakes } from './template.ts';

/** The named field lists of a file. */
export function checkSets(raw: unknown, report: Report): Map<string, readonly EntryFieldName[]> {
  const sets = new Map<string, readonly EntryFieldName[]>();
  if (!isRecord(raw)) return sets;
  for (const [name, list] of Object.entries(raw)) {
    if (!Array.isArray(list)) continue;
    sets.set(name, [...expandFields(list, null, `fieldSets.${name}`, report)]);
  }
  return sets;
}

const fieldByName: ReadonlyMap<string, EntryFieldName> = new Map(entryFieldNames.map((name) => [name, name]));

/** What an action of a file may refer to. */
export interface Surroundings {
  readonly catalogue: string;
  readonly known: ReadonlySet<string>;
  readonly groups: ReadonlyMap<string, GroupData>;
  readonly sets: ReadonlyMap<string, readonly EntryFieldName[]>;
}

/** The actions of a file; what is wrong with any goes to `report`. */
export function checkActions(raw: unknown, around: Surroundings, report: Report): Action[] {
  const actions: Action[] = [];
  const codes = new Map<string, number>();
  each(raw, (item, index) => {
    const at = `actions[${index}]`;
    if (isRecord(item) && typeof item.code === 'string') {
      const first = codes.get(item.code.toLowerCase());
      if (first === undefined) codes.set(item.code.toLowerCase(), index);
      else
        report(
          `${at}.code`,
          `"${item.code}" is the code of actions[${first}] already; codes are unique, ignoring case`,
        );
    }
    const data = parseAt(actionSchema, item, ['actions', index], report);
    if (data !== null) actions.push(checkAction(data, at, around, report));
  });
  return actions;
}

function checkAction(data: ActionData, at: string, around: Surroundings, report: Report): Action {
  if (!around.known.has(data.category)) report(`${at}.category`, noCategory(data.category));
  else if (data.actionGroup !== null && !around.groups.has(groupKey(data.category, data.actionGroup))) {
    report(
      `${at}.actionGroup`,
      `"${data.actionGroup}" is not a group of the category "${data.category}" in actionGroups`,
    );
  }
  const fields = expandFields(data.fields, around.sets, `${at}.fields`, report);
  for (const mistake of templateMistakes(data.template, fields, false)) report(`${at}.template`, mistake);
  checkFlags(data, fields, at, report);
  const translations = new Map<string, string>();
  for (const [tag, template] of Object.entries(data.translations ?? {})) {
    const place = `${at}.translations.${tag}`;
    if (tag.toLowerCase() === 'en') report(place, 'is `template` itself; leave it out here');
    if (translations.has(tag.toLowerCase())) report(place, 'is there twice, ignoring case');
    translations.set(tag.toLowerCase(), template);
    for (const mistake of templateMistakes(template, fields, true)) report(place, mistake);
  }
  const { translations: _, fields: __, ...rest } = data;
  return {
    ...rest,
    key: `${around.catalogue}.${data.code}`,
    catalogue: around.catalogue,
    category: `${around.catalogue}.${data.category}`,
    fields: entryFieldNames.filter((name) => fields.has(name)),
    ...(translations.size > 0 ? { translations: Object.freeze(Object.fromEntries(translations)) } : {}),
  };
}

/** An action that opens a secret, or is about an account, carries the field that says which. */
function checkFlags(data: ActionData, fields: ReadonlySet<EntryFieldName>, at: string, report: Report): void {
  const needed = data.opens === 'vault' || data.opens === 'directory' ? data.opens : 'targets';
  // An entry of no folder has its vault for a directory.
  const known = fields.has(needed) || (needed === 'directory' && fields.has('vault'));
  if (data.opens !== null && !known) {
    report(`${at}.opens`, `"${data.opens}" needs the field "${needed}", which \`fields\` does not list`);
  }
  if (data.aboutAccount && !fields.has('affectedUser')) {
    report(`${at}.aboutAccount`, 'needs the field "affectedUser", which `fields` does not list');
  }
}

/** Field names and `@set` names as field names; `sets` is null where sets cannot be used. */
function expandFields(
  list: readonly unknown[],
  sets: ReadonlyMap<string, readonly EntryFieldName[]> | null,
  at: string,
  report: Report,
): Set<EntryFieldName> {
  const fields = new Set<EntryFieldName>();
  for (const [index, name] of list.entries()) {
    if (typeof name !== 'string') continue;
    const field = fieldByName.get(name);
    const set = sets !== null && name.startsWith('@') ? sets.get(name.slice(1)) : undefined;
    if (field !== undefined) fields.add(field);
    else if (set !== undefined) for (const one of set) fields.add(one);
    else {
      const known = [...entryFieldNames, ...(sets === null ? [] : [...sets.keys()].map((one) => `@${one}`))];
      report(`${at}[${index}]`, `"${name}" is not a field; known are ${known.join(', ')}`);
    }
  }
  return fields;
}

export function each(list: unknown, visit: (item: unknown, index: number) => void): void {
  if (Array.isArray(list)) for (const [index, item] of list.entries()) visit(item, index);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function groupKey(category: string, name: string): string {
  return `${category}\n${name}`;
}

export function noCategory(code: string): string {
  return `"${code}" is not the code of a category in this file; add it to categories or use one that is there`;
}
