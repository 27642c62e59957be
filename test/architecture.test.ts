/** The shape of the code, as data. docs/architecture.md shows the same table with its reasons. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { alone } from './support/alone.ts';
import { type CodeFile, findCycle, functionsOf, importsOf, readCode, withoutComments } from './support/code.ts';

interface Module {
  /** Modules whose public files it may import by value. `import type` from them is free to all. */
  readonly imports: readonly string[];
  /** Public files beside the front file `<module>/<module>.ts`; '*' opens all. */
  readonly alsoPublic?: readonly string[] | '*';
  /** Files that others may use for types alone. */
  readonly publicTypes?: readonly string[];
}

const named = {
  errors: { imports: [] },
  model: { imports: [], alsoPublic: '*' },
  config: { imports: ['errors'] },
  store: { imports: ['model', 'errors'], alsoPublic: ['embedded.ts', 'migrate.ts', 'backup.ts', 'inspect.ts'] },
  catalogue: { imports: ['model', 'errors', 'store'], alsoPublic: ['numbers.ts'] },
  auth: { imports: ['model', 'errors', 'store'] },
  visibility: { imports: ['model', 'errors', 'store'] },
  administration: { imports: ['model', 'errors', 'store', 'auth'] },
  log: { imports: ['model', 'errors', 'store', 'catalogue'] },
  query: { imports: ['model', 'errors', 'store', 'auth', 'visibility', 'log'], publicTypes: ['filter.ts'] },
  limits: { imports: ['model', 'errors'] },
  live: { imports: ['model', 'errors', 'log', 'query', 'visibility', 'auth'] },
  access: { imports: ['model', 'errors'] },
  sources: { imports: ['model', 'errors', 'catalogue'] },
  demo: { imports: ['model', 'errors'], alsoPublic: ['fill.ts', 'file.ts'] },
  telemetry: { imports: ['errors'] },
  doctor: { imports: ['errors', 'store', 'demo'] },
  graphql: {
    imports: ['errors', 'model', 'auth'],
    alsoPublic: [
      'schema.ts',
      'errors.ts',
      'limits.ts',
      'loaders.ts',
      'examples.ts',
      'context.ts',
      'compiled.ts',
      'inTime.ts',
      'storedFilter.ts',
    ],
  },
  http: { imports: ['errors', 'model', 'auth'] },
  cli: { imports: ['errors', 'config', 'model', 'app', 'sources', 'catalogue', 'demo', 'doctor'] },
} as const satisfies Record<string, Module>;

const table: Readonly<Record<string, Module>> = {
  ...named,
  app: { imports: Object.keys(named).filter((name) => name !== 'cli') },
  main: { imports: ['cli'] },
};

const code = readCode('src/**/*.{ts,js}');

/** src/log/append.ts → log; src/errors.ts → errors. */
const moduleOf = (path: string): string => (path.split('/')[1] ?? '').replace(/\.ts$/, '');
const isOwn = (target: string): boolean => target.startsWith('src/');

function isPublic(target: string, typeOnly: boolean): boolean {
  const name = moduleOf(target);
  const file = target.slice(`src/${name}/`.length);
  const { alsoPublic = [], publicTypes = [] } = table[name] ?? {};
  if (target === `src/${name}.ts` || file === `${name}.ts` || alsoPublic === '*') return true;
  return alsoPublic.includes(file) || (typeOnly && publicTypes.includes(file));
}

function complaints(check: (file: CodeFile) => readonly string[]): string[] {
  return code.flatMap((file) => check(file).map((complaint) => `${file.path}: ${complaint}`));
}

describe('the modules', () => {
  it('are those of the table', () => {
    const entries = readdirSync('src', { withFileTypes: true });
    const present = entries.map((entry) => (entry.isDirectory() ? entry.name : moduleOf(`src/${entry.name}`)));
    expect([...new Set(present)].sort()).toEqual(Object.keys(table).sort());
  });

  it('have a front file each', () => {
    const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const paths = new Set(code.map((file) => file.path));
    const without = folders
      .map(({ name }) => name)
      .filter(
        (name) => !hasNoFront.includes(name) && !paths.has(`src/${name}/${name}.ts`) && !paths.has(`src/${name}.ts`),
      );
    expect(without).toEqual([]);
  });

  it('import by value only what the table allows', () => {
    const wrong = complaints((file) => {
      const from = moduleOf(file.path);
      return file.imports
        .filter((one) => isOwn(one.target) && !one.typeOnly && moduleOf(one.target) !== from)
        .filter((one) => !table[from]?.imports.includes(moduleOf(one.target)))
        .map((one) => `imports ${one.target}, and ${from} may not import ${moduleOf(one.target)}`);
    });
    expect(wrong).toEqual([]);
  });

  it('are entered through their public files', () => {
    const wrong = complaints((file) =>
      file.imports
        .filter((one) => isOwn(one.target) && moduleOf(one.target) !== moduleOf(file.path))
        .filter((one) => !isPublic(one.target, one.typeOnly))
        .map((one) => `imports ${one.target}, which is private`),
    );
    expect(wrong).toEqual([]);
  });

  it('import nothing of the project from outside src, but its package file', () => {
    const wrong = complaints((file) =>
      file.imports.map((one) => one.target).filter((target) => /^(test|bench|scripts|bin)\/|^\.\./.test(target)),
    );
    expect(wrong).toEqual([]);
  });

  it('have no cycle of files', () => {
    const edges = code.map((file): [string, string[]] => [
      file.path,
      file.imports.filter((one) => !one.typeOnly).map((one) => one.target),
    ]);
    expect(findCycle(new Map(edges))).toBeUndefined();
  });

  it('stand in docs/architecture.md as they stand here', () => {
    const page = readFileSync(join('docs', 'architecture.md'), 'utf8');
    const rows = Object.entries(table).map(([name, { imports }]) => {
      const all = name === 'app' ? 'all of the above, without cli' : imports.join(', ') || 'nothing';
      return `| ${name} | ${all} |`;
    });
    expect(rows.filter((row) => !page.includes(row))).toEqual([]);
  });
});

