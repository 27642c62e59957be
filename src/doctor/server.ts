/** The running server, as its own health says. */
import { readDemoFile } from '../demo/file.ts';
import type { DoctorConfig } from './doctor.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** How long it may take to answer, in milliseconds. */
const answerMs = 5000;

interface Health {
  readonly ok: boolean;
  readonly checks?: readonly { readonly name: string; readonly ok: boolean; readonly cure?: string }[];
}

/** Where a server of these settings is to be found: where commands look for it, else where it would listen. */
async function originOf({ annalsUrl, databaseUrl, dataDirectory, host, port }: DoctorConfig): Promise<string> {
  if (annalsUrl !== null) return new URL(annalsUrl).origin;
  const demo = databaseUrl === null ? await readDemoFile(dataDirectory).catch(() => null) : null;
  if (demo !== null && URL.canParse(demo.url)) return new URL(demo.url).origin;
  const address = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${address}:${port}`;
}

export async function* examineServer(config: DoctorConfig): AsyncGenerator<Finding, void, void> {
  const check = 'server';
  const origin = await originOf(config);
  const response = await fetch(`${origin}/health/ready`, { signal: AbortSignal.timeout(answerMs) }).catch(() => null);
  if (response === null) {
    yield warn(check, `No server answers at ${origin}.`, 'Start it; or set ANNALS_URL to where it is.');
    return;
  }
  const health = (await response.json().catch(() => null)) as Health | null;
  if (typeof health?.ok !== 'boolean') {
    yield fail(check, `What answers at ${origin} is not Annals.`, 'Correct ANNALS_URL, HOST or PORT.');
    return;
  }
  if (health.ok) yield ok(check, `The server at ${origin} is ready.`);
  for (const { name, ok: works, cure } of health.checks ?? [])
    if (!works) yield fail(check, `The server at ${origin} is not ready: ${name}.`, cure ?? 'Look into its log.');
}
