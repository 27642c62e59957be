import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildSchema, getNamedType, isEnumType, isInputObjectType, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { referencePages } from '../scripts/reference.ts';
import { commands } from '../src/cli/cli.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = ['README.md', 'CHANGELOG.md', ...globSync('docs/*.md', { cwd: root })];
const blocks = (page: string, language: string) =>
  [...read(page).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map((match) => match[1] ?? '');

describe('the documents agree with the code', () => {
  it.each(Object.entries(referencePages))('%s is what `npm run docs` writes', (path, page) => {
    expect(read(path)).toBe(page());
  });

  it.each(pages)('every link of %s leads to a file', (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)(#[^)]*)?\)/g)].map((match) => match[1] ?? '');
    const broken = links.filter((link) => !existsSync(join(root, dirname(page), link)));
    expect(broken).toEqual([]);
  });

  it('every page under docs/ is listed in the README', () => {
    const unlisted = globSync('docs/*.md', { cwd: root }).filter((page) => !read('README.md').includes(`(${page})`));
    expect(unlisted).toEqual([]);
  });

  it('every npm command in a document is a script', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/`npm (?:run )?([a-z:]+)/g)].map((match) => match[1] ?? ''),
    );
    const builtIn = ['start', 'test', 'ci', 'install', 'run'];
    expect(named.filter((name) => !(name in scripts) && !builtIn.includes(name))).toEqual([]);
    expect(scripts.start).toBeDefined();
    expect(scripts.test).toBeDefined();
  });

  it('every `annals` command in a document exists', () => {
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/npx annals ((?:[a-z]+ ?)+|--help)/g)].map((match) => (match[1] ?? '').trim()),
    );
    const known = (words: string) =>
      words === '--help' || commands.some((command) => `${words} `.startsWith(`${command.name} `));
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((words) => !known(words))).toEqual([]);
  });

  it('the table of conditions has every condition of a filter, with every form', () => {
    const schema = buildSchema(read('schema.graphql'));
    const table = /^## Filters\n[\s\S]*?\n(\| condition[\s\S]*?)\n\n/m.exec(read('docs/api.md'))?.[1] ?? '';
    const rows = table.split('\n').slice(2);
    const words = (cell = '') => [...cell.matchAll(/`(\w+)[^`]*`/g)].map((match) => match[1] ?? '');
    const shown = rows.flatMap((row) => {
      const [, names, forms] = row.split('|');
      return words(names).map((name): [string, string[]] => [name, words(forms).sort()]);
    });
    const fieldsOf = (type: unknown) => (isInputObjectType(type) ? Object.values(type.getFields()) : []);
    const stated = fieldsOf(schema.getType('LogFilter')).map(({ name, type }): [string, string[]] => {
      const form = getNamedType(type);
      return [
        name,
        form.name === 'LogFilter'
          ? []
          : fieldsOf(form)
              .map((member) => member.name)
              .sort(),
      ];
    });
    expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(stated));
  });

  it('the README starts the example of a dashboard by the commands of docs/dashboard.md', () => {
    const [commands = ''] = blocks('docs/dashboard.md', 'sh');
    expect(commands).toContain('npm start');
    expect(blocks('README.md', 'sh')).toContain(commands);
  });

  it('every operation of the example of a dashboard is valid against schema.graphql, and it knows every column', () => {
    const schema = buildSchema(read('schema.graphql'));
    const page = read('examples/dashboard/index.html');
    const [, operations = ''] = /\/\* GraphQL \*\/ `([^`]*)`/.exec(page) ?? [];
    expect(validate(schema, parse(operations))).toEqual([]);
    const columns = schema.getType('LogColumn');
    const known = [...page.matchAll(/^ {2}([A-Z_]+): \['/gm)].map(([, name]) => name);
    expect(isEnumType(columns) && columns.getValues().map(({ name }) => name)).toEqual(known);
  });

  it('every operation shown in a document is valid against schema.graphql', () => {
    const schema = buildSchema(read('schema.graphql'));
    const operations = pages.flatMap((page) => blocks(page, 'graphql'));
    expect(operations.length).toBeGreaterThan(2);
    for (const operation of operations) expect(validate(schema, parse(operation)), operation).toEqual([]);
  });
});
