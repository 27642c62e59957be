/** A table that is written as its rows come: columns grow with what they have met. */
import { cell, type Entry } from './fields.ts';
import type { Paint, Style } from './output.ts';

/** Beyond this many places a value does not widen its column. */
const widest = 40;

// Marks that stand on the character before them take no room, East Asian characters and most symbols take two places.
const noRoom = /\p{M}|\u200d/gu;
const twoPlaces =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/gu;

/** Places that a text takes on a terminal. */
export function widthOf(text: string): number {
  // Almost all text is plain.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  const wide = text.match(twoPlaces)?.length ?? 0;
  return [...text.replace(noRoom, '')].length + wide;
}

const pad = (text: string, width: number) => text + ' '.repeat(Math.max(0, width - widthOf(text)));

/** Rows of text as lines, the last column unpadded; `style` paints a cell by its column and text. */
export function openColumns(
  heads: readonly string[],
  paint: Paint,
  styleOf: (column: number, text: string) => Style | null,
) {
  let widths: readonly number[] = heads.map(widthOf);
  let first = true;
  const line = (cells: readonly string[], style: (column: number, text: string) => Style | null) => {
    const last = cells.length - 1;
    const padded = cells.map((text, column) => {
      const shown = column === last ? text : pad(text, widths[column] ?? 0);
      const chosen = style(column, text);
      return chosen === null ? shown : paint(chosen, shown);
    });
    return `${padded.join('  ').trimEnd()}\n`;
  };
  return (rows: readonly (readonly string[])[]): string => {
    const widthIn = (column: number) =>
      rows.reduce((width, row) => Math.max(width, Math.min(widest, widthOf(row[column] ?? ''))), 0);
    widths = widths.map((width, column) => Math.max(width, widthIn(column)));
    const head = first ? line(heads, () => 'bold') : '';
    first = false;
    return head + rows.map((row) => line(row, styleOf)).join('');
  };
}

const outcomeStyles: Readonly<Record<string, Style>> = { FAILURE: 'yellow', DENIED: 'red' };

function entryStyle(field: string | undefined, text: string): Style | null {
  if (field === 'outcome') return outcomeStyles[text] ?? null;
  if (field === 'severity') {
    const severity = Number(text);
    if (severity >= 8) return 'red';
    return severity >= 5 ? 'yellow' : null;
  }
  return field === 'recordedAt' || field === 'occurredAt' ? 'dim' : null;
}

/** Entries as rows of a table; gives the lines of those handed in, the heads before the first. */
export function openEntryTable(fields: readonly string[], paint: Paint): (entries: readonly Entry[]) => string {
  const write = openColumns(fields, paint, (column, text) => entryStyle(fields[column], text));
  return (entries) => write(entries.map((entry) => fields.map((field) => cell(entry, field))));
}
