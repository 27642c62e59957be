import type { ParseArgsOptionsConfig } from 'node:util';
import type { Config } from '../config.ts';

/** One option of a command, as parseArgs takes it and as help prints it. */
export interface CommandOption {
  readonly type: 'string' | 'boolean';
  /** The placeholder in help, such as `NAME`; none for a switch. */
  readonly value?: string;
  readonly doc: string;
  readonly short?: string;
}

export interface CommandInput {
  readonly config: Config;
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  readonly operands: readonly string[];
}

export interface Command {
  /** The words that call it, such as `organization create`. */
  readonly name: string;
  /** Operands and options in one line of usage. */
  readonly usage: string;
  readonly summary: string;
  readonly options: Readonly<Record<string, CommandOption>>;
  /** The exit status. */
  run(input: CommandInput): Promise<number>;
}

/** The options in the form that parseArgs reads. */
export function parseOptions(options: Command['options']): ParseArgsOptionsConfig {
  const entries = Object.entries(options).map(([name, { type, short }]) => [
    name,
    short === undefined ? { type } : { type, short },
  ]);
  return Object.fromEntries(entries) as ParseArgsOptionsConfig;
}
