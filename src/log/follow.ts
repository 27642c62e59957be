/**
 * Followers: work that reads every log in order, from a place that the database remembers. A step’s work and its new place
 * commit together, under a lock on the place, so each entry is worked off once, by one server at a time, whenever which
 * of them dies. Followers cost an append nothing: they are told afterwards, and look for what they missed.
 */
import type { FaultReport } from '../errors.ts';
import type { LogPlace } from '../model/entry.ts';
import type { FollowerLag, FollowerStatements, Store } from '../store/store.ts';
import type { Metrics } from '../telemetry/telemetry.ts';
import { type Loop, openLoop } from './loop.ts';

export interface Follower {
  /** Under which its places are kept; never changed. */
  readonly name: string;
  /**
   * Works off some of what stands after a place, through the statements of the step’s transaction; gives the place that it
   * came to, or null when nothing was there. What it does besides may happen again when the step does not commit.
   */
  step(organization: number, after: LogPlace, statements: FollowerStatements): Promise<LogPlace | null>;
}

export interface Followers extends AsyncDisposable {
  /** From now on by themselves. */
  start(): void;
  /** Something was recorded. */
  wake(organization: number): void;
  /** Resolves when every follower stands at the end of this log, or another server has it. */
  catchUp(organization: number): Promise<void>;
  /** The logs in which followers are behind, and how far. */
  lag(): Promise<FollowerLag[]>;
}

export interface FollowersDeps {
  readonly store: Pick<Store, 'follow' | 'readFollowerLag'>;
  readonly fault: FaultReport;
  readonly metrics: Metrics;
}

export interface FollowersOptions {
  /** From being told to working, in milliseconds: what is recorded meanwhile is worked off with it. */
  readonly restMs?: number;
}

/** Work that nobody waits for is done some seconds at a time. */
const unhurriedMs = 5000;
const retryMs = 5000;
/** How often every log is looked at, for what another server recorded and did not live to follow. */
const sweepMs = 60_000;

function openFollower({ store, fault, metrics }: FollowersDeps, follower: Follower, restMs: number) {
  /** Logs in which there is something to do, as far as this server was told. */
  const due = new Set<number>();
  let swept = -Infinity;

  let loop: Loop | null = null;

  const step = (organization: number) =>
    store.follow(organization, follower.name, (after, statements) => follower.step(organization, after, statements));

  const work = async (): Promise<boolean> => {
    if (performance.now() - swept >= sweepMs) {
      const behind = await store.readFollowerLag(follower.name);
      const entries = behind.reduce((sum, lag) => sum + lag.entries, 0);
      metrics.set('annals_follower_lag_entries', entries, { follower: follower.name });
      for (const { organization } of behind) due.add(organization);
      swept = performance.now();
    }
    // Each log a step, so that a busy one does not hold up the others.
    let moved = false;
    for (const organization of [...due]) {
      const outcome = await step(organization);
      if (outcome === 'MOVED') moved = true;
      if (outcome === 'AT_END') due.delete(organization);
    }
    // The others are followed elsewhere just now; whether all of them to their end shows a little later.
    if (due.size > 0 && !moved) loop?.wake();
    return moved;
  };

  return {
    start() {
      loop ??= openLoop(work, { name: `follower ${follower.name}`, everyMs: sweepMs, retryMs, restMs, fault });
      loop.wake();
    },
    wake(organization: number) {
      due.add(organization);
      loop?.wake();
    },
    async catchUp(organization: number) {
      while ((await step(organization)) === 'MOVED');
    },
    async stop() {
      await loop?.stop();
    },
  };
}

export function openFollowers(
  deps: FollowersDeps,
  followers: readonly Follower[],
  { restMs = unhurriedMs }: FollowersOptions = {},
): Followers {
  const open = followers.map((follower) => openFollower(deps, follower, restMs));
  return {
    start() {
      for (const one of open) one.start();
    },
    wake(organization) {
      for (const one of open) one.wake(organization);
    },
    async catchUp(organization) {
      for (const one of open) await one.catchUp(organization);
    },
    async lag() {
      return (await Promise.all(followers.map(({ name }) => deps.store.readFollowerLag(name)))).flat();
    },
    async [Symbol.asyncDispose]() {
      for (const one of open) await one.stop();
    },
  };
}
