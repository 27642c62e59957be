import { AnnalsError } from '../errors.ts';
import type { Predicate } from '../model/predicate.ts';
import type { HideableField } from '../model/role.ts';
import { foldText, type TextField, textFields } from '../model/text.ts';
import { bad } from './conditions.ts';
import type { TextCondition } from './filter.ts';

/** Characters of a text, after folding. */
const [shortest, longest] = [2, 200];

function folded(text: string, path: string): string {
  const found = foldText(text);
  const length = [...found].length;
  if (length < shortest) {
    throw bad(path, `${JSON.stringify(text)} is too short; a text has at least ${shortest} characters.`);
  }
  if (length > longest) throw bad(path, `the text has ${length} characters; at most ${longest} are accepted.`);
  return found;
}

/** The fields to look in, null for all: never one that the reader is kept from. */
function fieldsOf(
  condition: TextCondition,
  hidden: ReadonlySet<HideableField>,
  path: string,
): ReadonlySet<TextField> | null {
  const isHidden = (field: TextField) => field !== 'NAMES' && hidden.has(field);
  if (!condition.in) return hidden.size === 0 ? null : new Set(textFields.filter((field) => !isHidden(field)));
  for (const [index, field] of condition.in.entries()) {
    const where = `${path}.in[${index}]`;
    if (!textFields.includes(field)) {
      throw bad(where, `${JSON.stringify(field)} is not one of ${textFields.join(', ')}.`);
    }
    if (!isHidden(field)) continue;
    throw new AnnalsError('FIELD_HIDDEN', { path: where, message: `${where}: your role may not search in ${field}.` });
  }
  return new Set(condition.in);
}

export function textPredicates(
  condition: TextCondition | null | undefined,
  hidden: ReadonlySet<HideableField>,
  path: string,
): Predicate[] {
  if (!condition) return [];
  const fields = fieldsOf(condition, hidden, path);
  return condition.contains.map((text, index) => ({
    op: 'text',
    text: folded(text, `${path}.contains[${index}]`),
    fields,
  }));
}
