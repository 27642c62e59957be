import { database, version } from '../../app.ts';
import type { Config } from '../../config.ts';
import { AnnalsError } from '../../errors.ts';
import type { CommandInput, Given } from '../command.ts';
import { has, usage } from '../options.ts';
import type { Output } from '../output.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);
const number = (value: number) => value.toLocaleString('en');

function refuseOutside({ databaseUrl }: Config): void {
  if (databaseUrl === null) return;
  throw new AnnalsError('USAGE', {
    message: 'This command is for the embedded database, and DATABASE_URL names another one.',
    cure: 'Back that one up with its own tools (pg_dump, pg_basebackup); docs/operations.md says what to mind.',
  });
}

export async function runBackup({ config, operands, out }: CommandInput): Promise<number> {
  const [to, ...more] = operands;
  if (to === undefined || more.length > 0) throw usage('backup takes one DIRECTORY, which must not exist.');
  refuseOutside(config);
  const { dataDirectory } = config;
  const { archive, logs } = await database.backup({ dataDirectory, to, version, log: say });
  const entries = logs.reduce((sum, log) => sum + log.entries, 0);
  await out.write(
    `${to}: ${number(archive.bytes)} bytes, ${number(logs.length)} logs with at least ${number(entries)} entries.\n`,
  );
  return 0;
}

/** What the operator has to decide, since nobody else knows. */
function decision(options: Given): boolean {
  const fork = has(options, 'accept-fork');
  if (fork !== has(options, 'same-history')) return fork;
  throw new AnnalsError('USAGE', {
    message: 'Say whether anything was recorded after the backup that it does not hold.',
    cure: '--accept-fork: yes, or it is not known; readers are told that the history changed (LOG_RESTORED). --same-history: no, nothing was; cursors go on.',
  });
}

export async function runRestore({ config, options, operands, out }: CommandInput): Promise<number> {
  const acceptFork = decision(options);
  const [from, ...more] = operands;
  if (more.length > 0) throw usage('restore takes one DIRECTORY.');
  if (from === undefined) return begin(config, acceptFork, out);
  refuseOutside(config);
  const { dataDirectory } = config;
  const logs = await database.restore({ dataDirectory, from, acceptFork, log: say });
  const entries = logs.reduce((sum, log) => sum + log.entries, 0);
  await out.write(
    `${dataDirectory}: ${number(logs.length)} logs, checked up to ${number(entries)} entries.${
      acceptFork ? ' A new generation of each began: cursors from before get LOG_RESTORED.' : ''
    }\n`,
  );
  return 0;
}

/** The database is where it belongs already; only its history is declared another one. */
async function begin(config: Config, acceptFork: boolean, out: Output): Promise<number> {
  if (!acceptFork) {
    throw new AnnalsError('USAGE', {
      message: 'restore takes one DIRECTORY, which `annals backup` made.',
      cure: 'Only --accept-fork goes without, for a database that is in place already.',
    });
  }
  const url = config.migrationDatabaseUrl ?? config.databaseUrl;
  const logs = await (url === null
    ? database.raiseEmbedded(config.dataDirectory, say)
    : database.raiseGenerations(url));
  await out.write(`A new generation of ${number(logs)} logs began: cursors from before get LOG_RESTORED.\n`);
  return 0;
}
