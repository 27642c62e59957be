/** Saved views: who makes, shares, changes and loses them, and what the log is told. */
import { describe, expect, test } from 'vitest';
import type { ViewInput } from '../../src/administration/administration.ts';
import type { Principal } from '../../src/auth/auth.ts';
import type { Json } from '../../src/model/entry.ts';
import { newMinter } from '../jwt/support.ts';
import { asAdmin, newOrganization, type TestOrganization, useTestApps } from '../support/app.ts';
import { acting, member, ownerRow, program } from './support.ts';

const at = useTestApps({ ACCESS_LOG: 'closed' });
const management = () => at.app.services.administration;

const team = async () => {
  const to = await newOrganization(at.app);
  const roles = ['ANALYST', 'HELPDESK'].map((key) => ({
    key,
    name: key,
    permissions: ['READ'] as const,
    scope: 'ALL' as const,
    hiddenFields: key === 'HELPDESK' ? (['IP', 'TARGETS'] as const) : [],
  }));
  for (const role of roles) await management().upsertRole(to.owner, role);
  const members = [member('ann', 'ANALYST'), member('hal', 'HELPDESK'), member('adam', 'ADMINISTRATOR')];
  await management().upsertMembers(to.owner, [ownerRow, ...members]);
  const [ann, hal, adam] = await Promise.all(['ann', 'hal', 'adam'].map((id) => acting(at.app, to, id)));
  if (ann === undefined || hal === undefined || adam === undefined) throw new TypeError('nobody acts');
  return { to, ann, hal, adam };
};

const denied: ViewInput = {
  name: 'Denied',
  description: 'What was refused',
  filter: { outcome: { in: ['DENIED'] } },
  period: { time: 'occurredAt', condition: { within: { last: 7, unit: 'DAY', timeZone: 'Europe/Berlin' } } },
  order: { field: 'OCCURRED_AT', direction: 'ASC' },
  columns: ['OCCURRED_AT', 'IP', 'ACTOR', 'POSITION'],
};

const names = async (principal: Principal) =>
  (await management().views(principal, {})).nodes.map(({ name, mine }) => (mine ? `${name}*` : name));

/** What the log says of views, oldest first. */
async function told(to: TestOrganization) {
  const action = {
    in: ['view_created', 'view_changed', 'view_deleted', 'role_deleted'].map((code) => `annals.${code}`),
  };
  const { edges } = await at.app.services.query.logs(to.owner, { first: 500, filter: { action } });
  return edges.toReversed().map(({ entry }) => ({
    what: at.app.services.actions.key(entry.action).replace('annals.', ''),
    by: entry.actorName,
    targets: entry.targets.map(({ type, id, name }) => [type, type === 'view' ? (name ?? 'unnamed') : id].join(' ')),
    changes: entry.changes,
  }));
}

test('a view comes back as it was given, and saving it again changes nothing', async () => {
  const { ann, to } = await team();
  const view = await management().saveView(ann, denied);
  expect(view).toMatchObject({
    name: 'Denied',
    description: 'What was refused',
    filter: denied.filter,
    whole: { and: [denied.filter, { occurredAt: { within: { last: 7, unit: 'DAY', timeZone: 'Europe/Berlin' } } }] },
    period: denied.period,
    order: denied.order,
    columns: denied.columns,
    hiddenColumns: [],
    ownerId: 'ann',
    ownerName: 'ann',
    mine: true,
    isShared: false,
    problem: null,
  });
  const before = (await told(to)).length;
  expect(await management().saveView(ann, denied)).toEqual(view);
  expect(await management().saveView(ann, { ...denied, id: view.id })).toEqual(view);
  expect(await management().view(ann, view.id)).toEqual(view);
  expect(await told(to)).toHaveLength(before);
  expect(await names(ann)).toEqual(['Denied*']);
});

test('a view is saved as a whole: what is left out has its default; a name is one view', async () => {
  const { ann } = await team();
  const { id } = await management().saveView(ann, denied);
  const bare = await management().saveView(ann, { name: 'Denied' });
  expect(bare).toMatchObject({ id, filter: null, whole: null, period: null, columns: [], description: '' });
  expect(bare.order).toEqual({ field: 'RECORDED_AT', direction: 'DESC' });
  await management().saveView(ann, { name: 'Other' });
  await expect(management().saveView(ann, { id, name: 'Other' })).rejects.toMatchObject({
    code: 'BAD_INPUT',
    path: 'name',
  });
  expect((await management().saveView(ann, { id, name: 'Third' })).name).toBe('Third');
  expect((await management().views(ann, { name: 'Third' })).nodes.map((view) => view.id)).toEqual([id]);
});

