/**
 * The only room that talks to PostgreSQL. The log’s statements are hand-written, one file per concern, and run on
 * node-postgres, and so do those of administration, in sets; the Prisma client shares the pool.
 */
import { PrismaPg } from '@prisma/adapter-pg';
import type { LogPlace } from '../model/entry.ts';
import { type Database, openDatabase, type Runner, type StatementObserver } from './database.ts';
import { storeFault } from './fault.ts';
import { PrismaClient } from './generated/client.ts';
import { type Hints, openHints } from './notify.ts';
import * as access from './statements/access.ts';
import * as administration from './statements/administration.ts';
import * as append from './statements/append.ts';
import { forgetEntryCounts, syncEntryCounts } from './statements/entryCount.ts';
import * as explain from './statements/explain.ts';
import { readFirstSeen } from './statements/firstSeen.ts';
import { claimFollower, moveFollower, readFollowerLag } from './statements/follow.ts';
import * as guards from './statements/guards.ts';
import * as identity from './statements/identity.ts';
import * as installation from './statements/installation.ts';
import * as jwt from './statements/jwt.ts';
import * as jwtIssuers from './statements/jwtIssuers.ts';
import * as names from './statements/names.ts';
import * as occurrence from './statements/occurrence.ts';
import { readOpened } from './statements/opened.ts';
import * as outbox from './statements/outbox.ts';
import * as read from './statements/read.ts';
import { rollUpEntries } from './statements/rollUp.ts';
import * as search from './statements/search.ts';
import { readStatistics } from './statements/statistics.ts';
import * as tail from './statements/tail.ts';
import * as tokens from './statements/tokens.ts';
import { writeTokenUses } from './statements/tokenUse.ts';
import * as views from './statements/views.ts';
import * as worldRead from './statements/worldRead.ts';
import * as worldWrite from './statements/worldWrite.ts';

export type { PrismaClient } from './generated/client.ts';
export type { JwtIssuerRecord, JwtKeys } from './issuer-row.ts';
export type { PageRequest } from './plan/page.ts';
export { blockEntries } from './plan/text.ts';
export type { StoredRole } from './role-row.ts';
export type { AccessCounts, AccessWindowKey, EndedAccessWindow, KnownToken } from './statements/access.ts';
export type { AppendResult, AppendRow } from './statements/append.ts';
export type { StoredAncestor, StoredGroup, StoredMemberGrant } from './statements/explain.ts';
export type { FirstSeenRequest, StoredNewValues } from './statements/firstSeen.ts';
export type { FollowerLag } from './statements/follow.ts';
export type { GuardRecord, PendingRecord, Standing } from './statements/guards.ts';
export type { StatedGrant, StoredCredential, StoredGrant, StoredMember } from './statements/identity.ts';
export type { NamedByClaims, StoredJwtCredential } from './statements/jwt.ts';
export type { ActorToRegister, DirectoryToRegister, StoredActor, StoredDirectoryName } from './statements/names.ts';
export type { OccurrencePlace, OccurrenceRequest } from './statements/occurrence.ts';
export type { OpenedRequest, StoredSecret, StoredSecrets } from './statements/opened.ts';
export type { OutboxBatch } from './statements/outbox.ts';
export type { LocatedEntry } from './statements/read.ts';
export { followerName as statisticsFollowerName } from './statements/rollUp.ts';
export type { MissingText, SearchBlock, SearchedEntry } from './statements/search.ts';
export type { Grouping, GroupKey, RolledPart, StatisticsRequest, StatisticsRow } from './statements/statistics.ts';
export type { Tail } from './statements/tail.ts';
export type { TokenRecord } from './statements/tokens.ts';
export type { TokenUse } from './statements/tokenUse.ts';
export type { ViewOwner, ViewReader, ViewRecord } from './statements/views.ts';
export type {
  GrantPlace,
  GrantRecord,
  GroupRecord,
  MemberRecord,
  MemberStatus,
  MembershipRecord,
  PagedGrant,
  PlaceRecord,
} from './statements/worldRead.ts';

const counting = { readFirstSeen, readFollowerLag, readOpened, readStatistics };
const behind = { forgetEntryCounts, syncEntryCounts, writeTokenUses };
/** A statement function with its first argument, the database, supplied. */
type Bound<F> = F extends (database: Database, ...rest: infer Rest) => infer Result ? (...rest: Rest) => Result : never;
type Statements = typeof access &
  typeof append &
  typeof behind &
  typeof counting &
  typeof explain &
  typeof identity &
  typeof installation &
  typeof jwt &
  typeof names &
  typeof occurrence &
  typeof read &
  typeof search &
  typeof tail;
