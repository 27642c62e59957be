/**
 * ArcSight’s Common Event Format:
 * `CEF:Version|Vendor|Product|Device Version|Signature ID|Name|Severity|key=value key=value …`.
 * Header fields escape `\|` and `\\`; values escape `\=`, `\\`, `\n` and `\r`. Read leniently, as Passwork writes it:
 * a value may stand in double quotes with `\"` inside, keys are of any case, and an escape that is none stays as it is.
 */
export interface CefEvent {
  readonly vendor: string;
  readonly product: string;
  readonly deviceVersion: string;
  /** The Signature ID; null where the line ends before it does. */
  readonly code: string | null;
  readonly name: string | null;
  readonly severity: string | null;
  readonly extension: CefExtension;
}

export interface CefExtension {
  /** In the order of the line; a key may occur more than once. */
  readonly pairs: readonly (readonly [key: string, value: string])[];
  /** Text before the first key; empty where there is none. */
  readonly leading: string;
}

const start = /CEF: ?\d{1,3}\|/;
const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r' };

function readEscapes(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\([=\\|"nr])/g, (_, char: string) => escapes[char] ?? char);
}

function headerFields(text: string, count: number): { readonly fields: string[]; readonly rest: string | null } {
  const fields: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length && fields.length < count; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '|') {
      fields.push(text.slice(from, at));
      from = at + 1;
    }
  }
  const rest = text.slice(from);
  if (fields.length === count) return { fields, rest };
  // The severity alone may end with the line; any other field without its bar may have been cut off.
  if (fields.length === count - 1) fields.push(rest);
  return { fields, rest: null };
}

function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text[before - 1] === '\\') before -= 1;
  return (at - before) % 2 === 1;
}

/**
 * Finds the quote that ends a value: not escaped, and followed by the next key or the end of the text, so that quotes
 * which the writer forgot to escape stay inside. Must be asked in ascending order: a found quote answers for all
 * starts before it, which keeps a hostile line linear.
 */
function closingQuotes(text: string): (from: number) => number {
  const boundary = /\s+[\w.[\]-]+=|\s*$/y;
  let found = 0;
  return (from) => {
    if (found < 0 || found >= from) return found;
    for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
      boundary.lastIndex = at + 1;
      if (!isEscaped(text, at) && boundary.test(text)) {
        found = at;
        return found;
      }
    }
    found = -1;
    return found;
  };
}

function parseExtension(text: string): CefExtension {
  const key = /(?:^|\s)([\w.[\]-]+)=/g;
  const closing = closingQuotes(text);
  const pairs: [string, string][] = [];
  let match = key.exec(text);
  const leading = text.slice(0, match?.index ?? text.length).trim();
  while (match !== null) {
    const name = match[1] ?? '';
    const from = match.index + match[0].length;
    const quoteEnd = text[from] === '"' ? closing(from + 1) : -1;
    key.lastIndex = quoteEnd < 0 ? from : quoteEnd + 1;
    match = key.exec(text);
    const value = quoteEnd < 0 ? text.slice(from, match?.index ?? text.length) : text.slice(from + 1, quoteEnd);
    pairs.push([name, readEscapes(value)]);
  }
  return { pairs, leading };
}

/** Reads the CEF event in a message, wherever it starts; null where there is no `CEF:0|`. */
export function parseCef(message: string): CefEvent | null {
  const frame = start.exec(message);
  if (frame === null) return null;
  const { fields, rest } = headerFields(message.slice(frame.index + frame[0].length), 6);
  const [vendor = '', product = '', deviceVersion = '', code, name, severity] = fields.map((field) =>
    readEscapes(field).trim(),
  );
  return {
    vendor,
    product,
    deviceVersion,
    code: code ?? null,
    name: name ?? null,
    severity: severity ?? null,
    extension: parseExtension(rest ?? ''),
  };
}