test('lists come in pages', async () => {
  const { ann } = await team();
  for (const name of ['a', 'b', 'c']) await management().saveView(ann, { name });
  const first = await management().views(ann, { first: 2 });
  expect([first.nodes.map(({ name }) => name), first.hasNextPage]).toEqual([['a', 'b'], true]);
  const rest = await management().views(ann, { first: 2, after: first.endCursor });
  expect([rest.nodes.map(({ name }) => name), rest.hasNextPage]).toEqual([['c'], false]);
  await expect(management().views(ann, { after: 'x' })).rejects.toMatchObject({ code: 'BAD_CURSOR' });
  await expect(management().views(ann, { first: 501 })).rejects.toMatchObject({ path: 'first' });
});

describe('what is no view is refused, with its place:', () => {
  const mistakes: readonly [string, Partial<ViewInput>, string, string][] = [
    ['no name', { name: '' }, 'BAD_INPUT', 'name'],
    ['an unknown action', { filter: { not: { action: { in: ['no.such'] } } } }, 'BAD_INPUT', 'filter.not.action.in[0]'],
    ['an unknown condition', { filter: { and: [{ colour: 'red' }] } }, 'BAD_INPUT', 'filter.and[0]'],
    ['an unknown word', { filter: { outcome: { in: ['MAYBE'] } } }, 'BAD_INPUT', 'filter.outcome.in[0]'],
    ['a hidden field', { filter: { or: [{ ip: { exists: true } }] } }, 'FIELD_HIDDEN', 'filter.or[0].ip'],
    [
      'an unknown time zone',
      { period: { time: 'recordedAt', condition: { within: { last: 1, unit: 'DAY', timeZone: 'Nowhere' } } } },
      'BAD_INPUT',
      'period.within.timeZone',
    ],
    ['a time that is none', { period: { time: 'occurredAt', condition: { gte: 'soon' } } }, 'BAD_INPUT', 'period.gte'],
    ['a column twice', { columns: ['IP', 'ACTOR', 'IP'] }, 'BAD_INPUT', 'columns[2]'],
    ['a large filter', { filter: { session: { in: ['x'.repeat(20_000)] } } }, 'BAD_INPUT', 'filter'],
    ['an id that nobody has', { id: '01890000-0000-7000-8000-000000000000' }, 'VIEW_NOT_FOUND', 'id'],
  ];
  test.each(mistakes)('%s', async (_, input, code, path) => {
    const { hal } = await team();
    await expect(management().saveView(hal, { name: 'x', ...input })).rejects.toMatchObject({ code, path });
    expect(await names(hal)).toEqual([]);
  });

  test('a filter that is as deep as it may be, and has no room for a period', async () => {
    const { hal } = await team();
    let filter: Json = { severity: { gte: 1 } };
    const deep = async (period: ViewInput['period']) => management().saveView(hal, { name: 'deep', filter, period });
    const period: ViewInput['period'] = { time: 'recordedAt', condition: { gte: '2026-01-01T00:00:00Z' } };
    for (;;) {
      const within = await deep(null).then(
        () => true,
        () => false,
      );
      if (!within) break;
      filter = { not: filter };
    }
    filter = (filter as { readonly not: Json }).not;
    await deep(null);
    await expect(deep(period)).rejects.toMatchObject({ code: 'QUERY_TOO_LARGE' });
  });
});

test('a person has so many views, and is told when there are no more', async () => {
  const { ann, hal } = await team();
  const view = await management().saveView(ann, { name: 'first' });
  const [record] = await at.app.store.administration.pageViews(
    ann.organization,
    { owner: { id: 'ann', issuer: null }, roles: [] },
    { after: null, limit: 1, name: null },
  );
  if (record === undefined) throw new TypeError('the view is not there');
  for (let index = 1; index < 200; index++) {
    const id = `01890000-0000-7000-8000-${String(index).padStart(12, '0')}`;
    await at.app.store.administration.writeView(ann.organization, { ...record, id, name: `n${index}` });
  }
  await expect(management().saveView(ann, { name: 'one more' })).rejects.toMatchObject({
    code: 'TOO_MANY_VIEWS',
    message: 'You have 200 views, and there can be no more.',
  });
  await management().saveView(ann, { name: 'first', description: 'changed' });
  await management().saveView(hal, { name: 'of another' });
  expect(await management().deleteView(ann, view.id)).toBe(true);
  await management().saveView(ann, { name: 'one more' });
});

