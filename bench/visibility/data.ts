/** A log whose entries lie in directories of known shares, and members that see just those. */
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { environment, type Organization } from '../support/annals.ts';
import { type BenchDatabase, withClient } from '../support/postgres.ts';

/** Constants as an array in SQL. */
const names = (list: readonly string[]) => `array[${list.map((name) => `'${name}'`).join()}]`;

/** The months that the entries spread over. */
const days = 180;
/** How many directories the sets of many have. */
export const many = 5000;
export const few = 3;
export const groupCount = 200;

/** Sets of directories by what of the log they hold, and how many they are. */
export const sets = ['all few', 'all many', 'tenth few', 'tenth many', 'thousandth few', 'thousandth many'] as const;
export type DirectorySet = (typeof sets)[number];
/** A member for each set, and one that has no directory and ten entries of its own. */
export const viewers = [...sets, 'own'] as const;
export type Viewer = (typeof viewers)[number];

/**
 * Three vaults; `many` folders in them hold most entries; and below these the folders of the other sets. So the vaults, and
 * the `many` folders, have all entries in or under them.
 */
const fillDirectories = `
  insert into directory (organization_id, external_id, kind, name)
    select $1, 'all few ' || n, 'VAULT', 'Vault ' || n from generate_series(0, ${few - 1}) n;
  insert into directory (organization_id, external_id, kind, name, parent_id)
    select $1, 'all many ' || n, 'FOLDER', 'Folder ' || n, v.id from generate_series(0, ${many - 1}) n
      join directory v on v.organization_id = $1 and v.external_id = 'all few ' || n % ${few};
  insert into directory (organization_id, external_id, kind, name, parent_id)
    select $1, s.name || ' ' || n, 'FOLDER', s.name || ' ' || n, f.id
      from (values ('tenth few', ${few}), ('tenth many', ${many}), ('thousandth few', ${few}), ('thousandth many', ${many})) s(name, size)
      cross join lateral generate_series(0, s.size - 1) n
      join directory f on f.organization_id = $1 and f.external_id = 'all many ' || n`;

const fillPeople = `
  insert into actor (organization_id, type, external_id, name)
    select $1, 'MEMBER', 'u-' || n, 'Person ' || n from generate_series(1, 200) n;
  insert into actor (organization_id, type, external_id, name)
    select $1, 'MEMBER', name, name from unnest(${names(viewers)}) name;
  insert into member (organization_id, external_id, name, role, actor_id)
    select $1, a.external_id, a.name, 'MEMBER', a.id from actor a where a.organization_id = $1 and a.external_id = any(${names(viewers)});
  insert into member_group (organization_id, external_id, name)
    select $1, s || ' ' || n, s || ' ' || n from unnest(${names(sets)}) s cross join generate_series(0, ${groupCount - 1}) n;
  insert into group_membership (group_id, member_id)
    select g.id, m.id from member m join member_group g on g.organization_id = $1 and g.external_id ~ ('^' || m.external_id || ' \\d+$')
    where m.organization_id = $1;
  insert into directory_grant (organization_id, directory_id, group_id, level)
    select $1, d.id, g.id, 'ADMINISTRATOR' from unnest(${names(sets)}) s cross join generate_series(0, ${many - 1}) n
      join directory d on d.organization_id = $1 and d.external_id = s || ' ' || n
      join member_group g on g.organization_id = $1 and g.external_id = s || ' ' || n % ${groupCount}`;

/** $1 organization, $2 entries; all else is chosen by the entry’s number. */
const fillEntries = `
  insert into log_entry (organization_id, position, recorded_at, occurred_at, id, action_id, outcome, severity,
    actor_type, actor_id, affected_user_id, directory_id, vault_id, component, actor_name, directory_name,
    targets, target_ids, ip, user_agent, device, session, request, salts, digest, leaf)
  select $1, n, at, at - interval '1 second', uuidv7(at - now()), a.ids[1 + n * 7 % cardinality(a.ids)], 0, 1 + n % 10,
    0, case when own and n % 4 < 2 then o.id else p.ids[1 + n % 200] end, case when own and n % 4 >= 2 then o.id end,
    d.ids[1 + h % cardinality(d.ids)], 1, 'web', 'Person', 'Folder',
    jsonb_build_array(jsonb_build_object('type', 'item', 'id', 'item-' || n % 5000, 'name', 'Administrator account')),
    array['item-' || n % 5000], '10.1.2.3', 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0 Safari/537.36', 'Laptop',
    'session-' || n % 997, 'request-' || n, decode(repeat('00', 80), 'hex'), sha256(int8send(n)), sha256(int8send(-n))
  from (select array_agg(id) as ids from action_number) a,
    (select array_agg(id) as ids from actor where organization_id = $1 and external_id like 'u-%') p,
    (select id from actor where organization_id = $1 and external_id = 'own') o,
    lateral (select n, date_trunc('milliseconds', now() - ${days} * interval '1 day' * (1 - n::float8 / $2::bigint)) as at,
      n % ($2 / 10) = $2 / 20 + n * 10 / $2 % 4 as own, abs(hashint8(n)::bigint) as h,
      case when n % 1000 = 0 then 'thousandth few' when n % 1000 = 1 then 'thousandth many'
        when n % 10 = 2 then 'tenth few' when n % 10 = 3 then 'tenth many' else 'all many' end as set
      from generate_series(0, $2::bigint - 1) n) e
    join (select regexp_replace(external_id, ' \\d+$', '') as set, array_agg(id) as ids from directory
      where organization_id = $1 group by 1) d using (set)
  order by n`;

/** Fills the log as its owner, and gives each viewer’s token. */
export async function fillVisibility(
  database: BenchDatabase,
  organization: Organization,
  entries: number,
): Promise<Readonly<Record<Viewer, string>>> {
  await withClient(database.ownerUrl, async (client) => {
    for (const text of `${fillDirectories};\n${fillPeople}`.split(';\n')) {
      await client.query(text, [organization.organization]);
    }
    await client.query(`select ensure_log_partitions(now() - ${days} * interval '1 day', now())`);
    await client.query(fillEntries, [organization.organization, entries]);
    await client.query('vacuum (analyze)');
  });
  await using app = await openApp(readConfig(environment(database)));
  const tokens: [Viewer, string][] = [];
  for (const viewer of viewers) {
    const { token } = await app.administration.createToken(
      { ...organization, name: 'Bench' },
      { name: viewer, actsAs: { member: viewer } },
    );
    tokens.push([viewer, token]);
  }
  return Object.fromEntries(tokens) as Record<Viewer, string>;
}
