/**
 * PostgreSQL’s own base backup, taken over a replication connection as pg_basebackup takes it: a consistent copy of a
 * running server, with the log that it needs, while it goes on. The server checks the checksum of every page it reads, and
 * names each file’s SHA-256 in a manifest.
 */
import { PassThrough, type Readable } from 'node:stream';
import pg from 'pg';

export interface BaseBackup extends AsyncDisposable {
  /** A tar archive of the cluster. It fails when the backup does. */
  readonly archive: Readable;
  /** JSON text; once the archive has been read to its end. */
  readonly manifest: Promise<Buffer>;
}

/** First bytes of a message of the copy. */
const kinds = { archive: 0x6e, manifest: 0x6d, data: 0x64 } as const;

interface Connection {
  query(text: string): void;
  readonly stream: { pause(): void; resume(): void };
}

/** What node-postgres asks of a query that reads the messages itself. */
class BackupQuery implements pg.Submittable {
  readonly archive = new PassThrough({ highWaterMark: 1_048_576 });
  readonly manifest = Promise.withResolvers<Buffer>();
  private readonly parts: Buffer[] = [];
  private target: 'archive' | 'manifest' = 'archive';
  private failure: Error | null = null;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
    // Whoever reads the archive learns of a failure there.
    this.manifest.promise.catch(() => {});
  }

  submit(connection: pg.Connection): void {
    (connection as unknown as Connection).query(this.text);
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }, connection: Connection): void {
    const [kind] = chunk;
    if (kind === kinds.manifest) this.target = 'manifest';
    if (kind !== kinds.data) return;
    // The driver uses the message’s memory again.
    const data = Buffer.from(chunk.subarray(1));
    if (this.target === 'manifest') this.parts.push(data);
    else if (!this.archive.write(data)) {
      connection.stream.pause();
      this.archive.once('drain', () => connection.stream.resume());
    }
  }

  handleError(error: Error): void {
    this.failure = error;
    this.archive.destroy(error);
    this.manifest.reject(error);
  }

  handleReadyForQuery(): void {
    if (this.failure !== null) return;
    this.archive.end();
    this.manifest.resolve(Buffer.concat(this.parts));
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
}

/** Starts a base backup of the server that the superuser reaches at this address. */
export async function startBaseBackup(adminUrl: string): Promise<BaseBackup> {
  const config: pg.ClientConfig & { readonly replication: string } = {
    connectionString: adminUrl,
    replication: 'true',
    application_name: 'annals backup',
  };
  const client = new pg.Client(config);
  client.on('error', () => {});
  await client.connect();
  // Keeps the server from removing log that the copy still needs; it goes with the connection.
  await client.query(`CREATE_REPLICATION_SLOT annals_backup_${process.pid} TEMPORARY PHYSICAL (RESERVE_WAL)`);
  const options = "LABEL 'annals', CHECKPOINT 'fast', WAL true, MANIFEST 'yes', MANIFEST_CHECKSUMS 'SHA256'";
  const query = new BackupQuery(`BASE_BACKUP (${options})`);
  client.query(query);
  return {
    archive: query.archive,
    manifest: query.manifest.promise,
    [Symbol.asyncDispose]: () => client.end(),
  };
}
