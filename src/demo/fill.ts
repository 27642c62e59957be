/** Puts the demo world into a database, and can be killed and started again at any point. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Administration, OrganizationRef } from '../administration/administration.ts';
import type { AppendOutcome, LogOrganization } from '../log/log.ts';
import type { EntryInput } from '../model/entry.ts';
import { createDemoWorld, type DemoEntry, type DemoWorld } from './demo.ts';
import { type DemoFile, readDemoFile, readJson, writeDemoFile, writePrivate } from './file.ts';

export interface DemoDeps {
  readonly administration: Administration;
  /** Records entries as of a time of the past. */
  readonly appendAt: (now: number, to: LogOrganization, entries: readonly EntryInput[]) => Promise<AppendOutcome[]>;
  readonly now: () => number;
  readonly log: (line: string) => void;
}

export interface Demo {
  readonly organization: OrganizationRef;
  readonly principals: DemoFile['principals'];
}

/** Entries that happened this close together are recorded together, in milliseconds. */
const sameBatchMs = 15 * 60_000;
/** Entries per recorded batch at the most. */
const batchEntries = 500;

async function fillHistory(deps: DemoDeps, to: OrganizationRef, entries: readonly DemoEntry[]): Promise<void> {
  let batch: EntryInput[] = [];
  let from = 0;
  let last = 0;
  const flush = async () => {
    if (batch.length === 0) return;
    const failed = (await deps.appendAt(last, to, batch)).find((outcome) => outcome.error !== null);
    if (failed?.error) throw failed.error;
    batch = [];
  };
  for (const [index, entry] of entries.entries()) {
    const time = entry.occurredAt.getTime();
    if (time - from > sameBatchMs || batch.length === batchEntries) {
      await flush();
      from = time;
    }
    // The key makes a fill that was killed half-way continue where it stopped.
    batch.push({ ...entry, idempotencyKey: `demo-${index}` });
    last = time;
  }
  await flush();
}

/** One principal of each built-in role, with a fresh token. */
async function issueTokens(deps: DemoDeps, to: OrganizationRef, world: DemoWorld): Promise<DemoFile['principals']> {
  const principals: { role: string; name: string; token: string }[] = [];
  for (const role of ['OWNER', 'ADMINISTRATOR', 'AUDITOR', 'MEMBER']) {
    const member = world.members.find((one) => one.role === role);
    if (member === undefined) continue;
    const { token } = await deps.administration.createToken(to, {
      name: `demo ${role}`,
      actsAs: { member: member.externalId },
    });
    principals.push({ role, name: member.name, token });
  }
  for (const { name, roleKey } of world.tokens) {
    const { token } = await deps.administration.createToken(to, { name, actsAs: { role: roleKey } });
    principals.push({ role: roleKey, name, token });
  }
  return principals;
}

/**
 * The demo organization of an embedded database: made on the first start, found again on later ones. Null where the
 * database belongs to real organizations.
 */
export async function openDemo(deps: DemoDeps, dataDirectory: string): Promise<Demo | null> {
  const startedPath = join(dataDirectory, 'demo.started.json');
  const organizations = await deps.administration.organizations();
  const existing = organizations.find((one) => one.demo);
  if (existing === undefined && organizations.length > 0) return null;
  const started = await readJson<{ now: number }>(startedPath);
  const known = await readDemoFile(dataDirectory);
  if (existing !== undefined && started === null && known !== null)
    return { organization: existing, principals: known.principals };

  const now = started?.now ?? deps.now();
  const world = createDemoWorld({ now: new Date(now) });
  let organization: OrganizationRef | undefined = existing;
  if (existing === undefined || started !== null) {
    deps.log('Filling the demo organization …');
    await writePrivate(startedPath, { now });
    const owner = world.members.find((member) => member.role === 'OWNER');
    organization ??= await deps.administration.createOrganization({
      name: world.organization.name,
      demo: true,
      ...(owner && { owner }),
    });
    await deps.administration.importWorld(organization, world);
    await fillHistory(deps, organization, world.entries);
  }
  if (organization === undefined) return null;
  const principals = await issueTokens(deps, organization, world);
  await writeDemoFile(dataDirectory, { url: '', principals });
  await rm(startedPath, { force: true });
  return { organization, principals };
}

/** Adds an entry about every second until stopped. */
export function startTicker(append: (entry: EntryInput) => Promise<unknown>, now: () => number): Disposable {
  // Another seed at every start: the same one would tell the same sessions again.
  const world = createDemoWorld({ now: new Date(now()), seed: now() % 2 ** 31 });
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    append(world.next(new Date(now())))
      .catch(() => {})
      .finally(() => {
        busy = false;
      });
  }, 1000);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
