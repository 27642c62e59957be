/** Options that say how entries are printed. */
import type { Config } from '../config.ts';
import { openEntryTable } from './columns.ts';
import type { CommandOptions, Given } from './command.ts';
import { type Entry, fieldNames, jsonFields, parseFields, tableFields } from './fields.ts';
import { has, oneOf, text } from './options.ts';
import { colourful, jsonLine, type Output, type Paint, plain } from './output.ts';

const colourChoices = ['auto', 'always', 'never'] as const;

export const jsonOption = {
  json: { type: 'boolean', doc: 'Prints one JSON object a line, for programs.' },
} as const satisfies CommandOptions;

export const colourOption = {
  color: {
    type: 'string',
    value: 'WHEN',
    doc: 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never.',
    choices: colourChoices,
  },
} as const satisfies CommandOptions;

export const showOptions = {
  fields: {
    type: 'string',
    value: 'NAMES',
    doc: `Which fields, separated by commas, such as ${tableFields.join(',')}.`,
    choices: fieldNames,
  },
  ...jsonOption,
  ...colourOption,
} as const satisfies CommandOptions;

/** Colours or none, for what is printed on `out`. */
export function paintFor(options: Given, config: Config, out: Output): Paint {
  const choice = oneOf(options, 'color', colourChoices) ?? 'auto';
  const colours = choice === 'always' || (choice === 'auto' && out.isTerminal && config.noColor === null);
  return colours ? colourful : plain;
}

export interface Shown {
  /** What is asked for. */
  readonly fields: readonly string[];
  /** The lines of some entries. */
  readonly lines: (entries: readonly Entry[]) => string;
}

/** A table, or with `--json` a line of JSON for each entry. `columns` are those of the table unless others are asked for. */
export function shownBy(options: Given, config: Config, out: Output, columns: readonly string[] | null = null): Shown {
  const json = has(options, 'json');
  const fields = parseFields(text(options, 'fields'), json ? jsonFields : (columns ?? tableFields));
  const paint = paintFor(options, config, out);
  return { fields, lines: json ? (entries) => entries.map(jsonLine).join('') : openEntryTable(fields, paint) };
}
