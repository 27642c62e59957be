/** Views are saved, shared and deleted; under the lock of the organization, as the principal is then. */
import { type Principal, requirePermission } from '../../auth/auth.ts';
import { AnnalsError } from '../../errors.ts';
import type { Json } from '../../model/entry.ts';
import { type RandomSource, uuidV7 } from '../../model/uuid.ts';
import type { AdministrationStatements, ViewOwner, ViewRecord } from '../../store/store.ts';
import { rolesOf, unknownRole } from '../change.ts';
import { badInput } from '../checks.ts';
import { checkWithin } from '../escalation.ts';
import type { Step } from '../step.ts';
import { deletedEntry, isSame, savedEntry } from './entries.ts';
import { checkViewInput, type ViewInput } from './input.ts';
import { type FilterLanguage, filterOfPeriod, wholeFilter } from './language.ts';
import { isMine, ownerOf, readerOf } from './reader.ts';

export interface ViewDeps {
  readonly language: FilterLanguage;
  readonly now: () => number;
  readonly random: RandomSource;
}

/** Views of one person, and of an organization. */
const most = { own: 200, all: 20_000 } as const;

const notFound = (path: string) => new AnnalsError('VIEW_NOT_FOUND', { path });

function ownerFor(principal: Principal): ViewOwner {
  const owner = ownerOf(principal);
  if (owner !== null) return owner;
  throw new AnnalsError('FORBIDDEN', {
    message: 'This credential stands for no person, and a view belongs to one.',
    cure: 'Use a credential that acts as a member; a program may use what is shared with its role.',
  });
}

/** The errors of a period stand at `filter.recordedAt` in the filter that it is. */
async function checkPeriod(deps: ViewDeps, principal: Principal, period: ViewInput['period']): Promise<void> {
  if (!period) return;
  const own = (text: string) => text.replaceAll(/filter\.(recordedAt|occurredAt)/g, 'period');
  try {
    await deps.language.check(principal, deps.language.read(filterOfPeriod(period)));
  } catch (error) {
    if (!(error instanceof AnnalsError)) throw error;
    throw new AnnalsError(error.code, { message: own(error.message), cure: error.cure, path: own(error.path ?? '') });
  }
}

async function checkFilter(deps: ViewDeps, principal: Principal, input: ViewInput, record: ViewRecord): Promise<void> {
  const check = async (filter: Json) => deps.language.check(principal, deps.language.read(filter));
  if (record.filter !== null) await check(record.filter);
  await checkPeriod(deps, principal, input.period);
  const whole = wholeFilter(record);
  if (whole !== null) await check(whole);
}

/** Throws unless the caller may let everyone with these roles find the view. */
async function checkSharing(
  statements: AdministrationStatements,
  principal: Principal,
  sharedWith: readonly string[],
): Promise<void> {
  if (sharedWith.length === 0) return;
  requirePermission(principal, 'MANAGE_ROLES');
  const roles = await rolesOf(statements, principal.organization);
  for (const [index, key] of sharedWith.entries()) {
    const role = roles.get(key);
    if (role === undefined) throw unknownRole(`sharedWith[${index}]`, key, roles);
    checkWithin(role, principal.role, 'You cannot share a view with this role');
  }
}

/** Throws unless the caller may change or delete the view, which it may use. A role that is gone holds nobody back. */
async function checkMayChange(
  statements: AdministrationStatements,
  principal: Principal,
  view: ViewRecord,
): Promise<void> {
  if (isMine(view, principal)) return;
  requirePermission(principal, 'MANAGE_ROLES');
  const roles = await rolesOf(statements, principal.organization);
  for (const key of view.roles) {
    const role = roles.get(key);
    if (role !== undefined) checkWithin(role, principal.role, 'You cannot change a view that is shared with this role');
  }
}

async function existing(
  statements: AdministrationStatements,
  principal: Principal,
  { id, name }: ViewInput,
): Promise<ViewRecord | null> {
  const { organization } = principal;
  if (typeof id !== 'string') return statements.findOwnView(organization, ownerFor(principal), name);
  const found = await statements.findView(organization, await readerOf(statements, principal), id);
  if (found === null) throw notFound('id');
  await checkMayChange(statements, principal, found);
  return found;
}

