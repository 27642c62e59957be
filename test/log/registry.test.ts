import { expect, test } from 'vitest';
import { openCatalogue } from '../../src/catalogue/catalogue.ts';
import { openRegistry } from '../../src/log/registry.ts';
import { validateEntry } from '../../src/log/validate.ts';
import type { EntryInput } from '../../src/model/entry.ts';
import { anAction, asAdmin, newOrganization, useTestApps } from '../support/app.ts';

const at = useTestApps({}, [{}, {}]);
const catalogue = openCatalogue();
const valid = (stated: Partial<EntryInput>) =>
  validateEntry({ action: anAction, ...stated }, catalogue, Date.now(), { entryBytes: 65_536, futureSeconds: 60 });

test('instances that meet the same new names at once agree on their numbers', async () => {
  const to = await newOrganization(at.app);
  for (let round = 0; round < 8; round++) {
    const names = Array.from({ length: 20 }, (_, index) => `${round}.${index}`);
    const entries = (list: readonly string[]) =>
      list.map((name) => ({
        action: anAction,
        actor: { id: `u${name}` },
        affectedUser: { id: `u${name}` },
        vault: { id: `v${name}` },
        directory: { id: `d${name}` },
      }));
    const outcomes = await Promise.all(
      at.apps.flatMap((app) => [
        app.services.log.append(to, entries(names)),
        app.services.log.append(to, entries(names.toReversed())),
      ]),
    );
    expect(outcomes.flat().every((one) => one.status === 'CREATED')).toBe(true);
  }
  const columns = [
    'a.external_id = f.external_id',
    'a.external_id = f.external_id and a.type = f.type',
    'd.parent_id = v.id',
    `substr(d.external_id, 2) = substr(a.external_id, 2) and substr(v.external_id, 2) = substr(a.external_id, 2)`,
  ];
  const [row] = await asAdmin<{ entries: string; people: string; places: string; right: boolean }>(
    at.database,
    `select count(*) as entries, count(distinct actor_id) as people, count(distinct directory_id) as places,
       bool_and(${columns.join(' and ')}) as right
     from log_entry e join actor a on a.id = e.actor_id join actor f on f.id = e.affected_user_id
       join directory d on d.id = e.directory_id join directory v on v.id = e.vault_id
     where e.organization_id = $1`,
    [to.organization],
  );
  expect(row).toEqual({ entries: String(8 * 4 * 20), people: '160', places: '160', right: true });
});

test('a name that is forgotten while its batch is under way keeps its number', async () => {
  const to = await newOrganization(at.app);
  const registry = openRegistry(at.app.store, 2);
  const stated = (id: string) => valid({ actor: { id }, directory: { id: `d-${id}` } });
  const [known] = await registry.resolve(to.organization, [stated('known')]);
  // Three new names push out everything that was remembered.
  const batch = ['a', 'known', 'b', 'c'].map(stated);
  const numbers = await registry.resolve(to.organization, batch);
  expect(numbers[1]).toEqual(known);
  expect(new Set(numbers.map((one) => one.actor)).size).toBe(4);
  expect(numbers.every((one) => one.actor !== null && one.directory !== null)).toBe(true);
  // What was forgotten is found again under the same number.
  expect(await registry.resolve(to.organization, batch)).toEqual(numbers);
});

test('the newest stated name of a person is kept, and entries keep theirs', async () => {
  const to = await newOrganization(at.app);
  const { log } = at.app.services;
  const by = (name: string | null, email: string | null) => ({ action: anAction, actor: { id: 'u1', name, email } });
  await log.append(to, [by('Una', null)]);
  await log.append(to, [by(null, 'una@example.org')]);
  await log.append(to, [by('Una Berg', null)]);
  const [actor] = await asAdmin(
    at.database,
    "select name, email from actor where organization_id = $1 and external_id = 'u1'",
    [to.organization],
  );
  expect(actor).toEqual({ name: 'Una Berg', email: 'una@example.org' });
  const entries = await asAdmin<{ actor_name: string | null }>(
    at.database,
    'select actor_name from log_entry where organization_id = $1 order by position',
    [to.organization],
  );
  expect(entries.map((row) => row.actor_name)).toEqual(['Una', null, 'Una Berg']);
});
