/**
 * How long the answer to a statement is waited for. The server’s own limit does not help where the server, or the network
 * to it, has gone silent. node-postgres has `query_timeout` for this; with it, and with a promise that node-postgres makes,
 * the rows of every statement stay in memory until a full collection, at the price of a sixth of a page’s time.
 */
import type pg from 'pg';

type Callback = (error: unknown, result?: unknown) => void;
type Query = (config: unknown, values: unknown, callback: Callback) => void;

/** Gives up on the connection, and fails the statement, where no answer has come after `limitMs`. */
export function limitAnswers(client: pg.ClientBase & { end?: pg.Client['end'] }, limitMs: number): void {
  const query = client.query.bind(client) as Query;

  const ask = (config: unknown, values: unknown, callback: Callback): void => {
    let answered = false;
    const answer: Callback = (error, result) => {
      if (answered) return;
      answered = true;
      clearTimeout(late);
      callback(error, result);
    };
    const late = setTimeout(() => {
      answer(new Error('Query read timeout'));
      // Whatever else waits for this connection fails now; it would wait in vain.
      client.end?.().catch(() => {});
    }, limitMs);
    query(config, values, answer);
  };

  const limited = (config: unknown, values?: unknown, callback?: unknown): unknown => {
    if (typeof callback === 'function') return ask(config, values, callback as Callback);
    if (typeof values === 'function') return ask(config, undefined, values as Callback);
    return new Promise((resolve, reject) => {
      ask(config, values, (error, result) => (error ? reject(error) : resolve(result)));
    });
  };
  client.query = limited as typeof client.query;
}