/** Folders of equal files, every one of them public, or with several entrances for app. */
const hasNoFront: readonly string[] = ['model', 'graphql'];

describe('what only one module touches', () => {
  it('is the environment, in config', () => {
    const readers = code.filter((file) =>
      /\bprocess\.env\b|\benv\b[^;]*from 'node:process'/.test(withoutComments(file.text)),
    );
    expect(readers.map((file) => file.path)).toEqual(['src/config.ts']);
  });

  it('is Prisma and pg, in store', () => {
    const database = /^(pg|prisma|@prisma)(\/|$)|^src\/store\/generated\//;
    const wrong = complaints((file) =>
      moduleOf(file.path) === 'store'
        ? []
        : file.imports.map((one) => one.target).filter((target) => database.test(target)),
    );
    expect(wrong).toEqual([]);
  });

  it('is GraphQLError, in graphql', () => {
    const wrong = complaints((file) =>
      file.imports
        .filter((one) => moduleOf(file.path) !== 'graphql' && !one.typeOnly && /\bGraphQLError\b/.test(one.clause))
        .map((one) => `imports GraphQLError from ${one.target}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the files', () => {
  it('have 400 lines at most, and fewer than 120 in the median', () => {
    const lengths = code.map((file) => file.lines.length).sort((one, other) => one - other);
    expect(code.filter((file) => file.lines.length > 400).map((file) => file.path)).toEqual([]);
    expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThan(120);
  });

  it('have functions of fewer than 60 lines of their own', () => {
    const wrong = complaints((file) =>
      functionsOf(file)
        .filter(({ length }) => length >= 60)
        .map(({ line, length }) => `the function at line ${line} has ${length} lines`),
    );
    expect(wrong).toEqual([]);
  });

  it('silence neither the compiler nor the linter', () => {
    // In pieces, so that this file passes its own test.
    const silencers = new RegExp(['@ts-', '(ignore|expect-error|nocheck)', '|biome', '-ignore'].join(''));
    const anyType = /(?::|<|\bas|\||&|,)\s*any\s*(?:[;,)>\]|&={]|\[\]|$)/m;
    const everything = [...code, ...readCode('test/**/*.ts', 'bench/**/*.{ts,mjs}', 'scripts/*.{ts,mjs}')];
    const wrong = everything.filter((file) => silencers.test(file.text) || anyType.test(withoutComments(file.text)));
    expect(wrong.map((file) => file.path)).toEqual([]);
  });
});

describe('tests', () => {
  it('have a process of their own where they measure what it holds, and nowhere else', () => {
    const measures = /\bprocess\.(memoryUsage|resourceUsage|getActiveResourcesInfo)\b/;
    const found = readCode('test/*.test.ts', 'test/!(interop|soak)/**/*.test.ts').filter(({ text }) =>
      measures.test(text),
    );
    expect(found.map(({ path }) => path)).toEqual(alone);
  });
});

describe('the scanner', () => {
  it('tells values from types, and sees every form of import', () => {
    const text = [
      "import type { A } from './a.ts';",
      "import { type B } from '../b/b.ts';",
      'import {',
      '  type C,',
      '  c,',
      "} from 'c';",
      "import './side.ts';",
      "export * from './d.ts';",
      "export type { E } from './e.ts';",
      "const late = await import('./late.ts');",
      "type Late = typeof import('./type.ts');",
      "// import { x } from './comment.ts';",
    ].join('\n');
    const found = importsOf('src/m/m.ts', text).map(({ target, typeOnly }) => `${target}${typeOnly ? ' (type)' : ''}`);
    const expected = [
      'c',
      'src/b/b.ts',
      'src/m/a.ts (type)',
      'src/m/d.ts',
      'src/m/e.ts (type)',
      'src/m/late.ts',
      'src/m/side.ts',
    ];
    expect(found.sort()).toEqual(expected);
  });

  it('finds cycles and measures functions', () => {
    const edges = { a: ['b', 'c'], b: ['d'], c: ['d'], d: ['b'] };
    expect(findCycle(new Map(Object.entries(edges)))).toEqual(['b', 'd', 'b']);
    expect(findCycle(new Map(Object.entries({ ...edges, d: [] })))).toBeUndefined();
    const lines = ['function outer() {', '  const inner = () => {', '    one();', '  };', '  if (x) {', '  }', '}'];
    expect(functionsOf({ lines }).map(({ length }) => length)).toEqual([3, 4]);
  });
});
