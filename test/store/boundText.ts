/** Reads a statement’s text: which of the tables in it are bound to one organization, and by what. */

/** Tables in a statement, each under the name that it goes by there. */
interface Reference {
  readonly table: string;
  readonly alias: string;
}

const words = new Set(
  'on where set join left cross using values select order group limit for natural inner'.split(' '),
);

/** Every mention of a table to read or change; a table may be mentioned under several names. */
function referencesIn(text: string, tables: ReadonlySet<string>): Reference[] {
  const mention = /\b(?:from|join|update|using|into)\s+([a-z_]+)\b(?!\s*\.)(?:\s+(?:as\s+)?([a-z_]+)\b)?/g;
  return [...text.matchAll(mention)].flatMap(([, table = '', alias]) =>
    tables.has(table) ? [{ table, alias: alias === undefined || words.has(alias) ? table : alias }] : [],
  );
}

/** The parts of a list, split at the commas outside parentheses, up to what ends the list. */
function listFrom(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const [index, letter] of [...text].entries()) {
    if (letter === '(') depth++;
    if (letter === ')' && depth-- === 0) break;
    if (depth === 0 && /^\s(from|on conflict|returning)\s/.test(text.slice(index))) break;
    if (letter === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts.map((part) => part.trim());
}

/** What an insert gives the column of the organization; null where it names no such column. */
function insertedOrganization(text: string): string | null {
  const insert = /insert into [a-z_]+ \(([^)]*)\)\s*(?:values\s*\(|select\s)/s.exec(text);
  if (insert === null) return null;
  const at = (insert[1] ?? '').split(',').findIndex((column) => column.trim() === 'organization_id');
  const values = listFrom(text.slice(insert.index + insert[0].length));
  return at < 0 ? null : (values[at]?.replace(/::\w+$/, '') ?? null);
}

/**
 * Mentions of tables of organizations that nothing binds: neither `alias.organization_id = $n` nor equality with one that is.
 * @param tables those with a column `organization_id`; `organization` itself goes by its id
 * @param anchor alias of a table that counts as bound
 */
export function looseIn(source: string, tables: ReadonlySet<string>, anchor?: string): string[] {
  const text = source.replaceAll(/\s+/g, ' ');
  const references = referencesIn(text, new Set([...tables, 'organization']));
  const ownIds = new Set(references.filter(({ table }) => table === 'organization').map(({ alias }) => `${alias}.id`));
  const side = String.raw`(\$\d+|(?:[a-z_]+\.)?(?:organization_id|id))`;
  const equalities: [string, string][] = [];
  const unqualified = references.length === 1 ? references[0] : undefined;
  const nodeOf = (operand: string): string | null => {
    if (operand.startsWith('$')) return operand;
    const [alias, column] = operand.includes('.') ? operand.split('.') : [unqualified?.alias, operand];
    if (alias === undefined) return null;
    const owns = unqualified?.table === 'organization' || ownIds.has(`${alias}.id`);
    return column === 'organization_id' || owns ? alias : null;
  };
  for (const [, left = '', right = ''] of text.matchAll(new RegExp(`${side} = ${side}(?![\\w.(])`, 'g'))) {
    const [one, other] = [nodeOf(left), nodeOf(right)];
    if (one !== null && other !== null) equalities.push([one, other]);
  }
  const inserted = insertedOrganization(text);
  const target = /insert into ([a-z_]+)/.exec(text)?.[1];
  if (inserted !== null && target !== undefined) equalities.push([target, inserted.split('.')[0] ?? '']);
  // Lists of rows that name an organization each, as parameters.
  const given = [...text.matchAll(/unnest\(\$\d+::int4\[\][^)]*\)\s*(?:as )?([a-z_]+)\(organization_id/g)].map(
    (match) => match[1] ?? '',
  );
  const parameters = equalities.flat().filter((node) => node.startsWith('$'));
  const bound = new Set([...given, ...parameters, ...(anchor === undefined ? [] : [anchor])]);
  for (let size = -1; size !== bound.size; ) {
    size = bound.size;
    for (const [one, other] of equalities) if (bound.has(one) || bound.has(other)) bound.add(one).add(other);
  }
  return references.filter(({ alias }) => !bound.has(alias)).map(({ table, alias }) => `${table} ${alias}`);
}
