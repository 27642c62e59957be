/** The embedded database: whether it can run here, runs, and has room. */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { AnnalsError } from '../errors.ts';
import { embeddedPlace, runningEmbedded, type SocketUrls, startEmbedded } from '../store/embedded.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const gibibyte = 2 ** 30;
/** Room below which something should be done, and below which recording is about to stop. In bytes. */
const room = { warn: 2 * gibibyte, fail: gibibyte / 4 } as const;

export interface EmbeddedExamination {
  readonly findings: readonly Finding[];
  /** Null where there is no database to look into. */
  readonly urls: Pick<SocketUrls, 'url' | 'ownerUrl'> | null;
}

export function judgeRoom(freeBytes: number, directory: string): Finding {
  const check = 'disk';
  const message = `${(freeBytes / gibibyte).toFixed(1)} GiB are free where the database lies (${directory}).`;
  const cure = 'Make room there, or move DATA_DIRECTORY to a larger disk while the server is stopped.';
  if (freeBytes < room.fail) return fail(check, message, cure);
  return freeBytes < room.warn ? warn(check, message, cure) : ok(check, message);
}

/** Looks into the server that runs, or starts one as long as `undo` is not disposed. */
export async function examineEmbedded(dataDirectory: string, undo: AsyncDisposableStack): Promise<EmbeddedExamination> {
  const check = 'embedded';
  const place = existsSync(dataDirectory) ? await embeddedPlace(dataDirectory) : null;
  if (place === null) {
    const message = `There is no database in ${dataDirectory} yet, and DATABASE_URL is not set.`;
    const cure = 'Start the server: it makes one. For a PostgreSQL of your own, set DATABASE_URL.';
    return { findings: [warn(check, message, cure)], urls: null };
  }
  const { bavail, bsize } = await statfs(place);
  const disk = judgeRoom(bavail * bsize, place);
  try {
    const started = undo.use(await startEmbedded({ dataDirectory }));
    return {
      findings: [ok(check, `The embedded database starts (${place}). No server runs on it now.`), disk],
      urls: started,
    };
  } catch (error) {
    if (!(error instanceof AnnalsError)) throw error;
    const running = error.code === 'EMBEDDED_IN_USE' ? await runningEmbedded(dataDirectory) : null;
    if (running === null)
      return { findings: [fail(check, `${error.code}: ${error.message}`, error.cure), disk], urls: null };
    return { findings: [ok(check, `A server runs on the embedded database (${place}).`), disk], urls: running };
  }
}
