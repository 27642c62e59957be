/** https and wss by the server itself, with certificates that change under it. */
import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../support/app.ts';
import { type Certificate, makeCertificate } from '../support/certificate.ts';
import { newDataDirectory, startProgram, startServer } from '../support/program.ts';
import { openTestHttp, send, type TestHttp } from './support.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'annals-tls-'));
});
afterAll(() => rm(directory, { recursive: true }));

let folders = 0;
interface Files {
  readonly certificate: string;
  readonly key: string;
}

/** Both files behind one link, as renewing programs keep them; `put` replaces the link in one step. */
async function newFiles(first: Certificate): Promise<Files & { put(next: Certificate): Promise<void> }> {
  const current = join(directory, `current-${++folders}`);
  const put = async (next: Certificate) => {
    const folder = await mkdtemp(join(directory, 'version-'));
    await writeFile(join(folder, 'cert.pem'), next.certificate);
    await writeFile(join(folder, 'key.pem'), next.key);
    await symlink(folder, `${current}.new`);
    await rename(`${current}.new`, current);
  };
  await put(first);
  return { certificate: join(current, 'cert.pem'), key: join(current, 'key.pem'), put };
}

interface Secure {
  readonly status: number;
  readonly body: string;
  /** Common name of the certificate that was shown. */
  readonly shown: string;
}

async function ask(port: number, ca: readonly string[], body = '{"query":"{ hello }"}', accept = 'application/json') {
  const { promise, resolve, reject } = Promise.withResolvers<Secure>();
  const call = request(
    {
      ...{ host: '127.0.0.1', port, ca: [...ca], agent: false, method: 'POST', path: '/graphql' },
      headers: { 'content-type': 'application/json', accept },
    },
    (response) => {
      const shown = String((response.socket as TLSSocket).getPeerCertificate().subject.CN);
      text(response).then((whole) => resolve({ status: response.statusCode ?? 0, body: whole, shown }), reject);
    },
  );
  call.on('error', reject);
  call.end(body);
  return promise;
}

const endOf = async ({ http }: TestHttp, ca: string): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = { host: '127.0.0.1', port: http.port, ca, agent: false, path: '/metrics' };
  request(options, (response) => text(response).then(resolve, reject))
    .on('error', reject)
    .end();
  return Number(/^annals_tls_certificate_end_seconds (\S+)$/m.exec(await promise)?.[1]);
};

