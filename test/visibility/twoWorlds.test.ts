/**
 * Two worlds that differ only in what is hidden from a reader, entries and fields, and every operation of the schema: the same
 * bytes. An operation, or a condition of filters, that is added later has no row here, and fails.
 */
import { isInputObjectType } from 'graphql';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OrganizationRef } from '../../src/administration/administration.ts';
import type { Principal } from '../../src/auth/auth.ts';
import { schema } from '../../src/graphql/schema.ts';
import type { EntryInput, Json } from '../../src/model/entry.ts';
import { viewColumns } from '../../src/model/view.ts';
import { payloadOf } from '../jwt/support.ts';
import { openTwins, type Twin, type Twins } from '../support/twins.ts';
import {
  conditions,
  documentOf,
  type Known,
  mutations,
  type Operation,
  queries,
  subscriptions,
  viewFilters,
} from './operations.ts';
import { givenLater, type Happening, type Reader, readers, roles, secret, world } from './scenes.ts';

test('every root field and every condition has a row', () => {
  const fields = (type: { getFields(): object } | null | undefined) => Object.keys(type?.getFields() ?? {}).sort();
  expect(Object.keys(queries).sort()).toEqual(fields(schema.getQueryType()));
  expect(Object.keys(mutations).sort()).toEqual(fields(schema.getMutationType()));
  expect(Object.keys(subscriptions).sort()).toEqual(fields(schema.getSubscriptionType()));
  const filter = schema.getType('LogFilter');
  expect(Object.keys(conditions).sort()).toEqual(fields(isInputObjectType(filter) ? filter : null));
});

interface Stage {
  readonly to: OrganizationRef & { readonly ownerToken: string };
  readonly token: string;
  readonly known: Known;
}

async function record(twin: Twin, to: OrganizationRef, seed: string, input: EntryInput): Promise<string> {
  const [outcome] = await twin.deed(seed, (app) => app.services.log.append(to, [input]));
  if (outcome?.id == null) throw outcome?.error ?? new TypeError('no outcome');
  return `entry:${outcome.id}`;
}

/** An entry as the other world has it. */
const inOther = ({ otherwise }: Reader, { input, hidden }: Happening): EntryInput =>
  hidden || otherwise === undefined ? input : otherwise(input);

/** The reader’s token, or its JWT; the same text in both worlds. */
async function credential(
  twins: Twins,
  to: OrganizationRef,
  owner: Principal,
  { name, actsAs }: Reader,
): Promise<string> {
  if (!('stated' in actsAs)) {
    const request = { name: 'reader', actsAs };
    return (await twins.both(`${name} token`, (app) => app.administration.createToken(to, request))).token;
  }
  const secret = 'known to both of the worlds, and to the test';
  const input = { name: 'issuer', issuer: 'i', audience: 'annals', algorithms: ['HS256'], roles: ['MEMBER'] };
  await twins.both(`${name} issuer`, (app) =>
    app.services.administration.upsertJwtIssuer(owner, { ...input, secrets: [secret] }),
  );
  const by = { issuer: 'i', organizationUid: to.organizationUid, now: () => twins.clock.now };
  return new SignJWT(payloadOf(by, { ...actsAs.stated, lifetime: 86_400 }))
    .setProtectedHeader({ alg: 'HS256' })
    .sign(Buffer.from(secret));
}

/** An organization in both worlds; what is hidden from the reader happens in the other one only. */
async function openStage(twins: Twins, reader: Reader): Promise<Stage> {
  const { name, happenings } = reader;
  const to = await twins.both(`${name} organization`, (app) => app.administration.createOrganization({ name }));
  const owner = await twins.both('owner', (app) => app.auth.authenticate(to.ownerToken));
  for (const role of roles) {
    await twins.both(`${name} ${role.key}`, (app) => app.services.administration.upsertRole(owner, role));
  }
  await twins.both(`${name} world`, (app) => app.administration.importWorld(to, world));
  const token = await credential(twins, to, owner, reader);
  const entries = { hidden: [] as string[], visible: [] as string[] };
  for (const [index, { input, hidden }] of happenings.entries()) {
    twins.clock.now += 1000;
    const seed = `${name} ${index}`;
    entries[hidden ? 'hidden' : 'visible'].push(
      await record(twins.other, to, seed, inOther(reader, { input, hidden })),
    );
    if (!hidden) await record(twins.one, to, seed, input);
  }
  // What one world answers from rows, the other answers from what was counted ahead.
  await twins.other.app.followers.catchUp(to.organization);
  // What only hidden entries met until now, the organization gives to the reader, without saying how it is called.
  await twins.both(`${name} later`, (app) => app.administration.importWorld(to, givenLater(reader)));
  const page = JSON.parse(await twins.one.ask('cursors', token, '{ logs { edges { cursor } } }', {}));
  // What is asked once in one world is asked once in the other.
  await twins.other.ask('cursors', token, '{ logs { edges { cursor } } }', {});
  const cursors = (page.data?.logs.edges ?? []).map((edge: { cursor: string }) => edge.cursor);
  const views = await shareViews(twins, to, owner, name);
  return { to, token, known: { hiddenEntries: entries.hidden, visibleEntries: entries.visible, cursors, views } };
}

