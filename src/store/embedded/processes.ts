import { execFile } from 'node:child_process';
import { readdir, readlink, realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';

/**
 * The ids of PostgreSQL processes that work on a cluster: server and backends. A process id in a file proves nothing
 * after a restart of the machine or a copy of the directory, so the system is asked which processes are there now.
 * On Linux, who runs a program called `postgres` with the cluster as current directory; elsewhere (macOS), the server
 * whose command line names `socketDirectory`, the run directory of the earlier run.
 */
export async function postgresProcesses(cluster: string, socketDirectory: string | null): Promise<number[]> {
  if (process.platform !== 'linux') return byCommandLine(socketDirectory);
  const home = await realpath(cluster).catch(() => undefined);
  if (home === undefined) return [];
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const ours = await Promise.all(ids.map((id) => worksOn(id, home)));
  return ids.filter((_, index) => ours[index]).map(Number);
}

/** Links that cannot be read belong to another user’s process or to one that has ended. */
async function worksOn(id: string, home: string): Promise<boolean> {
  const link = (name: string): Promise<string> => readlink(`/proc/${id}/${name}`).catch(() => '');
  return (await link('cwd')) === home && basename(await link('exe')).split(' ')[0] === 'postgres';
}

async function byCommandLine(socketDirectory: string | null): Promise<number[]> {
  if (socketDirectory === null) return [];
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,command=']);
  const lines = stdout.split('\n').filter((line) => line.includes(`${socketDirectory}/data`));
  return lines.map((line) => Number.parseInt(line, 10)).filter((pid) => pid !== process.pid);
}
