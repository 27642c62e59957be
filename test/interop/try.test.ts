import { it } from 'vitest';
import { startSite } from '../support/site.ts';
import { startBrowser } from './browser.ts';

it('tries', async () => {
  await using site = await startSite();
  await using browser = await startBrowser();
  const page = await browser.newPage();
  await page.open(site.server.url);
  for (let i = 0; i < 100 && !(await page.evaluate(`!!document.querySelector('.graphiql-execute-button')`)); i++)
    await new Promise((r) => setTimeout(r, 100));
  await new Promise((r) => setTimeout(r, 3000));
  await page.screenshot('/tmp/cli-try/1.png');
  console.log(page.requested, page.complaints);
  console.log(
    await page.evaluate(
      `[...document.querySelectorAll('.graphiql-tab, [role=tab]')].map(e => e.outerHTML.slice(0,300)).slice(0,4).join('\\n')`,
    ),
  );
  console.log(
    await page.evaluate(
      `[...document.querySelectorAll('.monaco-editor')].map(e => e.parentElement.outerHTML.slice(0,200)).join('\\n')`,
    ),
  );
  console.log(
    await page.evaluate(
      `[...document.querySelectorAll('textarea, .native-edit-context')].map(e => e.outerHTML.slice(0,300)).join('\\n')`,
    ),
  );
  await page.click('.graphiql-editor-tool .monaco-editor .view-lines');
  await page.retype('{"authorization": "Bearer ' + site.tokens.owner + '"}');
  await page.screenshot('/tmp/cli-try/2.png');
  await page.click('.graphiql-execute-button');
  await new Promise((r) => setTimeout(r, 2000));
  await page.screenshot('/tmp/cli-try/3.png');
  console.log(await page.evaluate(`document.querySelector('.result-window')?.innerText`));
}, 100000);
