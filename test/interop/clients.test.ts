import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { openClient } from '../../src/cli/client.ts';
import { RecordDocument } from '../generated/graphql.ts';
import { type Program, startCommand, untilPrinted } from '../support/program.ts';
import { type Site, startSite } from '../support/site.ts';
import { headCursor, readLog } from '../support/traffic.ts';
import { vaults } from '../support/world.ts';

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site[Symbol.asyncDispose]());

async function record(...vaultIds: readonly string[]): Promise<void> {
  const { server, tokens } = site;
  const entries = vaultIds.map((id) => ({ action: 'passwork.item_viewed', actor: { id: 'u1' }, vault: { id } }));
  const { recordLogs } = await openClient({ url: server.url, token: tokens.integration }).request(RecordDocument, {
    input: { entries },
  });
  expect(recordLogs.results.map(({ error }) => error)).toEqual(entries.map(() => null));
}

const batch = z.object({ entries: z.array(z.object({ id: z.string() })), cursor: z.string(), caughtUp: z.boolean() });
const event = z.object({ data: z.object({ logAdded: batch }) });

/** The whole batches among what a program has printed. */
const sseBatches = ({ output }: Program) =>
  [...output.stdout.matchAll(/^data: ?(\{.*\})\r?\n/gm)].map(
    ([, json = '']) => event.parse(JSON.parse(json)).data.logAdded,
  );
const lineBatches = ({ output }: Program) =>
  output.stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => batch.parse(JSON.parse(line)));
const idsOf = (batches: readonly z.infer<typeof batch>[]) =>
  batches.flatMap(({ entries }) => entries.map(({ id }) => id));

it('curl watches over SSE, sees only what its token sees, and goes on from a cursor', async () => {
  const { server, tokens } = site;
  const [mine, other] = vaults;
  const curl = (after: string | null) => {
    const query = 'subscription ($after: String) { logAdded(after: $after) { entries { id } cursor caughtUp } }';
    return startCommand(
      'curl',
      [
        ...['--no-buffer', '--silent', '--show-error', '--fail', server.url],
        ...['--header', 'content-type: application/json', '--header', 'accept: text/event-stream'],
        ...['--header', `authorization: Bearer ${tokens.member}`],
        ...['--data', JSON.stringify({ query, variables: { after } })],
      ],
      {},
    );
  };
  const first = curl(null);
  // The first batch comes at once, and from then on nothing is missed.
  await untilPrinted(first, () => sseBatches(first)[0] ?? null);
  await record(mine, other, mine);
  await untilPrinted(first, () => (idsOf(sseBatches(first)).length === 2 ? true : null));
  first.child.kill('SIGTERM');
  await first.ended;

  await record(other, mine);
  const resumed = curl(sseBatches(first).at(-1)?.cursor ?? null);
  await untilPrinted(resumed, () => (idsOf(sseBatches(resumed)).length === 1 ? true : null));
  resumed.child.kill('SIGTERM');
  await resumed.ended;
  const visible = (await readLog(server.url, tokens.member)).map(({ id }) => id);
  expect([...idsOf(sseBatches(first)), ...idsOf(sseBatches(resumed))]).toEqual(visible);
});

it('a WebSocket client in Python subscribes, and goes on from its cursor', async () => {
  const { server, tokens } = site;
  const [vault] = vaults;
  const from = await headCursor(server.url, tokens.owner);
  const before = (await readLog(server.url, tokens.owner)).length;
  const python = (after: string, count: number) => {
    const words = [join(import.meta.dirname, 'watch.py'), server.url.replace('http', 'ws'), tokens.owner, after];
    return startCommand('python3', [...words, String(count)], {});
  };
  const first = python(from, 3);
  await untilPrinted(first, () => lineBatches(first)[0] ?? null);
  await record(vault, vault, vault);
  expect(await first.ended, first.output.stderr).toEqual({ code: 0, signal: null });
  await record(vault, vault);
  const second = python(lineBatches(first).at(-1)?.cursor ?? '', 2);
  expect(await second.ended, second.output.stderr).toEqual({ code: 0, signal: null });
  const written = (await readLog(server.url, tokens.owner)).slice(before).map(({ id }) => id);
  expect([...idsOf(lineBatches(first)), ...idsOf(lineBatches(second))]).toEqual(written);
  expect(lineBatches(second).at(-1)?.caughtUp).toBe(true);
});
