/** What the log of an organization says of accesses, read past every gate: looking must not be looked at. */
import type { App, Overrides } from '../../src/app.ts';
import type { Json } from '../../src/model/entry.ts';
import { asAdmin, type TestApps, type TestOrganization, useTestApps } from '../support/app.ts';
import type { TestDatabase } from '../support/database.ts';

export const windowSeconds = 60;

/** Milliseconds; starts at the beginning of a window around the machine’s time, because partitions lie around today. */
export const startOfWindow = Math.floor(Date.now() / (windowSeconds * 1000)) * windowSeconds * 1000;

export interface Clock {
  now: number;
}

/** Past the end of the window, and the time for which it stays open for late counts. */
export const nextWindow = (clock: Clock) => {
  clock.now = (Math.floor(clock.now / (windowSeconds * 1000)) + 1) * windowSeconds * 1000 + 5000;
};

/** As many servers on one database, which watch; all by one clock. */
export function useWatchingApps(
  servers = 1,
  env: Readonly<Record<string, string>> = {},
): { readonly apps: TestApps; readonly clock: Clock } {
  const clock = { now: startOfWindow + 1000 };
  const overrides: Overrides = { now: () => clock.now };
  const settings = { ACCESS_LOG: 'closed', ACCESS_WINDOW_SECONDS: String(windowSeconds), ...env };
  const apps = useTestApps(
    settings,
    Array.from({ length: servers }, () => overrides),
  );
  return { apps, clock };
}

export interface AccessEntry extends Record<string, unknown> {
  readonly action: string;
  readonly type: number;
  readonly actor: string | null;
  readonly name: string | null;
  readonly affected: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly request: string | null;
  readonly metadata: Readonly<Record<string, Json>> | null;
}

/** The entries of Annals’ own catalogue, in the order of the log. */
export function accessesOf(
  database: Pick<TestDatabase, 'adminUrl'>,
  { organization }: Pick<TestOrganization, 'organization'>,
): Promise<AccessEntry[]> {
  return asAdmin<AccessEntry>(
    database,
    `select substr(n.key, 8) as action, e.actor_type as type, a.external_id as actor, e.actor_name as name,
       u.external_id as affected, host(e.ip) as ip, e.user_agent as "userAgent", e.request, e.metadata
     from log_entry e join action_number n on n.id = e.action_id
     left join actor a on a.id = e.actor_id left join actor u on u.id = e.affected_user_id
     where e.organization_id = $1 and n.key like 'annals.%' order by e.position`,
    [organization],
  );
}

/** Its accesses in short: `log_access_started READ`. */
export async function inShort(
  database: Pick<TestDatabase, 'adminUrl'>,
  to: Pick<TestOrganization, 'organization'>,
): Promise<string[]> {
  return (await accessesOf(database, to)).map(({ action, metadata }) =>
    [action, metadata?.kind].filter(Boolean).join(' '),
  );
}

/** Rows of counts that the organization still has. */
export async function countsOf(database: TestDatabase, { organization }: TestOrganization): Promise<number> {
  const rows = await asAdmin(database, 'select from access_window where organization_id = $1', [organization]);
  return rows.length;
}

/** A page as that principal. */
export const page = (app: App, to: Pick<TestOrganization, 'owner'>, first = 10) =>
  app.services.query.logs(to.owner, { first });