/** Views that an owner shares with every reader’s role, the last of which is no filter any more; in both worlds the same. */
async function shareViews(twins: Twins, to: OrganizationRef, owner: Principal, name: string): Promise<string[]> {
  const sharedWith = ['MEMBER', 'INTEGRATION', ...roles.map(({ key }) => key)];
  const columns = [...viewColumns];
  const ids: string[] = [];
  for (const [index, filter] of [...viewFilters, { actor: { in: ['anna'] } }].entries()) {
    const input = { name: `View ${index}`, filter: filter as Json, columns, sharedWith };
    const view = await twins.both(`${name} view ${index}`, (app) => app.services.administration.saveView(owner, input));
    ids.push(`view:${view.id}`);
  }
  const stored = await twins.one.app.store.administration.readViewsOfRole(to.organization, 'MEMBER');
  const record = stored.find(({ name: one }) => one === `View ${viewFilters.length}`);
  if (record === undefined) throw new TypeError('no view was saved');
  await twins.both(`${name} outdated`, (app) =>
    app.store.administration.writeView(to.organization, { ...record, filter: { component: { resembles: 'web' } } }),
  );
  return ids;
}

/** Each visible entry with the hidden ones since the one before. */
function rounds(later: readonly Happening[]): Happening[][] {
  const found: Happening[][] = [];
  let round: Happening[] = [];
  for (const happening of later) {
    round.push(happening);
    if (happening.hidden) continue;
    found.push(round);
    round = [];
  }
  return found;
}

describe.each(['off', 'closed'])('with the access log %s', (accessLog) => {
  let twins: Twins;
  beforeAll(async () => {
    const env = { ACCESS_LOG: accessLog, ACCESS_WINDOW_SECONDS: '86400', LIVE_HEARTBEAT_SECONDS: '3600' };
    twins = await openTwins(env);
  });
  afterAll(() => twins?.[Symbol.asyncDispose]());

  describe.each(readers)('$name', (reader) => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await openStage(twins, reader);
    });

    async function same(seed: string, document: string, { variables = {} }: Operation): Promise<void> {
      const [one, other] = await Promise.all(
        [twins.one, twins.other].map((twin) => twin.ask(seed, stage.token, document, variables)),
      );
      if (one === undefined || other === undefined) throw new TypeError('two worlds have two answers');
      const asked = `${document.slice(0, 100)} ${JSON.stringify(variables)}`;
      // As values first, which tells where they differ; the same bytes are the same values.
      if (other !== one) expect.soft(JSON.parse(other), asked).toEqual(JSON.parse(one));
      expect.soft(other, asked).toBe(one);
      expect.soft(other).not.toContain('"INTERNAL"');
      // What only hidden entries say can come back only from a question that said it.
      if (!JSON.stringify(variables).includes(secret)) expect.soft(other).not.toContain(secret);
    }

    test('sees what is visible, and the worlds do differ', async () => {
      const sees = !('role' in reader.actsAs);
      expect(stage.known.cursors.length).toBeGreaterThanOrEqual(sees ? stage.known.visibleEntries.length : 0);
      expect(stage.known.hiddenEntries.length).toBeGreaterThan(5);
      const counts = await eachOf([twins.one, twins.other], (twin) =>
        twin.ask('owner', stage.to.ownerToken, '{ logs { totalCount } }', {}),
      );
      expect(counts[0]).not.toBe(counts[1]);
    });

    test.each(Object.entries(queries))('query %s', async (field, operations) => {
      twins.clock.now += 1000;
      for (const [index, operation] of operations(stage.known).entries()) {
        await same(`${field} ${index}`, documentOf(schema, 'query', field, operation), operation);
      }
    });

    test.each(Object.entries(subscriptions))('subscription %s', async (field, operations) => {
      for (const [index, operation] of operations(stage.known).entries()) {
        const from = twins.clock.now;
        const document = documentOf(schema, 'subscription', field, operation);
        const [one, other] = await eachOf([twins.one, twins.other], async (twin) => {
          twins.clock.now = from;
          const meanwhile = rounds(reader.later).map((round, count) => async () => {
            let last = '';
            for (const [which, { input, hidden }] of round.entries()) {
              twins.clock.now += 1000;
              if (hidden && twin === twins.one) continue;
              const stated = twin === twins.one ? input : inOther(reader, { input, hidden });
              last = await record(twin, stage.to, `${reader.name} ${field} ${index} ${count} ${which}`, stated);
            }
            return last;
          });
          return twin.watch(`${field} ${index}`, stage.token, document, operation.variables ?? {}, meanwhile);
        });
        expect.soft(JSON.parse(other ?? ''), JSON.stringify(operation.variables)).toEqual(JSON.parse(one ?? ''));
        expect.soft(other).toBe(one);
      }
    });

    test('mutations', async () => {
      for (const [field, operations] of Object.entries(mutations)) {
        twins.clock.now += 1000;
        for (const [index, operation] of operations(stage.known).entries()) {
          await same(`${field} ${index}`, documentOf(schema, 'mutation', field, operation), operation);
        }
      }
    });
  });
});

/** One after the other: they share a clock. */
async function eachOf<T, R>(list: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of list) results.push(await work(item));
  return results;
}
