/** Facts about the database, judged. Pure: the facts come from the store. */
import type { FollowerFacts, OutboxFacts, Pooler, RightsFacts, ServerFacts } from '../store/inspect.ts';
import type { MigrationState } from '../store/migrate.ts';
import { type Finding, fail, ok, some, warn } from './finding.ts';

const oldestVersion = 15;

export function judgeServer({ version, encoding, role, database, readOnly }: ServerFacts): Finding {
  const check = 'database';
  const major = Math.floor(version / 10_000);
  if (major < oldestVersion) {
    return fail(
      check,
      `The database is PostgreSQL ${major}; Annals runs on ${oldestVersion} or later.`,
      `Upgrade it to PostgreSQL ${oldestVersion} or later.`,
    );
  }
  if (encoding !== 'UTF8') {
    return fail(
      check,
      `The encoding of ${database} is ${encoding}; Annals needs UTF8.`,
      "Create it again: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
    );
  }
  if (readOnly) {
    return fail(
      check,
      `${database} is read-only, such as on a standby: nothing can be recorded.`,
      'Let the addresses lead to the primary server; or take back default_transaction_read_only.',
    );
  }
  return ok(check, `PostgreSQL ${major}.${version % 10_000}, ${encoding}; database ${database}, role ${role}.`);
}

/** `owner` is the role that migrates. */
export function judgeRights({ role, superuser }: ServerFacts, owner: string, rights: RightsFacts): Finding {
  const check = 'rights';
  const separate =
    'Give the server a role of its own in DATABASE_URL, and keep the owner in MIGRATION_DATABASE_URL (docs/storage.md, “Roles”).';
  if (superuser) {
    return fail(check, `The server’s role ${role} is a superuser: the database holds it to nothing.`, separate);
  }
  if (role === owner) {
    return warn(
      check,
      `The server’s role ${role} owns the log: the database does not keep it from changing entries.`,
      separate,
    );
  }
  if (rights.owns.length > 0) {
    const cure = `As a superuser: ALTER TABLE … OWNER TO ${owner}, or REVOKE ${owner} FROM ${role} where it is a member.`;
    return fail(check, `The server’s role ${role} owns ${some(rights.owns)}, and so could change entries.`, cure);
  }
  const cure = `Start the server once, or run an operator’s command: every migration sets the rights of ${role}. Then look again.`;
  if (rights.tooMuch.length > 0)
    return fail(check, `The server’s role ${role} may do more than it should: ${some(rights.tooMuch)}.`, cure);
  if (rights.tooLittle.length > 0)
    return fail(check, `The server’s role ${role} lacks ${some(rights.tooLittle)}.`, cure);
  return ok(check, `${role} reads, and appends through the database’s functions; ${owner} owns the log.`);
}

export function judgeSchema({ pending, unknown, edited, failed }: MigrationState): Finding {
  const check = 'schema';
  if (unknown.length > 0) {
    const message = `The database was migrated by a newer Annals; not known here: ${some(unknown)}.`;
    return fail(check, message, 'Run that version or a later one; an older one refuses to start.');
  }
  if (edited.length > 0) {
    const message = `Changed after it was applied to this database: ${some(edited)}.`;
    return fail(check, message, 'Restore the migration files as they were released.');
  }
  if (failed.length > 0) {
    const message = `A migration failed or was interrupted: ${some(failed)}.`;
    return fail(check, message, 'Start the server: it tries again, and says what is in the way.');
  }
  if (pending.length > 0) {
    const message = `${pending.length} of this Annals’ migrations are not applied: ${some(pending)}.`;
    return warn(check, message, 'Start the server, or restart an older one: it migrates first.');
  }
  return ok(check, 'All migrations are applied, as they were released.');
}

/** What of an acknowledged entry could be lost, by setting. */
const losses = {
  fsync: { bad: ['off'], loss: 'after a crash of the machine the database can be damaged beyond repair' },
  full_page_writes: { bad: ['off'], loss: 'after a crash of the machine pages can be half old and half new' },
  synchronous_commit: {
    bad: ['off'],
    loss: 'acknowledged entries of the last moments are lost when PostgreSQL crashes',
  },
} as const;

export function judgeDurability({ settings }: ServerFacts): Finding {
  const check = 'durability';
  const wrong = Object.entries(losses).filter(([name, { bad }]) =>
    bad.some((value) => value === settings[name as keyof typeof losses]),
  );
  if (wrong.length === 0)
    return ok(check, 'fsync, full_page_writes and synchronous_commit keep what was acknowledged.');
  const names = wrong.map(([name]) => name);
  const cure = `ALTER SYSTEM SET ${names.map((name) => `${name} = on`).join('; ')}; then SELECT pg_reload_conf(). See that neither the role nor the database sets it otherwise.`;
  return fail(
    check,
    wrong
      .map(([name, { loss }]) => `${name} is off: ${loss}`)
      .join('; ')
      .concat('.'),
    cure,
  );
}

/** In milliseconds. */
const clockLimits = { warn: 2000, fail: 60_000 } as const;

