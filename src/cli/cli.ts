/** The command line: words to command, errors to stderr with their cure, outcome to exit status. */
import { parseArgs } from 'node:util';
import { readConfig } from '../config.ts';
import { AnnalsError, errorInfo } from '../errors.ts';
import { type Command, type Given, parseOptions } from './command.ts';
import { askAccount, askHistory, askNew, askOpened, askStopped } from './commands/ask.ts';
import { backupCommand, restoreCommand } from './commands/backup.ts';
import { completion } from './commands/completion.ts';
import { doctor } from './commands/doctor.ts';
import { importCommand } from './commands/import.ts';
import { jwtKeys, jwtMint } from './commands/jwt.ts';
import { organizationCreate, organizationLimit, organizationList } from './commands/organization.ts';
import { query } from './commands/query.ts';
import { record } from './commands/record.ts';
import { serve } from './commands/serve.ts';
import { statistics } from './commands/statistics.ts';
import { tail } from './commands/tail.ts';
import { tokenCreate, tokenList, tokenRevoke, tokenRotate, tokenUpdate } from './commands/token.ts';
import { commandHelp, overview } from './help.ts';
import { usage } from './options.ts';
import { type Output, openOutput, printable, ReaderGone } from './output.ts';

/** Descriptions only: each loads what it needs when it runs, so that help, completion and a query start at once. */
export const commands: readonly Command[] = [
  serve,
  query,
  statistics,
  askOpened,
  askHistory,
  askAccount,
  askNew,
  askStopped,
  tail,
  record,
  importCommand,
  organizationCreate,
  organizationLimit,
  organizationList,
  tokenCreate,
  tokenList,
  tokenUpdate,
  tokenRotate,
  tokenRevoke,
  jwtKeys,
  jwtMint,
  backupCommand,
  restoreCommand,
  doctor,
  completion,
];

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

/** The commands that begin with these words, such as those of `token`. */
const groupOf = (words: readonly string[]) =>
  commands.filter((command) => command.name.startsWith(`${words.join(' ')} `));

async function dispatch(words: readonly string[], out: Output): Promise<number> {
  const [first, second] = words;
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    await out.write(overview(commands));
    return first === undefined ? errorInfo('USAGE').exit : 0;
  }
  const group = groupOf([first]);
  if (group.length > 0 && (second === '--help' || second === '-h')) {
    await out.write(group.map(commandHelp).join('\n'));
    return 0;
  }
  const { command, rest } = findCommand(words);
  const { values, positionals } = parse(command, rest);
  if (values.help === true) {
    await out.write(commandHelp(command));
    return 0;
  }
  const options = values as Given;
  return command.run({ config: readConfig(), options, operands: positionals, out, commands });
}

/** An error and its cure, as the command line says them. */
const inWords = (error: AnnalsError) => `annals: ${error.code}: ${printableLines(error.message)}\n${error.cure}\n`;

/** What others wrote stands in messages, too: lines stay lines, and nothing steers the terminal. */
const printableLines = (text: string) => text.split('\n').map(printable).join('\n');

/** Runs one command; the exit status is the command’s, or that of the error’s row in the table of errors. */
export async function runCli(words: readonly string[]): Promise<number> {
  const out = openOutput(process.stdout);
  // Nobody may be left to read what goes wrong.
  process.stderr.on('error', () => {});
  try {
    return await dispatch(words, out);
  } catch (error) {
    if (error instanceof ReaderGone) return 0;
    if (error instanceof AnnalsError) {
      process.stderr.write(inWords(error));
      return errorInfo(error.code).exit;
    }
    process.stderr.write(`annals: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return errorInfo('INTERNAL').exit;
  }
}
