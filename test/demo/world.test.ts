import { describe, expect, test } from 'vitest';
import { createDemoWorld, type DemoEntry } from '../../src/demo/demo.ts';
import { items } from '../../src/demo/vaults.ts';

const now = new Date('2026-03-18T14:20:00Z');
const world = createDemoWorld({ now });
const ticked = Array.from({ length: 1_000 }, () => world.next(now));
const all: readonly DemoEntry[] = [...world.entries, ...ticked];

const members = new Map(world.members.map((member) => [member.externalId, member]));
const directories = new Map(world.directories.map((directory) => [directory.externalId, directory]));

function vaultOf(id: string): string | undefined {
  const parent = directories.get(id)?.parentId;
  return parent ? vaultOf(parent) : directories.get(id)?.externalId;
}

test('the same seed and now give the same world, another seed another history in the same company', () => {
  const again = createDemoWorld({ now });
  expect(again.entries).toEqual(world.entries);
  expect(Array.from({ length: 1_000 }, () => again.next(now))).toEqual(ticked);
  const other = createDemoWorld({ now, seed: 2 });
  expect(other.entries).not.toEqual(world.entries);
  expect(other.members).toEqual(world.members);
  expect(other.directories).toEqual(world.directories);
  expect(other.grants).toEqual(world.grants);
});

test('what next gives depends on the seed and the number of calls; now is only its time', () => {
  const later = new Date('2026-11-01T00:00:00Z');
  const elsewhere = createDemoWorld({ now: later });
  for (const entry of ticked) expect(elsewhere.next(later)).toEqual({ ...entry, occurredAt: later });
});

test.each([1, 2, 3, 4, 5, 6, 7].map((day) => new Date(Date.UTC(2026, day, day, day * 3))))(
  'with now %s and any seed there are 3,000 to 4,000 entries within 90 days, oldest first',
  (moment) => {
    for (const seed of [1, 2, 3]) {
      const { entries } = createDemoWorld({ now: moment, seed });
      expect(entries.length).toBeGreaterThan(3_000);
      expect(entries.length).toBeLessThan(4_000);
      const times = entries.map((entry) => entry.occurredAt.getTime());
      expect(times).toEqual([...times].sort((left, right) => left - right));
      expect(times.at(0)).toBeGreaterThanOrEqual(moment.getTime() - 90 * 86_400_000);
      expect(times.at(-1)).toBeLessThan(moment.getTime());
    }
  },
);

describe('references', () => {
  test('ids are unique, groups name members, folders name earlier directories, grants name both', () => {
    expect(members.size).toBe(world.members.length);
    expect(directories.size).toBe(world.directories.length);
    expect(new Set(items.map((item) => item.id)).size).toBe(items.length);
    const groupIds = new Set(world.groups.map((group) => group.externalId));
    expect(groupIds.size).toBe(world.groups.length);
    for (const group of world.groups) for (const id of group.memberIds) expect(members.has(id)).toBe(true);
    const seen = new Set<string>();
    for (const { externalId, kind, parentId } of world.directories) {
      expect(kind === 'VAULT' ? parentId : seen.has(parentId ?? '')).toBe(kind === 'VAULT' ? null : true);
      seen.add(externalId);
    }
    for (const { directoryId, subject } of world.grants) {
      expect(directories.has(directoryId)).toBe(true);
      expect('groupId' in subject ? groupIds.has(subject.groupId) : members.has(subject.memberId)).toBe(true);
    }
  });

  test('actors and affected users are members under their own name and email, or have no account', () => {
    for (const { actor, affectedUser, action } of all) {
      if (actor?.type === 'MEMBER')
        expect(members.get(actor.id ?? ''), action).toMatchObject({ name: actor.name, email: actor.email });
      else if (actor?.type === 'TOKEN') expect(actor.id).toBe('token-build-server');
      else expect(actor?.id).toBeUndefined();
      if (affectedUser) {
        expect(members.get(affectedUser.id ?? ''), action).toMatchObject({
          name: affectedUser.name,
          email: affectedUser.email,
        });
      }
    }
  });

  test('vaults and directories exist and fit; every item lies where the world has it, or was made before', () => {
    const known = new Map(items.map((item) => [item.id, item.directory.vault.id]));
    for (const entry of all) {
      if (entry.vault) expect(directories.get(entry.vault.id)).toMatchObject({ kind: 'VAULT', name: entry.vault.name });
      if (entry.directory) {
        expect(directories.get(entry.directory.id)?.name).toBe(entry.directory.name);
        expect(vaultOf(entry.directory.id)).toBe(entry.vault?.id);
      }
      for (const target of entry.targets ?? []) {
        if (target.type !== 'item') continue;
        const id = target.id ?? '';
        if (entry.action === 'passwork.item_created' && !known.has(id)) known.set(id, entry.vault?.id ?? '');
        expect(known.get(id), id).toBe(entry.vault?.id);
      }
    }
  });

  test('nothing but documentation and private addresses and one reserved domain', () => {
    const allowed = /^(192\.0\.2|198\.51\.100|203\.0\.113|10\.\d+\.\d+)\.\d{1,3}$|^2001:db8:/;
    for (const { ip } of all) if (ip) expect(ip).toMatch(allowed);
    for (const { email } of world.members) expect(email).toMatch(/^[a-z.-]+@northwind-rail\.example$/);
    const text = JSON.stringify(all);
    for (const [, mailDomain] of text.matchAll(/@([\w-]+(?:\.[\w-]+)+)/g))
      expect(mailDomain).toBe('northwind-rail.example');
    expect(text).not.toMatch(/:\/\//);
    expect(text).not.toMatch(/[\w-]\.(com|org|net|io)\b/);
  });
});

describe('who may see what', () => {
  test('each built-in role has somebody to show, and the integration has a token', () => {
    const roles = new Set(world.members.map((member) => member.role));
    expect(roles).toEqual(new Set(['OWNER', 'ADMINISTRATOR', 'AUDITOR', 'MEMBER', null]));
    expect(world.tokens).toEqual([{ name: 'Passwork and Enpass forwarder', roleKey: 'INTEGRATION' }]);
  });

  test('the first MEMBER administers one vault only, and has something to see in it and about themselves', () => {
    const member = world.members.find(({ role }) => role === 'MEMBER');
    const groupsOf = world.groups.filter((group) => group.memberIds.includes(member?.externalId ?? ''));
    const administered = world.grants.filter(
      ({ level, subject }) =>
        level === 'ADMINISTRATOR' &&
        ('groupId' in subject
          ? groupsOf.some((group) => group.externalId === subject.groupId)
          : subject.memberId === member?.externalId),
    );
    expect(administered.map((grant) => grant.directoryId)).toEqual(['vault-marketing']);
    const inVault = world.entries.filter((entry) => entry.vault?.id === 'vault-marketing');
    expect(inVault.length).toBeGreaterThan(100);
    expect(inVault.length).toBeLessThan(world.entries.length / 3);
    const aboutThem = world.entries.filter((entry) => entry.affectedUser?.id === member?.externalId);
    expect(aboutThem.map((entry) => entry.action)).toContain('passwork.user_2fa_reset_by_admin');
  });
});