/** A person has one view of a name, and so many in all. */
async function checkPlace(
  statements: AdministrationStatements,
  organization: number,
  before: ViewRecord | null,
  after: ViewRecord,
): Promise<void> {
  const { owner, name } = after;
  if (before === null) {
    const { own, all } = await statements.countViews(organization, owner);
    const limit = own >= most.own ? 'own' : 'all';
    if (own < most.own && all < most.all) return;
    const whose = limit === 'own' ? 'You have' : 'The organization has';
    throw new AnnalsError('TOO_MANY_VIEWS', {
      message: `${whose} ${most[limit].toLocaleString('en')} views, and there can be no more.`,
    });
  }
  const namesake = before.name === name ? null : await statements.findOwnView(organization, owner, name);
  if (namesake === null) return;
  throw badInput('name', `there is a view ${JSON.stringify(name)} of the same owner.`, 'Choose another name.');
}

/** What is its owner’s alone: which names its other views have is not to be tried out either. */
function checkOfAnother(before: ViewRecord, after: ViewRecord): void {
  if (after.roles.length === 0) {
    throw badInput('sharedWith', 'only its owner can make a view private.', 'Name a role, or delete the view.');
  }
  if (after.name !== before.name) throw badInput('name', 'only its owner can give a view another name.', 'Leave it.');
}

function recordOf(principal: Principal, input: ViewInput, before: ViewRecord | null, deps: ViewDeps): ViewRecord {
  const now = deps.now();
  const { period } = input;
  const mine = before === null || isMine(before, principal);
  return {
    id: before?.id ?? uuidV7(now, deps.random),
    owner: before?.owner ?? ownerFor(principal),
    ownerName: mine ? principal.name : before.ownerName,
    name: input.name,
    description: input.description ?? '',
    // As it will come back from the database.
    filter: JSON.parse(JSON.stringify(input.filter ?? null)),
    period: period ? JSON.parse(JSON.stringify({ time: period.time, ...Object(period.condition) })) : null,
    orderField: input.order?.field ?? 'RECORDED_AT',
    direction: input.order?.direction ?? 'DESC',
    columns: input.columns ?? [],
    roles: input.sharedWith ?? [],
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
  };
}

/**
 * Errors: BAD_INPUT and FIELD_HIDDEN with the path of the mistake, QUERY_TOO_LARGE, VIEW_NOT_FOUND, TOO_MANY_VIEWS, FORBIDDEN,
 * ESCALATION.
 */
export async function viewStep(
  statements: AdministrationStatements,
  principal: Principal,
  input: ViewInput,
  deps: ViewDeps,
): Promise<Step<ViewRecord>> {
  checkViewInput(input);
  const before = await existing(statements, principal, input);
  const after = recordOf(principal, input, before, deps);
  if (before !== null && !isMine(before, principal)) checkOfAnother(before, after);
  await checkSharing(statements, principal, after.roles);
  await checkFilter(deps, principal, input, after);
  await checkPlace(statements, principal.organization, before, after);
  const entry = savedEntry(before, after);
  const same = before !== null && isSame(before, after);
  return {
    untold: !same,
    changes: () => (entry === null ? [] : [entry]),
    result: same ? before : after,
    write: () => statements.writeView(principal.organization, after),
  };
}

/** One that the caller may not use is gone already. Errors: FORBIDDEN, ESCALATION. */
export async function viewRemoval(
  statements: AdministrationStatements,
  principal: Principal,
  id: string,
): Promise<Step<boolean>> {
  const view = await statements.findView(principal.organization, await readerOf(statements, principal), id);
  if (view !== null) await checkMayChange(statements, principal, view);
  const entry = view === null ? null : deletedEntry(view);
  return {
    untold: view !== null,
    changes: () => (entry === null ? [] : [entry]),
    result: view !== null,
    write: () => statements.deleteView(principal.organization, id),
  };
}
