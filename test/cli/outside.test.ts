import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openClient } from '../../src/cli/client.ts';
import { CountDocument, WhoAmIDocument } from '../generated/graphql.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { takePort } from '../support/port.ts';
import { annals, type DataDirectory, type Environment, newDataDirectory, startServer } from '../support/program.ts';

let database: TestDatabase;
let data: DataDirectory;
let env: Environment;
beforeAll(async () => {
  database = await createDatabase({ empty: true });
  data = await newDataDirectory();
  env = { DATABASE_URL: database.url, MIGRATION_DATABASE_URL: database.ownerUrl, DATA_DIRECTORY: data.path };
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

describe('with DATABASE_URL', () => {
  it('organization create migrates an empty database and prints the first owner’s token, which works', async () => {
    const created = await annals(['organization', 'create', 'Nordwind Bahn'], env);
    expect(created.code).toBe(0);
    expect(created.stdout).toMatch(/^annals_\w+\n$/);
    expect(created.stderr).toContain('Created the organization Nordwind Bahn');

    await using server = await startServer(env);
    const client = openClient({ url: server.url, token: created.stdout.trim() });
    const { viewer } = await client.request(WhoAmIDocument, {});
    expect(viewer).toMatchObject({ role: { key: 'OWNER' }, organization: { name: 'Nordwind Bahn' } });

    const again = await annals(['organization', 'create', 'Nordwind Bahn'], env);
    expect(again).toMatchObject({ code: 2, stdout: '' });
    expect(again.stderr).toMatch(/BAD_INPUT: There is an organization "Nordwind Bahn" already/);
  });

  it('serves without a demo and says how to create an organization', async () => {
    await using other = await createDatabase();
    const created = await annals(['organization', 'create', 'Empty'], {
      ...env,
      DATABASE_URL: other.url,
      MIGRATION_DATABASE_URL: other.ownerUrl,
    });
    {
      await using server = await startServer({
        ...env,
        DEMO: 'on',
        DATABASE_URL: other.url,
        MIGRATION_DATABASE_URL: other.ownerUrl,
      });
      expect(server.output.stdout).toContain('npx annals organization create NAME');
      const client = openClient({ url: server.url, token: created.stdout.trim() });
      expect((await client.request(CountDocument, {})).logs.totalCount).toBe(0);
    }
    for (const file of ['demo.json', 'cluster', 'embedded.json']) expect(existsSync(join(data.path, file))).toBe(false);
  });

  it('refuses a taken port with a cure', async () => {
    await using taken = await takePort();
    const { code, stderr } = await annals(['serve'], { ...env, PORT: String(taken.port) });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      new RegExp(`annals: PORT_TAKEN: Port ${taken.port} on 127\\.0\\.0\\.1 is taken\\.\nSet PORT to a free one`),
    );
  });

  it('says that a database cannot be reached, without its password', async () => {
    const { code, stderr } = await annals(['serve'], {
      DATABASE_URL: 'postgresql://annals:hunter2@127.0.0.1:9/annals',
    });
    expect(code).toBe(4);
    expect(stderr).toMatch(/annals: DATABASE_UNREACHABLE: /);
    expect(stderr).not.toContain('hunter2');
  });
});