describe('https', () => {
  it('serves all transports', async () => {
    const own = makeCertificate('one');
    await using server = await openTestHttp({ tls: await newFiles(own) });
    const { port, url } = server.http;
    expect(url).toBe(`https://127.0.0.1:${port}/graphql`);
    expect(await ask(port, [own.certificate])).toMatchObject({ status: 200, body: '{"data":{"hello":"world"}}' });
    const events = await ask(port, [own.certificate], '{"query":"{ hello }"}', 'text/event-stream');
    expect(events.body).toContain('data: {"data":{"hello":"world"}}');
    const socket = new WebSocket(url.replace('https', 'wss'), 'graphql-transport-ws', { ca: own.certificate });
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    socket.on('error', reject);
    socket.on('message', (data) => resolve(data.toString()));
    socket.on('open', () => socket.send('{"type":"connection_init"}'));
    expect(JSON.parse(await promise)).toMatchObject({ type: 'connection_ack' });
    socket.terminate();
    await expect(send(port, { path: '/health/live' })).rejects.toThrow();
  });

  it('tells its own origin by its scheme', async () => {
    const own = makeCertificate('one');
    await using server = await openTestHttp({ tls: await newFiles(own) });
    const { port } = server.http;
    const upgrade = (origin: string) =>
      new Promise<number>((resolve) => {
        const url = `wss://127.0.0.1:${port}/graphql`;
        const socket = new WebSocket(url, 'graphql-transport-ws', { ca: own.certificate, origin });
        socket.on('error', () => {});
        socket.on('open', () => {
          resolve(101);
          socket.terminate();
        });
        socket.on('unexpected-response', (_request, response) => {
          resolve(response.statusCode ?? 0);
          response.resume();
        });
      });
    expect(await upgrade(`https://127.0.0.1:${port}`)).toBe(101);
    expect(await upgrade(`http://127.0.0.1:${port}`)).toBe(403);
  });

  it('shows a renewed certificate by itself, to new connections, and keeps the open ones', async () => {
    const [first, second] = [makeCertificate('first', 3), makeCertificate('second', 60)];
    const files = await newFiles(first);
    await using server = await openTestHttp({ tls: files });
    const { port, url } = server.http;
    const ca = [first.certificate, second.certificate];
    const socket = new WebSocket(url.replace('https', 'wss'), 'graphql-transport-ws', { ca });
    await new Promise((resolve) => socket.once('open', resolve));
    const end = await endOf(server, first.certificate);
    expect(end).toBeCloseTo(Date.now() / 1000 + 3 * 86_400, -2);
    await files.put(second);
    expect(await until(async () => (await ask(port, ca)).shown === 'second', 15_000)).toBe(true);
    expect(socket.readyState).toBe(socket.OPEN);
    expect(await endOf(server, second.certificate)).toBeCloseTo(end + 57 * 86_400, -2);
    socket.terminate();
  });

  it('keeps the certificate it has while the files do not fit, and says so', async () => {
    const [first, second] = [makeCertificate('first'), makeCertificate('second')];
    const files = await newFiles(first);
    await using server = await openTestHttp({ tls: files });
    const ca = [first.certificate, second.certificate];
    const faults = () => server.lines.filter(({ fields }) => fields.where === 'tls').length;
    for (const wrong of [
      { ...second, key: first.key },
      { ...second, certificate: 'no certificate' },
    ]) {
      await files.put(wrong);
      const before = faults();
      await server.http.reloadCertificate();
      expect(faults()).toBeGreaterThan(before);
      expect((await ask(server.http.port, ca)).shown).toBe('first');
    }
    expect(JSON.stringify(server.lines.map(({ fields }) => String(fields.err)))).not.toContain('PRIVATE');
    await files.put(second);
    await server.http.reloadCertificate();
    expect((await ask(server.http.port, ca)).shown).toBe('second');
  });

  it('does not start with files that cannot be used', async () => {
    const [one, other] = [makeCertificate('one'), makeCertificate('other')];
    const refusal = { code: 'CONFIG_INVALID', message: expect.stringMatching(/^TLS_CERT_FILE and TLS_KEY_FILE/) };
    const tls = await newFiles({ ...one, key: other.key });
    await expect(openTestHttp({ tls })).rejects.toMatchObject(refusal);
    await expect(openTestHttp({ tls: { ...tls, key: '/nowhere/key.pem' } })).rejects.toMatchObject(refusal);
  });
});

describe('annals serve', () => {
  it('serves https, and reads the certificate again at SIGHUP', async () => {
    const [first, second] = [makeCertificate('first'), makeCertificate('second')];
    const files = await newFiles(first);
    await using data = await newDataDirectory();
    const env = {
      ...{ DATA_DIRECTORY: data.path, DEMO: 'off' },
      ...{ TLS_CERT_FILE: files.certificate, TLS_KEY_FILE: files.key },
    };
    await using server = await startServer(env);
    expect(server.url).toMatch(/^https:/);
    const port = Number(new URL(server.url).port);
    const ca = [first.certificate, second.certificate];
    expect((await ask(port, ca)).shown).toBe('first');
    await files.put(second);
    server.child.kill('SIGHUP');
    expect(await until(async () => (await ask(port, ca)).shown === 'second')).toBe(true);
  });

  it('wants both files or none', async () => {
    const { ended, output } = startProgram(['serve'], { TLS_CERT_FILE: '/etc/ssl/cert.pem' });
    expect(await ended).toEqual({ code: 2, signal: null });
    expect(output.stderr).toContain('TLS_CERT_FILE and TLS_KEY_FILE go together');
  });
});
