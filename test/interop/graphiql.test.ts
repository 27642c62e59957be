import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openClient } from '../../src/cli/client.ts';
import { RecordDocument } from '../generated/graphql.ts';
import { type Site, startSite } from '../support/site.ts';
import { vaults } from '../support/world.ts';
import { type Browser, type Page, startBrowser } from './browser.ts';

let site: Site;
let browser: Browser;
beforeAll(async () => {
  site = await startSite();
  browser = await startBrowser();
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

const patient = { timeout: 60_000, interval: 100 };
const [mine, other] = vaults;

async function view(item: string, vault: string): Promise<void> {
  const { server, tokens } = site;
  const entry = {
    action: 'passwork.item_viewed',
    actor: { id: 'u1', name: 'Anna Berg' },
    vault: { id: vault },
    targets: [{ type: 'item', id: item, name: item }],
  };
  const client = openClient({ url: server.url, token: tokens.integration });
  await client.request(RecordDocument, { input: { entries: [entry] } });
}

/** GraphiQL’s editors are drawn line by line, with hard spaces. */
const textOf = async (page: Page, selector: string): Promise<string> =>
  String(await page.evaluate(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? ''`)).replaceAll(
    '\u00a0',
    ' ',
  );
const answer = (page: Page) => textOf(page, '.result-window');
const headers = '.graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines';

async function signIn(page: Page, token: string): Promise<void> {
  await page.open(site.server.url);
  await expect.poll(() => textOf(page, headers), patient).toContain('Bearer <token>');
  await page.click(headers);
  await page.retype(JSON.stringify({ Authorization: `Bearer ${token}` }));
  // The page has taken it up.
  const held = () => page.evaluate("sessionStorage.getItem('annals:authorization')");
  await expect.poll(held, patient).toBe(`Bearer ${token}`);
}

async function runExample(page: Page, name: string): Promise<void> {
  // The tabs slide into their places at first, so a click may miss.
  const select = async () => {
    await page.click(`button[title="${name}"]`);
    return textOf(page, '.graphiql-query-editor .view-lines');
  };
  await expect.poll(select, patient).toContain(name);
  // GraphiQL reads a document a moment after it is there, and then puts it into the page’s address.
  const read = () => page.evaluate("new URL(location.href).searchParams.get('query')");
  await expect.poll(read, patient).toContain(name);
  await page.click('.graphiql-execute-button');
}

it('GraphiQL works with the network cut off: a credential, an example query, and two windows that watch', async () => {
  const owner = await browser.newPage();
  const member = await browser.newPage();
  await view('Old safe', mine);

  await signIn(owner, site.tokens.owner);
  await runExample(owner, 'NewestEntries');
  await expect.poll(() => answer(owner), patient).toContain('Old safe');
  const directory = await mkdtemp(join(tmpdir(), 'annals-graphiql-'));
  await owner.screenshot(join(directory, 'query.png'));

  // In the second window a member of one vault; the credential of one tab serves the others.
  await signIn(member, site.tokens.member);
  await runExample(member, 'WatchLive');
  await expect.poll(() => answer(member), patient).toContain('caughtUp');
  await runExample(owner, 'WatchLive');
  await expect.poll(() => answer(owner), patient).toContain('caughtUp');
  await view('Board key', other);
  await expect.poll(() => answer(owner), patient).toContain('Board key');
  await view('Mail root', mine);
  await expect.poll(() => answer(member), patient).toContain('Mail root');
  await expect.poll(() => answer(owner), patient).toContain('Mail root');
  expect(await answer(member)).not.toContain('Board key');
  await member.screenshot(join(directory, 'watch.png'));
  expect((await stat(join(directory, 'watch.png'))).size).toBeGreaterThan(10_000);

  const { origin } = new URL(site.server.url);
  for (const page of [owner, member]) {
    const foreign = page.requested.filter((url) => !/^(data|blob):/.test(url) && new URL(url).origin !== origin);
    expect(foreign).toEqual([]);
    expect(page.complaints).toEqual([]);
  }
  // Kept when something failed.
  await rm(directory, { recursive: true });
});
