import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { AnnalsError } from '../../errors.ts';

/** The operating system account that PostgreSQL runs under when Annals itself runs as root. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Preferred accounts, best first; any other ordinary account follows. */
const preferred = ['postgres', '_postgres', 'nobody', 'daemon'];

/** The accounts of a passwd(5) file other than root. */
export function parsePasswd(text: string): Account[] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    const account = { name: name ?? '', uid: Number(uid), gid: Number(gid) };
    return name && uid && gid && account.uid > 0 && account.gid >= 0 ? [account] : [];
  });
}

/**
 * Null for an ordinary user, who runs PostgreSQL as itself. For root, which PostgreSQL refuses, an existing account:
 * the owner of the data where there is one, since only the owner may open it.
 * Throws EMBEDDED_UNSUPPORTED when there is none.
 */
export async function chooseAccount(dataOwner: number | undefined): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const accounts = parsePasswd(await readFile('/etc/passwd', 'utf8').catch(() => ''));
  if (dataOwner !== undefined && dataOwner !== 0) {
    const owner = accounts.find((account) => account.uid === dataOwner);
    return owner ?? { name: `uid ${dataOwner}`, uid: dataOwner, gid: dataOwner };
  }
  const known = preferred.flatMap((name) => accounts.filter((account) => account.name === name));
  const account = known[0] ?? accounts[0];
  if (account === undefined) {
    throw new AnnalsError('EMBEDDED_UNSUPPORTED', {
      message: 'PostgreSQL does not run as root, and /etc/passwd names no other account to run it under.',
      cure: 'Run Annals as an ordinary user, add an account such as `nobody`, or set DATABASE_URL.',
    });
  }
  return account;
}

/** What `spawn` needs to run a program under the account. */
export function identity(account: Account | null): { uid: number; gid: number } | Record<string, never> {
  return account === null ? {} : { uid: account.uid, gid: account.gid };
}

/**
 * Whether the account can enter the directory through all its parents. Asked of the system itself, since modes, access
 * lists and mount options all have a say. Throws EMBEDDED_UNSUPPORTED when root may not change to the account at all.
 */
export async function canReach(directory: string, account: Account | null): Promise<boolean> {
  if (account === null) return true;
  const child = spawn('/bin/sh', ['-c', 'cd -- "$1"', 'sh', directory], {
    cwd: '/',
    env: {},
    stdio: 'ignore',
    ...identity(account),
  });
  try {
    const [code] = await once(child, 'exit');
    return code === 0;
  } catch (cause) {
    throw new AnnalsError('EMBEDDED_UNSUPPORTED', {
      message: `Root is not permitted to run a program as ${account.name} here, and PostgreSQL does not run as root.`,
      cure: 'Run Annals as an ordinary user, or set DATABASE_URL to a PostgreSQL server.',
      cause,
    });
  }
}
