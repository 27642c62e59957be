/** From a setting’s text to its value, or to what would be right. */
import { isIP } from 'node:net';
import { resolve } from 'node:path';

export type Parse<T> = (text: string) => T | Mistake;

/** What was wrong with a setting, in words that say what would be right. */
export class Mistake {
  readonly expected: string;
  constructor(expected: string) {
    this.expected = expected;
  }
}

export const wholeNumber =
  (min: number, max: number): Parse<number> =>
  (text) => {
    const value = Number(text);
    return /^\d+$/.test(text) && value >= min && value <= max
      ? value
      : new Mistake(`a whole number from ${min} to ${max}`);
  };

export const oneOf =
  <const T extends string>(...choices: readonly T[]): Parse<T> =>
  (text) =>
    choices.find((choice) => choice === text) ?? new Mistake(`one of ${choices.join(', ')}`);

export const postgresUrl: Parse<string> = (text) =>
  /^postgres(ql)?:\/\//.test(text) && URL.canParse(text) ? text : new Mistake('a postgresql:// address');

export const httpUrl: Parse<string> = (text) =>
  /^https?:\/\//.test(text) && URL.canParse(text)
    ? text.replace(/\/$/, '')
    : new Mistake('an http:// or https:// address');

export const list =
  (item: (text: string) => boolean, expected: string): Parse<readonly string[]> =>
  (text) => {
    const items = text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
    return items.every(item) ? items : new Mistake(expected);
  };

/** Whether the text is an address, or a network such as 10.0.0.0/8. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const width = isIP(address) === 6 ? 128 : 32;
  const sane = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= width);
  return more.length === 0 && isIP(address) !== 0 && sane;
}

export const isOrigin = (text: string) => URL.canParse(text) && new URL(text).origin === text;

/** As a URL has it: in lower case, with the port where it is not the usual one. */
export const isHost = (text: string) =>
  ['https', 'http'].some((scheme) => {
    const url = `${scheme}://${text}`;
    return URL.canParse(url) && new URL(url).host === text;
  });
export const anyText: Parse<string> = (text) => text;
export const anyPath: Parse<string> = (text) => resolve(text);

export const ratio: Parse<number> = (text) => {
  const value = Number(text);
  return text.trim() !== '' && value >= 0 && value <= 1 ? value : new Mistake('a number from 0 to 1');
};

/** As OpenTelemetry writes them: values are percent-encoded where they need to be. */
export const headerList: Parse<Readonly<Record<string, string>>> = (text) => {
  const pairs = text.split(',').map((pair) => /^\s*([\w-]+)=([^,]*)$/.exec(pair));
  try {
    return Object.fromEntries(
      pairs.map((pair) => {
        if (pair === null) throw new TypeError('not a pair');
        return [pair[1], decodeURIComponent((pair[2] ?? '').trim())];
      }),
    );
  } catch {
    return new Mistake('headers such as api-key=secret, separated by commas');
  }
};

export const optional = <T>(type: string, parse: Parse<T>, shownDefault: string) => ({
  type,
  parse,
  fallback: null as T | null,
  shownDefault,
});

export const secretText: Parse<string> = (text) =>
  /^[\x21-\x7e]{16,4096}$/.test(text) ? text : new Mistake('16 or more letters, digits and signs without spaces');