export function judgeClock({ clockAheadMs, clockErrorMs }: ServerFacts): Finding {
  const check = 'clock';
  const off = Math.abs(clockAheadMs) - clockErrorMs;
  const inWords = `The database’s clock is ${(Math.abs(clockAheadMs) / 1000).toFixed(1)} s ${clockAheadMs > 0 ? 'ahead of' : 'behind'} this machine’s.`;
  if (off < clockLimits.warn) return ok(check, 'The clocks of this machine and of the database agree.');
  const cure = 'Run a time service (chrony, systemd-timesyncd) on both machines.';
  return off < clockLimits.fail ? warn(check, inWords, cure) : fail(check, inWords, cure);
}

/** `stated` is DATABASE_POOLER. */
export function judgePooler(pooler: Pooler, stated: 'none' | 'transaction'): Finding {
  const check = 'pooler';
  if (pooler === 'transaction') {
    if (stated === 'transaction') return ok(check, 'A pooler in transaction mode, as DATABASE_POOLER says.');
    return fail(
      check,
      'DATABASE_URL leads through a pooler in transaction mode: prepared statements, settings and LISTEN do not survive it.',
      'Set DATABASE_POOLER=transaction (docs/operations.md, “Through a pooler”), or let DATABASE_URL lead to PostgreSQL itself.',
    );
  }
  if (stated === 'transaction') {
    return warn(
      check,
      'DATABASE_POOLER says a pooler in transaction mode, and none was met: statements are planned anew each time for nothing.',
      'Leave DATABASE_POOLER out, unless the pooler was idle and had another connection for each of two clients.',
    );
  }
  return ok(
    check,
    pooler === 'none' ? 'DATABASE_URL leads to PostgreSQL itself.' : 'A pooler in session mode, which works.',
  );
}

export function judgeNotifications(arrivedMs: number | null): Finding {
  const check = 'notifications';
  if (arrivedMs !== null) return ok(check, `LISTEN and NOTIFY work (${arrivedMs} ms).`);
  return warn(
    check,
    'A notification did not arrive: live streams learn late of what other servers record.',
    'Let DATABASE_LISTEN_URL lead to PostgreSQL itself: a proxy or a pooler in transaction mode swallows notifications.',
  );
}

export const notListening = warn(
  'notifications',
  'The server does not listen for notifications: live streams learn after up to a second of what other servers record.',
  'Set DATABASE_LISTEN_URL to an address of PostgreSQL itself, past the pooler.',
);

/** Months in UTC, such as `2026-11`. */
const monthOf = (time: number) => new Date(time).toISOString().slice(0, 7);
const aDay = 86_400_000;

export function judgePartitions(months: readonly string[], now: number): Finding {
  const check = 'partitions';
  const cure =
    'Start the server: it makes them at its start and every hour. If it runs, its log says what keeps it from that.';
  const [current, next] = [monthOf(now), monthOf(now + 31 * aDay)];
  if (!months.includes(current))
    return fail(check, `The log has no partition for ${current}, the month that it is.`, cure);
  if (!months.includes(next)) return warn(check, `The log has no partition for ${next}, which comes soon.`, cure);
  return ok(check, `Partitions are made up to ${months.at(-1)}.`);
}

/** Beyond this age, in milliseconds, what waits is not just on its way. */
const lateMs = 120_000;

export function judgeOutbox({ batches, oldestMs }: OutboxFacts): Finding {
  const check = 'outbox';
  if (oldestMs === null || oldestMs < lateMs) return ok(check, 'What tells of changes is in the log.');
  const message = `${batches} changes wait to be told in the log; the oldest for ${Math.round(oldestMs / 60_000)} minutes.`;
  return warn(check, message, 'Start the server: it records them. If it runs, its log says what keeps it from that.');
}

/** What each follower makes, and what suffers where it is behind. */
const suffers: Readonly<Record<string, string>> = {
  statistics: 'statistics read what it has not counted',
  search: 'searching reads what it has not indexed',
  texts: 'searching says TEXT_NOT_READY',
};

function behind({ follower, organization, entries, oldestMs }: FollowerFacts): string {
  if (follower === 'texts') return `${entries} entries of ${organization} lack their texts (${suffers.texts})`;
  const since = oldestMs === null ? '' : ` since ${Math.round(oldestMs / 60_000)} minutes`;
  const effect = suffers[follower];
  return `${follower} is ${entries} entries behind the log of ${organization}${since}${effect ? ` (${effect})` : ''}`;
}

/** `counting`: whether entries are to be counted ahead at all. */
export function judgeFollowers(facts: readonly FollowerFacts[], counting: boolean): Finding {
  const check = 'followers';
  const late = facts
    .filter(({ follower }) => counting || follower !== 'statistics')
    .filter(({ oldestMs }) => oldestMs === null || oldestMs >= lateMs);
  if (late.length === 0) return ok(check, 'What follows the logs has worked off all but the newest entries.');
  return warn(
    check,
    `${some(late.map(behind), 3)}.`,
    'Start the server: it goes on where it stood. If it runs, give it time after an upgrade or a restore; its log, and annals_follower_lag_entries of its metrics, say what keeps it from that.',
  );
}

export function judgeConnections({ connections }: ServerFacts, wanted: number): Finding {
  const check = 'connections';
  const free = connections.most - connections.used;
  const message = `${connections.used} of ${connections.most} connections are in use; a server takes up to ${wanted + 1}.`;
  if (free > wanted + 1) return ok(check, message);
  return warn(check, message, 'Raise max_connections, or lower DATABASE_CONNECTIONS.');
}
