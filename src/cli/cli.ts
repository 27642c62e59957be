/** The command line: words to command, errors to stderr with their cure, outcome to exit status. */
import { parseArgs } from 'node:util';
import { readConfig } from '../config.ts';
import { AnnalsError, errorInfo } from '../errors.ts';
import { type Command, parseOptions } from './command.ts';
import { backupCommand, restoreCommand } from './commands/backup.ts';
import { importCommand } from './commands/import.ts';
import { jwtKeys, jwtMint } from './commands/jwt.ts';
import { organizationCreate } from './commands/organization.ts';
import { serve } from './commands/serve.ts';
import { commandHelp, overview } from './help.ts';

export const commands: readonly Command[] = [
  serve,
  organizationCreate,
  importCommand,
  backupCommand,
  restoreCommand,
  jwtKeys,
  jwtMint,
];

function usage(message: string, cure?: string): AnnalsError {
  return new AnnalsError('USAGE', { message, ...(cure === undefined ? {} : { cure }) });
}

/** The command that the first words name, and the words after them. */
function findCommand(words: readonly string[]): { command: Command; rest: readonly string[] } {
  for (const command of commands) {
    const name = command.name.split(' ');
    if (name.every((word, index) => words[index] === word)) return { command, rest: words.slice(name.length) };
  }
  const known = commands.map((command) => command.name).join(', ');
  throw usage(
    `There is no command ${JSON.stringify(words.slice(0, 2).join(' '))}.`,
    `Use one of: ${known}; or --help.`,
  );
}

function parse(command: Command, rest: readonly string[]) {
  try {
    return parseArgs({
      args: [...rest],
      options: { ...parseOptions(command.options), help: { type: 'boolean' } },
      allowPositionals: true,
    });
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error), `Run \`annals ${command.name} --help\`.`);
  }
}

async function dispatch(words: readonly string[]): Promise<number> {
  const [first] = words;
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    process.stdout.write(overview(commands));
    return first === undefined ? errorInfo('USAGE').exit : 0;
  }
  const { command, rest } = findCommand(words);
  const { values, positionals } = parse(command, rest);
  if (values.help === true) {
    process.stdout.write(commandHelp(command));
    return 0;
  }
  const options = values as Record<string, string | boolean | undefined>;
  return command.run({ config: readConfig(), options, operands: positionals });
}

/** Runs one command; the exit status is the command’s, or that of the error’s row in the table of errors. */
export async function runCli(words: readonly string[]): Promise<number> {
  try {
    return await dispatch(words);
  } catch (error) {
    if (error instanceof AnnalsError) {
      process.stderr.write(`annals: ${error.code}: ${error.message}\n${error.cure}\n`);
      return errorInfo(error.code).exit;
    }
    process.stderr.write(`annals: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return errorInfo('INTERNAL').exit;
  }
}
