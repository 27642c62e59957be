/**
 * The ways in which a follower’s step ends half-way, for whichever follower: the connection breaks before each of its
 * statements, and after each, when the server has run it and the reply is lost. A process that is killed looks the same.
 */
import type { FaultReport } from '../../src/errors.ts';
import { type Follower, type Followers, openFollowers } from '../../src/log/log.ts';
import { openStore } from '../../src/store/store.ts';
import { openMetrics } from '../../src/telemetry/telemetry.ts';
import type { DatabaseProxy } from './proxy.ts';

export interface FollowerFault {
  readonly name: string;
  arm(proxy: DatabaseProxy): void;
  /** Whether the server has committed the step when the connection breaks. */
  readonly kept: boolean;
}

/** @param own words that stand in one of the follower’s own statements each, in their order */
export function followerFaults(own: readonly string[]): FollowerFault[] {
  // Short ones with the end of their message: the words alone stand elsewhere, too.
  const statements = ['begin\0', 'from follower f', ...own, 'update follower', 'commit\0'];
  return statements.flatMap((text) => {
    const words = text.replace('\0', '');
    return [
      { name: `before “${words}”`, kept: false, arm: (proxy) => proxy.loseRequest(text) },
      { name: `after “${words}”`, kept: words === 'commit', arm: (proxy) => proxy.loseReplyTo(text) },
    ];
  });
}

/** A server’s followers by themselves, on connections of their own. */
export function openFollowing(
  url: string,
  followers: readonly Follower[],
  fault: FaultReport = () => {},
): Followers & AsyncDisposable {
  const store = openStore({ url, connections: 2, statementTimeoutMs: 10_000 });
  const open = openFollowers({ store, fault, metrics: openMetrics() }, followers, { restMs: 20 });
  return {
    ...open,
    async [Symbol.asyncDispose]() {
      await open[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}
