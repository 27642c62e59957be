/** Load over HTTP: so many callers, each with one request at a time on a connection that stays open. */
import { Agent, request } from 'node:http';
import { work } from './worker.ts';

export interface LoadJob {
  readonly url: string;
  readonly token: string | null;
  readonly callers: number;
  /** How long new requests are begun, in milliseconds. */
  readonly milliseconds: number;
  /**
   * JSON bodies, sent in turn. A body in several pieces is joined by a text that no other request has: idempotency keys
   * begin in one piece and end in the next.
   */
  readonly bodies: readonly (readonly string[])[];
}

export interface LoadResult {
  readonly requests: number;
  /** From the first request to the last answer, in seconds. */
  readonly seconds: number;
  /** Of each request, in milliseconds. */
  readonly latencies: readonly number[];
  /** Length of the last answer, in bytes. */
  readonly answerBytes: number;
}

const run = Date.now().toString(36);
let sent = 0;

function post(url: URL, agent: Agent, token: string | null, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    };
    const call = request(url, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const answer = Buffer.concat(chunks);
        // Errors stand at the front, or are rows with a code.
        const failed = response.statusCode !== 200 || answer.includes('"errors":') || answer.includes('"code":');
        if (failed) reject(new Error(`${response.statusCode}: ${answer.toString('utf8', 0, 500)}`));
        else resolve(answer.length);
      });
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end(body);
  });
}

async function load(job: LoadJob): Promise<LoadResult> {
  const url = new URL(job.url);
  const agent = new Agent({ keepAlive: true, maxSockets: job.callers });
  const latencies: number[] = [];
  let answerBytes = 0;
  const started = performance.now();
  const caller = async () => {
    while (performance.now() - started < job.milliseconds) {
      const number = sent++;
      const pieces = job.bodies[number % job.bodies.length] ?? [];
      const body = pieces.length === 1 ? (pieces[0] ?? '') : pieces.join(`${run}-${number}-`);
      const began = performance.now();
      answerBytes = await post(url, agent, job.token, body);
      latencies.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: job.callers }, caller));
  const seconds = (performance.now() - started) / 1000;
  agent.destroy();
  return { requests: latencies.length, seconds, latencies, answerBytes };
}

work(load);
