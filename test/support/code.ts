import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** An import or re-export as it stands in a file. */
export interface Import {
  /** Path from the project’s root for the project’s own files, else the package’s name with what follows it. */
  readonly target: string;
  /** Erased before the code runs: `import type …`. An `import { type … }` is not: it still loads the file. */
  readonly typeOnly: boolean;
  /** What stands between `import` and `from`. */
  readonly clause: string;
}

export interface CodeFile {
  /** From the project’s root, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly imports: readonly Import[];
}

// The formatter puts each of these at the start of a line; a clause holds names, braces and commas only.
const fromClause = /^(?:import|export)\s+(type\s+)?([\w$*{},\s]+?)\s+from\s+'([^']+)'/gm;
const bare = /^import\s+'([^']+)'/gm;
const dynamic = /(?<!typeof )\bimport\('([^']+)'\)/g;

/** The imports of a file’s text; `path` is the file’s, from the project’s root. */
export function importsOf(path: string, text: string): Import[] {
  const own = (target: string): string => (target.startsWith('.') ? normalize(join(dirname(path), target)) : target);
  return [
    ...[...text.matchAll(fromClause)].map(([, type, clause = '', target = '']) => ({
      target: own(target),
      typeOnly: type !== undefined,
      clause,
    })),
    ...[...text.matchAll(bare), ...text.matchAll(dynamic)].map(([, target = '']) => ({
      target: own(target),
      typeOnly: false,
      clause: '',
    })),
  ];
}

/** The project’s own code under a folder: everything but what tools generate. */
export function readCode(...patterns: readonly string[]): CodeFile[] {
  const paths = globSync([...patterns], { cwd: root, exclude: ['**/generated/**', '**/node_modules/**'] });
  return paths.sort().map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return { path, text, lines: text.replace(/\n$/, '').split('\n'), imports: importsOf(path, text) };
  });
}

/** The code without its comments, in as many lines. */
export function withoutComments(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ' '))
    .replaceAll(/(^|\s)\/\/.*$/gm, '$1');
}

/** A cycle among the files, as the path around it; undefined when there is none. */
export function findCycle(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of edges.get(file) ?? []) {
      const cycle = visit(next, [...trail, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of edges.keys()) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

const keywords = /^\s*(?:\}\s*)?(?:if|for|while|switch|catch|else|try|do|return|throw|finally)\b/;
const opensFunction =
  /\bfunction\b.*\{$|=> \{$|^\s*(?:(?:async|static|override|get|set) )*\*?(?:\[[\w.]+\]|[\w$#]+)(?:<.*>)?\(.*\).*\{$/;
/** The end of a parameter list that was broken over several lines. */
const endsSignature = /^(\s*)\)(?::.*)? (?:=> )?\{$/;

/**
 * The functions of a formatted file with their own lines: those of functions inside are theirs, so a factory counts what
 * it does itself. `line` is where the body opens, from 1.
 */
export function functionsOf(file: Pick<CodeFile, 'lines'>): { line: number; length: number }[] {
  const open: { line: number; indent: number; inner: number }[] = [];
  const found: { line: number; length: number }[] = [];
  for (const [index, text] of file.lines.entries()) {
    const indent = text.length - text.trimStart().length;
    const top = open.at(-1);
    if (top !== undefined && indent === top.indent && /^\s*\}/.test(text)) {
      open.pop();
      const span = index + 2 - top.line;
      found.push({ line: top.line, length: span - top.inner });
      const outer = open.at(-1);
      if (outer !== undefined) outer.inner += span;
    }
    const opens = endsSignature.test(text) || (opensFunction.test(text) && !keywords.test(text));
    if (opens) open.push({ line: index + 1, indent, inner: 0 });
  }
  return found;
}
