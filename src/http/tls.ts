/** The certificate that the server shows: read from files, and again whenever they change. */
import { X509Certificate } from 'node:crypto';
import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { RequestListener, ServerOptions } from 'node:http';
import { createServer, type Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import { AnnalsError } from '../errors.ts';
import type { HttpDeps } from './options.ts';

export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

export interface Tls {
  readonly server: Server;
  /** Reads both files now. What cannot be used is reported, and the certificate before stays. */
  reload(): Promise<void>;
  close(): void;
}

interface Material {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** When the certificate ends, in milliseconds. */
  readonly ends: number;
}

/** Looked at by time and size, through every link: certificates are renewed by replacing a link as often as a file. */
const lookEveryMs = 2000;
const minVersion = 'TLSv1.2';

async function read(files: TlsFiles): Promise<Material> {
  const [cert, key] = await Promise.all([readFile(files.certificate), readFile(files.key)]);
  // Throws for what is no certificate, no key, or not the key of this certificate.
  createSecureContext({ cert, key, minVersion });
  return { cert, key, ends: new X509Certificate(cert).validToDate.getTime() };
}

/** An https server. Throws CONFIG_INVALID when the files cannot be used at the start. */
export async function openTls(
  files: TlsFiles,
  options: ServerOptions,
  handler: RequestListener,
  { fault, metrics, log }: Pick<HttpDeps, 'fault' | 'metrics' | 'log'>,
): Promise<Tls> {
  let material = await read(files).catch((cause: unknown) => {
    throw new AnnalsError('CONFIG_INVALID', {
      message: `TLS_CERT_FILE and TLS_KEY_FILE cannot be used: ${cause instanceof Error ? cause.message : cause}.`,
      cure: 'Name a certificate and its private key as PEM, and let this user read both.',
      cause,
    });
  });
  const server = createServer({ ...options, cert: material.cert, key: material.key, minVersion }, handler);
  const watched = metrics.watch('annals_tls_certificate_end_seconds', () => material.ends / 1000);

  const reload = async () => {
    try {
      const next = await read(files);
      fault('tls', null);
      if (next.cert.equals(material.cert) && next.key.equals(material.key)) return;
      material = next;
      server.setSecureContext({ cert: next.cert, key: next.key, minVersion });
      log.info({ ends: new Date(next.ends).toISOString() }, 'the certificate was read again');
    } catch (error) {
      // Half-way through a renewal the key is not yet that of the certificate; the next change sets it right.
      fault('tls', error);
    }
  };
  const changed = () => void reload();
  for (const file of [files.certificate, files.key])
    watchFile(file, { interval: lookEveryMs, persistent: false }, changed);

  return {
    server,
    reload,
    close() {
      for (const file of [files.certificate, files.key]) unwatchFile(file, changed);
      watched[Symbol.dispose]();
    },
  };
}
