/** Reads the values of options; every mistake is USAGE and says what would be right. */
import { AnnalsError } from '../errors.ts';
import type { Given } from './command.ts';

export function usage(message: string, cure?: string): AnnalsError {
  return new AnnalsError('USAGE', { message, ...(cure === undefined ? {} : { cure }) });
}

export function text(options: Given, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** The values of an option that may be repeated; undefined where it was not given. */
export function texts(options: Given, name: string): readonly string[] | undefined {
  const value = options[name];
  if (!Array.isArray(value)) return undefined;
  return value.filter((one: unknown) => typeof one === 'string');
}

export const has = (options: Given, name: string): boolean => options[name] === true;

export function wholeNumber(options: Given, name: string, min: number, max: number): number | undefined {
  const value = text(options, name);
  if (value === undefined) return undefined;
  if (/^\d{1,15}$/.test(value) && Number(value) >= min && Number(value) <= max) return Number(value);
  throw usage(`--${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(value)}.`);
}

export function oneOf<const T extends string>(options: Given, name: string, choices: readonly T[]): T | undefined {
  const value = text(options, name);
  if (value === undefined) return undefined;
  const choice = choices.find((one) => one.toLowerCase() === value.toLowerCase());
  if (choice !== undefined) return choice;
  throw usage(`--${name} must be one of ${choices.join(', ')}, not ${JSON.stringify(value)}.`);
}

/** A JSON object; undefined where the option was not given. */
export function jsonObject(options: Given, name: string): Readonly<Record<string, unknown>> | undefined {
  const value = text(options, name);
  if (value === undefined) return undefined;
  const parsed = parseJson(value, name);
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  throw usage(`--${name} must be a JSON object.`, `Quote it for the shell: --${name} '{"…": …}'.`);
}

function parseJson(value: string, name: string): unknown {
  try {
    return JSON.parse(value);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw usage(`--${name} is not JSON: ${reason}.`, `Quote it for the shell: --${name} '{"…": …}'.`);
  }
}

/** Refuses operands beside the `most` that a command takes. */
export function operandsOf(operands: readonly string[], most: number, what: string): readonly string[] {
  if (operands.length > most) throw usage(what, 'Quote what contains spaces.');
  return operands;
}

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Milliseconds of `30s`, `15m`, `2h`, `7d` or `4w`; null for anything else. */
export function durationMs(value: string): number | null {
  const [, count, unit] = /^(\d{1,9})([smhdw])$/.exec(value) ?? [];
  const length = units[unit ?? ''];
  return count === undefined || length === undefined ? null : Number(count) * length;
}

const dateOnly = /^\d{4}-\d\d-\d\d$/;
const localTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?$/;
const zonedTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/i;

/** A moment as RFC 3339: a length of time before now, a date (its midnight, in the local time zone), or a time. */
export function moment(options: Given, name: string, now: number): string | undefined {
  return timeOf(options, name, (length) => now - length, 'how long ago');
}

/** The same with a length of time from now on. */
export function timeToCome(options: Given, name: string, now: number): string | undefined {
  return timeOf(options, name, (length) => now + length, 'in how long');
}

function timeOf(options: Given, name: string, shift: (length: number) => number, lengthIs: string): string | undefined {
  const value = text(options, name);
  if (value === undefined) return undefined;
  const length = durationMs(value);
  const time = length === null ? momentOf(value) : shift(length);
  if (Number.isFinite(time) && Math.abs(time) < 8.64e15) return new Date(time).toISOString();
  throw usage(
    `--${name} must be a time, not ${JSON.stringify(value)}.`,
    `State ${lengthIs} (30s, 15m, 2h, 7d, 4w), a date (2026-01-31), or a time (2026-01-31T09:30:00Z; without a zone: local).`,
  );
}

function momentOf(value: string): number {
  if (dateOnly.test(value)) return validDay(value) ? Date.parse(`${value}T00:00`) : Number.NaN;
  if (!localTime.test(value) && !zonedTime.test(value)) return Number.NaN;
  return validDay(value.slice(0, 10)) ? Date.parse(value.replace(/(\.\d{3})\d+/, '$1')) : Number.NaN;
}

/** Date.parse takes 31 February for 3 March. */
const validDay = (day: string) => {
  const time = Date.parse(`${day}T00:00Z`);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(day);
};
