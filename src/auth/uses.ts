/** When tokens are used: noted in memory as requests come, written behind them, many at once. */
import type { FaultReport } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { Principal } from './auth.ts';

/** At most one statement in this time. */
const everyMs = 10_000;
/** A token that is used all the time is written this often. */
const precisionMs = 50_000;

export interface TokenUses {
  /** Notes that the credential was used now, from this address. JWTs are not kept, and not noted. */
  note(principal: Pick<Principal, 'organization' | 'tokenId' | 'jwt'>, from: string | null): void;
  /** Writes what is due: first uses, and those of tokens that were last written a while ago; with `all` every use. */
  write(all?: boolean): Promise<void>;
  /** Does so from now on by itself. Disposing writes everything. */
  start(): AsyncDisposable;
}

export interface UsesDeps {
  readonly store: Pick<Store, 'writeTokenUses'>;
  /** Milliseconds. */
  readonly now: () => number;
  readonly fault: FaultReport;
}

interface Use {
  readonly organization: number;
  readonly tokenId: string;
  at: number;
  from: string | null;
  /** `at` of what was written last. */
  written: number;
}

export function openTokenUses({ store, now, fault }: UsesDeps): TokenUses {
  const known = new Map<string, Use>();

  const write = async (all = false) => {
    const time = now();
    const due: Use[] = [];
    for (const use of known.values()) {
      if (use.at > use.written && (all || time - use.written >= precisionMs)) due.push(use);
      else if (time - use.at >= precisionMs) known.delete(use.tokenId);
    }
    if (due.length === 0) return;
    const written = due.map((use) => ({ ...use }));
    await store.writeTokenUses(written);
    for (const [index, use] of due.entries()) use.written = written[index]?.at ?? use.written;
  };

  return {
    note({ organization, tokenId, jwt }, from) {
      if (jwt !== null) return;
      const use = known.get(tokenId);
      if (use === undefined) known.set(tokenId, { organization, tokenId, at: now(), from, written: 0 });
      else {
        use.at = now();
        use.from = from;
      }
    },
    write,
    start() {
      let running: Promise<void> = Promise.resolve();
      const attempt = (all: boolean) => {
        running = running
          .then(() => write(all))
          .then(
            () => fault('token uses', null),
            (error: unknown) => fault('token uses', error),
          );
        return running;
      };
      const timer = setInterval(() => void attempt(false), everyMs);
      timer.unref();
      return {
        async [Symbol.asyncDispose]() {
          clearInterval(timer);
          await attempt(true);
        },
      };
    },
  };
}
