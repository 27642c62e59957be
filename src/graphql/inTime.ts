/**
 * A batch of a stream is chosen under rights that are fresh. Names in it may have to be looked up, and a database that goes
 * silent meanwhile would let it be shown under rights of long ago: what is answered too late is not shown. A stream whose
 * batch was not shown ends, so that the subscriber goes on from its last cursor and nothing is skipped.
 */
import { GraphQLError } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { AnnalsError } from '../errors.ts';
import type { LiveBatch } from '../live/live.ts';
import type { AnnalsContext } from './context.ts';

/** What a subscription’s context knows of the batch that is being answered. */
export interface Answering {
  readonly batch: LiveBatch;
  /** It was not shown, for this or another error. */
  lost: boolean;
}

const late = () =>
  new AnnalsError('UNAVAILABLE', {
    message: 'The database did not answer while this batch could be shown under rights of today.',
    cure: 'Subscribe again with the last cursor that you received; nothing is lost.',
    retryAfterMs: 1000,
  });

/** Looks at every result before it leaves the server, whatever the transport. */
export function onlyInTime(): Plugin<AnnalsContext> {
  return {
    onSubscribe({ args }) {
      const context: AnnalsContext = args.contextValue;
      return {
        onSubscribeResult: () => ({
          onNext({ result, setResult }) {
            const { answering } = context;
            if (answering === undefined || isAsyncIterable(result)) return;
            const shown = result.data != null;
            answering.lost = !shown || !answering.batch.current();
            if (!shown || !answering.lost) return;
            const error = late();
            setResult({ errors: [new GraphQLError(error.message, { originalError: error })] });
          },
        }),
      };
    },
  };
}

/** The same batches, up to one that was not shown. */
export function untilLost(
  batches: AsyncIterableIterator<LiveBatch>,
  context: AnnalsContext,
): AsyncIterableIterator<LiveBatch> {
  const leave = async () => (await batches.return?.()) ?? { done: true as const, value: undefined };
  return {
    next: () => (context.answering?.lost ? leave() : batches.next()),
    return: leave,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
