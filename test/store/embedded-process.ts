/**
 * A process that starts the embedded server on the directory in its first argument, prints one line of JSON about it,
 * and stops it at the end of its input. Tests run it as another user, kill it, or run two of them.
 */
import { AnnalsError } from '../../src/errors.ts';
import { startEmbedded } from '../../src/store/embedded.ts';

const print = (value: object): boolean => process.stdout.write(`${JSON.stringify(value)}\n`);

try {
  await using embedded = await startEmbedded({ dataDirectory: process.argv[2] ?? '' });
  const ended = new Promise((resolve) => process.stdin.once('end', resolve).resume());
  print({ url: embedded.url, pid: embedded.pid, uid: process.getuid?.() });
  await ended;
} catch (error) {
  print(error instanceof AnnalsError ? { code: error.code, message: error.message } : { message: String(error) });
}
