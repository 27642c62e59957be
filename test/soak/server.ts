/**
 * The app in a process of its own that can say what it holds: for each message `measure` it collects garbage and answers
 * with a Measure. Its settings come as JSON in the first argument; it ends when its parent lets go of it.
 */
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';

export interface Measure {
  /** Bytes that the process occupies, and bytes that JavaScript holds in it. */
  readonly rss: number;
  readonly held: number;
  /** Live streams that are open. */
  readonly streams: number;
  /** Warnings and errors that were logged, each as one text. */
  readonly complaints: readonly string[];
}

const complaints: string[] = [];
const complain = (fields: object, message: string) => complaints.push(`${message} ${JSON.stringify(fields)}`);
const log = { debug() {}, info() {}, warn: complain, error: complain };

await using app = await openApp(readConfig(JSON.parse(process.argv[2] ?? '{}')), { log });
const { url } = await app.listen();
process.on('message', () => {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send?.({ rss, held: heapUsed + external, streams: app.services.live.streams, complaints } satisfies Measure);
});
process.send?.(url);
await new Promise((resolve) => process.once('disconnect', resolve));
