type State = 'value' | 'valueOrEnd' | 'key' | 'keyOrEnd' | 'colon' | 'commaOrEnd' | 'end';

const expected: Readonly<Record<State, string>> = {
  value: 'a value',
  valueOrEnd: 'a value or "]"',
  key: 'a property name in double quotes',
  keyOrEnd: 'a property name in double quotes or "}"',
  colon: '":"',
  commaOrEnd: '"," or the closing bracket',
  end: 'the end of the file',
};

const space = /[\t\n\r ]*/y;
// Any character from space up, but for the quote and the backslash.
const string = /"(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

/** Where a text stops being JSON; line and column count from 1. */
export interface JsonFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/**
 * Finds the first place at which a text is not JSON (RFC 8259), or null if it is JSON. `JSON.parse` names no place for
 * some faults, so this walks the tokens itself; it is used only after `JSON.parse` refused the text.
 */
export function findJsonFault(text: string): JsonFault | null {
  const open: ('{' | '[')[] = [];
  let state: State = 'value';
  let at = match(space, text, 0);
  while (at < text.length) {
    const next = step(text, at, state, open);
    if (next === null) return faultAt(text, at, state);
    state = next.state;
    at = match(space, text, next.at);
  }
  return state === 'end' ? null : faultAt(text, at, state);
}

/** The end of the token at `at` and the state after it; null if this token cannot stand here. */
function step(text: string, at: number, state: State, open: ('{' | '[')[]): { at: number; state: State } | null {
  const char = text.charAt(at);
  const afterValue = (): State => (open.length === 0 ? 'end' : 'commaOrEnd');
  if (state === 'end') return null;
  if (state === 'colon') return char === ':' ? { at: at + 1, state: 'value' } : null;
  if (state === 'commaOrEnd' && char === ',') return { at: at + 1, state: open.at(-1) === '{' ? 'key' : 'value' };
  if (char === '}' || char === ']') {
    const closes = char === '}' ? '{' : '[';
    const here = state === 'commaOrEnd' || state === (char === '}' ? 'keyOrEnd' : 'valueOrEnd');
    if (!here || open.at(-1) !== closes) return null;
    open.pop();
    return { at: at + 1, state: afterValue() };
  }
  if (state === 'commaOrEnd') return null;
  const end = match(string, text, at);
  if (state === 'key' || state === 'keyOrEnd') return end > at ? { at: end, state: 'colon' } : null;
  if (char === '{' || char === '[') {
    open.push(char);
    return { at: at + 1, state: char === '{' ? 'keyOrEnd' : 'valueOrEnd' };
  }
  const valueEnd = end > at ? end : match(scalar, text, at);
  return valueEnd > at ? { at: valueEnd, state: afterValue() } : null;
}

/** The end of what a sticky pattern matches at `at`; `at` itself if it does not match. */
function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function faultAt(text: string, at: number, state: State): JsonFault {
  const before = text.slice(0, at).split('\n');
  const found = at >= text.length ? 'the end of the file' : JSON.stringify(text.charAt(at));
  return {
    line: before.length,
    column: (before.at(-1) ?? '').length + 1,
    message: `is not JSON: expected ${expected[state]}, found ${found}`,
  };
}