describe('sharing', () => {
  test('with a role: its members find the view, and use it by their own rights', async () => {
    const { to, ann, hal } = await team();
    const view = await management().saveView(to.owner, { ...denied, sharedWith: ['HELPDESK', 'AUDITOR'] });
    expect(view.sharedWith).toEqual(['HELPDESK', 'AUDITOR']);
    expect(await names(ann)).toEqual([]);
    expect(await management().view(ann, view.id)).toBeNull();
    await expect(management().useView(ann, view.id)).rejects.toMatchObject({ code: 'VIEW_NOT_FOUND' });
    expect(await management().view(hal, view.id)).toMatchObject({
      mine: false,
      ownerId: 'owner',
      filter: denied.filter,
      columns: ['OCCURRED_AT', 'ACTOR', 'POSITION'],
      hiddenColumns: ['IP'],
      sharedWith: ['HELPDESK'],
      problem: null,
    });
  });

  test('by a field that is hidden from the role: the view is there, and says why it cannot be used', async () => {
    const { to, hal } = await team();
    const filter = { and: [{ ip: { in: ['192.0.2.0/24'] } }] };
    const { id } = await management().saveView(to.owner, { name: 'By address', filter, sharedWith: ['HELPDESK'] });
    const refusal = {
      code: 'FIELD_HIDDEN',
      path: 'view',
      message: 'The view filters by what is hidden from your role: filter.and[0].ip: your role may not filter by ip.',
    };
    const shown = await management().view(hal, id);
    expect(shown).toMatchObject({
      filter: null,
      whole: null,
      problem: { code: refusal.code, message: refusal.message },
    });
    expect(JSON.stringify(shown)).not.toContain('192.0.2');
    await expect(management().useView(hal, id)).rejects.toMatchObject(refusal);
  });

  test('needs MANAGE_ROLES, with one’s own role too, and reaches no role beyond one’s own', async () => {
    const { to, ann, adam } = await team();
    for (const role of ['ANALYST', 'MEMBER']) {
      const refused = management().saveView(ann, { name: 'x', sharedWith: [role] });
      await expect(refused).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
    await management().saveView(adam, { name: 'x', sharedWith: ['ADMINISTRATOR', 'ANALYST'] });
    await expect(management().saveView(adam, { name: 'y', sharedWith: ['OWNER'] })).rejects.toMatchObject({
      code: 'ESCALATION',
    });
    await expect(management().saveView(to.owner, { name: 'y', sharedWith: ['NOBODY'] })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      path: 'sharedWith[0]',
    });
    expect(await names(ann)).toEqual(['x']);
    expect(await names(to.owner)).toEqual(['x']);
  });

  test('who manages roles finds what is shared within its own, changes it and deletes it', async () => {
    const { to, ann, adam } = await team();
    const ours = await management().saveView(to.owner, { name: 'ours', sharedWith: ['ANALYST'] });
    const both = await management().saveView(to.owner, { name: 'both', sharedWith: ['ANALYST', 'OWNER'] });
    await management().saveView(to.owner, { name: 'owners', sharedWith: ['OWNER'] });
    await management().saveView(to.owner, { name: 'private' });
    expect(await names(adam)).toEqual(['ours', 'both']);
    expect((await management().view(adam, both.id))?.sharedWith).toEqual(['ANALYST']);
    const change = { id: ours.id, name: 'ours', description: 'better', sharedWith: ['ANALYST', 'HELPDESK'] };
    expect(await management().saveView(adam, change)).toMatchObject({ ownerId: 'owner', ownerName: 'Owner' });
    await expect(management().saveView(adam, { id: ours.id, name: 'ours' })).rejects.toMatchObject({
      path: 'sharedWith',
    });
    for (const name of ['private', 'no such view']) {
      await expect(management().saveView(adam, { ...change, name })).rejects.toMatchObject({
        path: 'name',
        message: 'name: only its owner can give a view another name.',
      });
    }
    const escalation = { code: 'ESCALATION' };
    await expect(management().saveView(adam, { id: both.id, name: 'both' })).rejects.toMatchObject(escalation);
    await expect(management().deleteView(adam, both.id)).rejects.toMatchObject(escalation);
    await expect(management().deleteView(ann, ours.id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await management().deleteView(adam, ours.id)).toBe(true);
    expect(await management().deleteView(adam, ours.id)).toBe(false);
    expect(await names(to.owner)).toEqual(['both*', 'owners*', 'private*']);
  });

  test('an owner who may not share any more can take back and delete, and change nothing that others see', async () => {
    const { to, adam, ann } = await team();
    const one = await management().saveView(adam, { name: 'one', sharedWith: ['ANALYST'] });
    const two = await management().saveView(adam, { name: 'two', sharedWith: ['ANALYST'] });
    await management().upsertMembers(to.owner, [{ id: 'adam', role: 'HELPDESK' }]);
    const changed = { id: one.id, name: 'one', description: 'other', sharedWith: ['ANALYST'] };
    await expect(management().saveView(adam, changed)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await management().saveView(adam, { id: one.id, name: 'one' });
    expect(await management().deleteView(adam, two.id)).toBe(true);
    expect(await names(ann)).toEqual([]);
  });
});

describe('whose a view is', () => {
  test('a program has none, and uses what is shared with its role', async () => {
    const { to } = await team();
    const robot = await program(at.app, to, 'ANALYST');
    await expect(management().saveView(robot, { name: 'x' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const { id } = await management().saveView(to.owner, { name: 'x', sharedWith: ['ANALYST'] });
    expect(await names(robot)).toEqual(['x']);
    expect(await management().useView(robot, id)).toMatchObject({ filter: null });
  });

  test('a JWT for a stored member is the member; one that states its rights is another of the same id', async () => {
    const { to, ann } = await team();
    const minter = await newMinter(at.app, to.owner, Date.now, { roles: ['ANALYST'] });
    const stored = await at.app.auth.authenticate(await minter.mint({ subject: 'ann', annals: {} }));
    const claims = { subject: 'ann', annals: { role: 'ANALYST' } };
    const stated = await at.app.auth.authenticate(await minter.mint(claims));
    const again = await at.app.auth.authenticate(await minter.mint(claims));
    await management().saveView(ann, { name: 'of the member' });
    expect(await names(stored)).toEqual(['of the member*']);
    expect(await names(stated)).toEqual([]);
    await management().saveView(stated, { name: 'of the person' });
    expect(await names(again)).toEqual(['of the person*']);
    expect(await names(ann)).toEqual(['of the member*']);

    await management().removeJwtIssuer(to.owner, minter.issuer.id);
    const left = await asAdmin(at.database, 'select name from saved_view where organization_id = $1', [
      to.organization,
    ]);
    expect(left).toEqual([{ name: 'of the member' }]);
  });
});

describe('what becomes of views', () => {
  test('of a removed member: private ones are deleted, shared ones stay', async () => {
    const { to, ann, adam } = await team();
    await management().saveView(adam, { name: 'private' });
    await management().saveView(adam, { name: 'shared', sharedWith: ['ANALYST'] });
    await management().saveView(ann, { name: 'of another' });
    await management().removeMembers(to.owner, ['adam']);
    expect(await names(ann)).toEqual(['shared', 'of another*']);
    await management().upsertMembers(to.owner, [{ id: 'adam', role: 'ADMINISTRATOR' }]);
    expect(await names(await acting(at.app, to, 'adam'))).toEqual(['shared*']);
  });

  test('of a removed role: they are not shared with it any more, and the log says so', async () => {
    const { to, adam } = await team();
    await management().upsertRole(to.owner, { key: 'GONE', name: 'Gone' });
    await management().saveView(to.owner, { name: 'both', sharedWith: ['GONE', 'ANALYST'] });
    await management().saveView(adam, { name: 'alone', sharedWith: ['GONE'] });
    await management().removeRole(to.owner, 'GONE');
    const shared = (await management().views(to.owner, {})).nodes.map(({ name, sharedWith }) => [name, sharedWith]);
    expect(shared).toEqual([['both', ['ANALYST']]]);
    expect(await names(adam)).toEqual(['both', 'alone*']);
    expect((await told(to)).slice(-3).map(({ what, targets }) => [what, targets])).toEqual([
      ['view_changed', ['view both', 'role ANALYST']],
      ['view_changed', ['view alone']],
      ['role_deleted', ['role GONE']],
    ]);

    // A role of the same key that comes later is another role.
    await management().upsertRole(to.owner, { key: 'GONE', name: 'New', permissions: ['READ'] });
    expect(await names(await program(at.app, to, 'GONE'))).toEqual([]);
  });

  test('of a removed role, where their owner is gone too: they are deleted', async () => {
    const { to, adam } = await team();
    await management().upsertRole(to.owner, { key: 'GONE', name: 'Gone' });
    await management().saveView(adam, { name: 'alone', sharedWith: ['GONE'] });
    await management().removeMembers(to.owner, ['adam']);
    await management().removeRole(to.owner, 'GONE');
    expect(await asAdmin(at.database, 'select from saved_view where organization_id = $1', [to.organization])).toEqual(
      [],
    );
  });

  test('of a filter language that has moved on: a typed error, and the view can still be listed, read and saved', async () => {
    const { to, ann, hal } = await team();
    const input = { name: 'old', filter: { outcome: { in: ['DENIED'] } }, sharedWith: ['ANALYST', 'HELPDESK'] };
    const { id } = await management().saveView(to.owner, input);
    const reader = { owner: { id: 'owner', issuer: null }, roles: [] };
    const record = await at.app.store.administration.findView(to.organization, reader, id);
    if (record === null) throw new TypeError('the view is not there');
    for (const [filter, what] of [
      [{ not: { colour: { in: ['red'] } } }, 'colour'],
      [{ action: { in: ['passwork.never_was'] } }, 'never_was'],
      [[], 'filter'],
      ['text', 'filter'],
    ] as const) {
      await at.app.store.administration.writeView(to.organization, {
        ...record,
        filter,
        period: what === 'never_was' ? null : { time: 'never', within: { last: 'x', unit: 'AGE' } },
        orderField: 'COLOUR',
        columns: ['COLOUR', 'ACTOR'],
      });
      await expect(management().useView(ann, id)).rejects.toMatchObject({ code: 'VIEW_OUTDATED', path: 'view' });
      const shown = await management().view(ann, id);
      expect(shown).toMatchObject({ filter, columns: ['ACTOR'], problem: { code: 'VIEW_OUTDATED' } });
      expect(shown?.problem?.message).toContain(what);
      // What cannot be read may be of a field that the role is kept from.
      const kept = await management().view(hal, id);
      expect(kept).toMatchObject({ filter: null, problem: { code: 'VIEW_OUTDATED' } });
      expect(kept?.problem?.message).not.toMatch(/never_was|red/);
    }
    await management().saveView(to.owner, { ...input, id });
    expect(await management().useView(ann, id)).toMatchObject({ filter: { outcome: { in: ['DENIED'] } } });
  });
});

test('the log is told of shared views in full, and of private ones nothing', async () => {
  const { to, ann, adam } = await team();
  const mine = await management().saveView(ann, { name: 'secret plan', filter: { severity: { gte: 9 } } });
  await management().deleteView(ann, mine.id);
  const { id } = await management().saveView(adam, { name: 'first name' });
  await management().saveView(adam, { id, name: 'ours', filter: { severity: { gte: 9 } }, sharedWith: ['ANALYST'] });
  await management().saveView(adam, { id, name: 'ours', filter: { severity: { gte: 5 } }, sharedWith: ['ANALYST'] });
  await management().saveView(adam, { id, name: 'mine again' });
  await management().deleteView(adam, id);
  const field = (name: string, before: string | null, after: string | null) => ({ field: name, before, after });
  const all = await told(to);
  expect(all.map(({ what, by, targets }) => [what, by, ...targets])).toEqual([
    ['view_changed', 'adam', 'view ours', 'role ANALYST'],
    ['view_changed', 'adam', 'view ours', 'role ANALYST'],
    ['view_changed', 'adam', 'view ours'],
  ]);
  expect(all[0]?.changes).toEqual([
    field('name', null, 'ours'),
    field('filter', null, 'severity'),
    field('order', null, 'RECORDED_AT DESC'),
    field('sharedWith', null, 'ANALYST'),
  ]);
  expect(all[1]?.changes).toEqual([field('filter', 'severity', 'severity')]);
  expect(all[2]?.changes).toEqual([field('sharedWith', 'ANALYST', null)]);
  expect(JSON.stringify(all)).not.toMatch(/secret plan|first name|mine again/);
});
