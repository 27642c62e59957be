import type { ParseArgsOptionsConfig } from 'node:util';
import type { Config } from '../config.ts';
import type { Output } from './output.ts';

/** One option of a command, as parseArgs takes it and as help, completion and docs/cli.md show it. */
export interface CommandOption {
  readonly type: 'string' | 'boolean';
  /** The placeholder in help, such as `NAME`; none for a switch. */
  readonly value?: string;
  readonly doc: string;
  readonly short?: string;
  /** May be given more than once. */
  readonly multiple?: true;
  /** What completion offers as its value. */
  readonly choices?: readonly string[] | 'files';
}

export type CommandOptions = Readonly<Record<string, CommandOption>>;

/** The values of the options that were given, by name. */
export type Given = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

export interface CommandInput {
  readonly config: Config;
  readonly options: Given;
  readonly operands: readonly string[];
  readonly out: Output;
  /** All commands, for those that speak about the command line itself. */
  readonly commands: readonly Command[];
}

export interface Command {
  /** The words that call it, such as `organization create`. */
  readonly name: string;
  /** Operands and options in one line of usage. */
  readonly usage: string;
  readonly summary: string;
  /** Paragraphs for help and docs/cli.md. */
  readonly details?: readonly string[];
  readonly options: CommandOptions;
  /** Names of the environment variables that it reads; `all` the server’s. */
  readonly environment: readonly string[] | 'all';
  /** What completion offers as an operand. */
  readonly operands?: readonly string[] | 'files';
  /** Loads what the command needs, and runs it; resolves with the exit status. */
  run(input: CommandInput): Promise<number>;
}

/** What commands read that talk to a running server. */
export const ofClients: readonly string[] = ['ANNALS_URL', 'ANNALS_TOKEN', 'DATA_DIRECTORY'];
/** What commands read that open the database. */
export const ofOperators: readonly string[] = ['DATABASE_URL', 'MIGRATION_DATABASE_URL', 'DATA_DIRECTORY'];

/** The options in the form that parseArgs reads. */
export function parseOptions(options: CommandOptions): ParseArgsOptionsConfig {
  const entries = Object.entries(options).map(([name, { type, short, multiple }]) => [
    name,
    { type, ...(short === undefined ? {} : { short }), ...(multiple === undefined ? {} : { multiple }) },
  ]);
  return Object.fromEntries(entries) as ParseArgsOptionsConfig;
}