type StatementNames = {
  [K in keyof Statements]: Statements[K] extends (database: Database, ...rest: never[]) => Promise<unknown> ? K : never;
}[keyof Statements];
type BoundStatements = { readonly [K in StatementNames]: Bound<Statements[K]> };
const administering = {
  ...administration,
  ...guards,
  ...jwtIssuers,
  ...outbox,
  ...tokens,
  ...views,
  ...worldRead,
  ...worldWrite,
};
type Administering = typeof administering;
/** The statements of administration, on the pool or inside a transaction. */
export type AdministrationStatements = { readonly [K in keyof Administering]: Bound<Administering[K]> };

/** What a follower does in the transaction that also moves it. */
export interface FollowerStatements {
  /** Counts the next entries after a place into the cells of statistics; how far it came, or null when there were none. */
  rollUpEntries(organization: number, after: LogPlace, limit: number): Promise<LogPlace | null>;
}

/** MOVED: some of the log was worked off. ELSEWHERE: another transaction, on whichever server, holds the follower. */
export type FollowerStep = 'MOVED' | 'AT_END' | 'ELSEWHERE';

export interface Store extends BoundStatements, AsyncDisposable {
  /** For configuration only; the log’s tables are closed to it. */
  readonly prisma: PrismaClient;
  readonly hints: Hints;
  readonly administration: AdministrationStatements;
  /** Runs statements of administration in one transaction; rolls back when the work throws. */
  administer<T>(work: (statements: AdministrationStatements) => Promise<T>): Promise<T>;
  /**
   * One step of a follower in one log: claims its place, lets the work go on from there, and remembers the place that the
   * work came to. Both or neither: what the work did is undone when the step does not commit.
   */
  follow(
    organization: number,
    name: string,
    work: (after: LogPlace, statements: FollowerStatements) => Promise<LogPlace | null>,
  ): Promise<FollowerStep>;
  /** Throws UNAVAILABLE when the database does not answer. */
  ping(): Promise<void>;
  /** Shows every statement’s text from now on; for tests that count round trips. */
  observe(observer: (text: string) => void): Disposable;
  /** Connections of the pool, those of them that nothing uses, and statements that wait for one. */
  readonly pool: { readonly connections: number; readonly idle: number; readonly waiting: number };
}

export interface StoreOptions {
  readonly url: string;
  readonly connections: number;
  readonly statementTimeoutMs: number;
  readonly onStatement?: StatementObserver;
  /** Whether a pooler in transaction mode stands before the database. */
  readonly pooled?: boolean;
  /** Where notifications are heard; null nowhere: then the log is looked at once a second. Default: `url`. */
  readonly listenUrl?: string | null;
}

function bind(database: Database): BoundStatements {
  const all: Record<string, unknown> = {
    ...access,
    ...append,
    ...behind,
    ...counting,
    ...explain,
    ...identity,
    ...installation,
    ...jwt,
    ...names,
    ...occurrence,
    ...read,
    ...search,
    ...tail,
  };
  const bound = Object.entries(all).map(([name, run]) => [
    name,
    typeof run === 'function' ? (...rest: unknown[]) => run(database, ...rest) : run,
  ]);
  return Object.fromEntries(bound) as BoundStatements;
}

function bindAdministration(runner: Runner): AdministrationStatements {
  const bound = Object.entries(administering).map(([name, run]) => [
    name,
    (...rest: unknown[]) => Reflect.apply(run, undefined, [runner, ...rest]),
  ]);
  return Object.fromEntries(bound) as AdministrationStatements;
}

/** Opens the pool and the listener; connects on first use. */
export function openStore(options: StoreOptions): Store {
  const database = openDatabase({ ...options, applicationName: 'annals' });
  const prisma = new PrismaClient({ adapter: new PrismaPg(database.pool) });
  const hints = openHints(options.listenUrl === undefined ? options.url : options.listenUrl, database.pool);
  return {
    ...bind(database),
    prisma,
    hints,
    administration: bindAdministration(database),
    administer: (work) => database.transaction((runner) => work(bindAdministration(runner))),
    follow: (organization, name, work) =>
      database.transaction(async (runner) => {
        const place = await claimFollower(runner, organization, name);
        if (place === null) return 'ELSEWHERE';
        const to = await work(place, { rollUpEntries: (...rest) => rollUpEntries(runner, ...rest) });
        if (to === null) return 'AT_END';
        await moveFollower(runner, organization, name, to);
        return 'MOVED';
      }),
    observe: database.observe,
    get pool() {
      const { totalCount, idleCount, waitingCount } = database.pool;
      return { connections: totalCount, idle: idleCount, waiting: waitingCount };
    },
    async ping() {
      await database.rows('select 1', []);
    },
    async [Symbol.asyncDispose]() {
      await hints[Symbol.asyncDispose]();
      await prisma.$disconnect();
      await database[Symbol.asyncDispose]();
    },
  };
}

export { storeRoleSettings } from './pooler.ts';
export { storeFault };
