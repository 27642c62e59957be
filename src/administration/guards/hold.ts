/** Holds a change back: what was asked for becomes data, and the log hears of it before anything can happen. */
import { createHash } from 'node:crypto';
import type { Principal } from '../../auth/auth.ts';
import { AnnalsError } from '../../errors.ts';
import { canonicalJson } from '../../model/canonical.ts';
import type { Json } from '../../model/entry.ts';
import { asksForNothing, type Requirement, requirementOf } from '../../model/guard.ts';
import { type RandomSource, uuidV7 } from '../../model/uuid.ts';
import type { AdministrationStatements, PendingRecord, Standing } from '../../store/store.ts';
import type { AdministrationChange } from '../changes.ts';
import { badInput } from '../checks.ts';
import { personsBehind } from './persons.ts';
import type { Guarded } from './requests.ts';
import { graceMs, guardsOf } from './settings.ts';
import { plannedOf } from './told.ts';

/** Changes of one organization that may wait at the same time. */
const mostOpen = 100;
const mostBytes = 1_048_576;

export const standingOf = ({ tokenId, member, name }: Principal): Standing => ({
  tokenId,
  memberId: member?.externalId ?? null,
  name,
});

/** What the organization asks for before this is done; null where it may be done at once. */
export async function guardOn(
  statements: Pick<AdministrationStatements, 'readGuards'>,
  organization: number,
  guarded: Guarded | null | undefined,
): Promise<Requirement | null> {
  if (!guarded) return null;
  const requirement = requirementOf(await guardsOf(statements, organization), guarded.operations);
  return asksForNothing(requirement) ? null : requirement;
}

/** As JSON keeps it: what is left out stays left out. */
function asJson(request: unknown): Json {
  const text = JSON.stringify(request);
  if (Buffer.byteLength(text) > mostBytes) {
    const cure = 'Ask for the guarded change by itself, and send the rest in requests of its own.';
    throw badInput('input', `a request that has to wait has at most ${mostBytes} bytes.`, cure);
  }
  return JSON.parse(text);
}

interface Held {
  readonly guarded: Guarded;
  readonly requirement: Requirement;
  /** What it would tell the log. */
  readonly changes: readonly AdministrationChange[];
}

export interface HoldDeps {
  readonly now: () => number;
  readonly random: RandomSource;
}

/**
 * The change that waits from now on, or the one that waits already because the same was asked for by the same member or
 * program. Errors: FORBIDDEN for a credential of which it cannot be known later whether it still stands; BAD_INPUT.
 */
export async function holdBack(
  statements: AdministrationStatements,
  by: Principal,
  { guarded, requirement, changes }: Held,
  { now, random }: HoldDeps,
): Promise<{ readonly pending: PendingRecord; readonly isNew: boolean }> {
  if (personsBehind(by) === null) {
    throw new AnnalsError('FORBIDDEN', {
      message: 'This is guarded, and whose hands your credential came through is not known.',
      cure: 'Ask with a token that Annals made for you; docs/guards.md says why.',
    });
  }
  guarded.check?.();
  const { organization } = by;
  const request = asJson(guarded.request);
  const askedBy = standingOf(by);
  const asker = askedBy.memberId ?? ['program', askedBy.tokenId];
  const requestHash = createHash('sha256')
    .update(canonicalJson([guarded.kind, guarded.identity ? asJson(guarded.identity) : request, asker]))
    .digest('base64url');
  const { same, open } = await statements.findOpenPending(organization, requestHash);
  if (same !== null) return { pending: same, isNew: false };
  if (open >= mostOpen) {
    throw badInput(
      'input',
      `${open} changes wait already, the most that may.`,
      'Approve or cancel some of them first.',
    );
  }
  const requestedAt = now();
  const dueAt = requestedAt + requirement.delaySeconds * 1000;
  const pending: PendingRecord = {
    id: uuidV7(requestedAt, random),
    kind: guarded.kind,
    operations: guarded.operations,
    request,
    requestHash,
    planned: plannedOf(guarded.planned ?? changes),
    askedBy,
    approvals: [],
    ...requirement,
    requestedAt,
    dueAt,
    expiresAt: dueAt + graceMs,
    state: 'PENDING',
    code: null,
    endedAt: null,
  };
  await statements.insertPending(organization, pending);
  return { pending, isNew: true };
}
