import { after } from '../clock.ts';
import { affecting, atDesk, by, bySystem, changing, on, type Stage } from '../scene.ts';

const server = on('ldapServer', 'ldap-rtm', 'ldap.corp.northwind-rail.example');
const mapped = ['group-platform', 'group-marketing', 'group-hr', 'group-control-room'];

/**
 * Two months ago: an administrator connects the company’s LDAP server. The first connection test fails (wrong port); then
 * groups are mapped, sign-in by LDAP is enabled, accounts move over, and a nightly synchronization begins.
 */
export function ldapRollout(stage: Stage): void {
  const { cast, clock, random, add } = stage;
  const administrator = cast.person('tomasz.wieczorek');
  const desk = by(administrator, atDesk(administrator, random.hex(16)));
  const day = clock.workday(-62);
  let at = clock.at(day, 9, 47, administrator.zone);
  const pause = (minutes: number) => {
    at = after(at, minutes, random.between(0, 59));
    return at;
  };

  add(at, { action: 'passwork.session_started', ...desk });
  add(pause(6), { action: 'passwork.ldapServer_created', ...desk, ...server });
  add(pause(1), {
    action: 'passwork.ldapServer_connection_checked',
    ...desk,
    ...server,
    outcome: 'FAILURE',
    metadata: { error: 'connection refused', port: 389 },
  });
  add(pause(3), { action: 'passwork.ldapServer_changed', ...desk, ...server, ...changing('port', '389', '636') });
  add(pause(1), {
    action: 'passwork.ldapServer_connection_checked',
    ...desk,
    ...server,
    outcome: 'SUCCESS',
    metadata: { port: 636 },
  });
  add(pause(8), {
    action: 'passwork.ldapServer_usersSettings_changed',
    ...desk,
    ...server,
    ...changing('baseDn', null, 'ou=staff,dc=northwind-rail,dc=example'),
  });
  add(pause(4), { action: 'passwork.ldapServer_userGroupsSettings_changed', ...desk, ...server });
  add(pause(2), { action: 'passwork.task_manual_load_ldap_users_run', ...desk, ...server });
  add(pause(2), { action: 'passwork.task_manual_load_ldap_userGroups_run', ...desk, ...server });
  for (const id of mapped) {
    const group = cast.group(id);
    add(pause(2), {
      action: 'passwork.userGroup_added_to_ldapUserGroup',
      ...desk,
      ...on('group', group.externalId, group.name),
      metadata: { ldapGroup: `cn=${id.slice('group-'.length)},ou=groups,dc=northwind-rail,dc=example` },
    });
  }
  add(pause(5), { action: 'passwork.ldapServer_auth_enabled', ...desk, ...server });
  moveAccounts(stage, day);
  nightly(stage, day);
}

/** Each mapped account signs in by LDAP from the next working day on; the synchronization corrects some profiles. */
function moveAccounts({ cast, clock, random, add }: Stage, day: number): void {
  const administrator = cast.person('tomasz.wieczorek');
  const desk = by(administrator, atDesk(administrator, random.hex(16)));
  let at = clock.at(clock.workday(day + 3), 10, 12, administrator.zone);
  add(at, { action: 'passwork.session_started', ...desk });
  for (const id of mapped.flatMap((group) => [...cast.group(group).memberIds])) {
    const person = cast.person(id);
    if (Number.isFinite(person.firstDay)) continue;
    at = after(at, 1, random.between(0, 59));
    add(at, {
      action: 'passwork.user_auth_types_changed',
      ...desk,
      ...affecting(person),
      ...changing('authenticationType', 'local password', 'LDAP'),
    });
    if (random.chance(0.5)) {
      add(after(at, 47), {
        action: 'passwork.user_updated_via_ldap',
        ...bySystem('LDAP synchronization'),
        ...affecting(person),
        ...changing('department', null, 'set from the directory service'),
      });
    }
  }
}

function nightly({ clock, random, add }: Stage, day: number): void {
  for (let night = day + 4; night <= 0; night += 1) {
    add(clock.at(night, 4, 0, 'UTC'), {
      action: 'passwork.task_manual_sync_ldapServer_users_run',
      ...bySystem('LDAP synchronization'),
      ...server,
      metadata: {
        users: 24,
        changed: random.weighted([
          [8, 0],
          [2, 1],
          [1, 2],
        ]),
      },
    });
  }
}
