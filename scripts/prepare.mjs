// Brings a checkout into a state that runs: installs npm packages when the lock file changed, and generates what is
// derived from schema.prisma and from the GraphQL documents. Runs before `npm start` and `npm test`, also on the old
// Node that a machine happens to have (18 or later), so it is plain JavaScript without dependencies. Silent when there
// is nothing to do.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
// Inside node_modules, so that removing or replacing that directory forgets it.
const stampFile = join(modules, '.annals', 'prepared.json');
// `npm run generate`: generate though nothing seems to have changed.
const force = process.argv.includes('--force');
const node24 = join(modules, '.bin', 'node');

/** @param {string} path */
const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
/** @param {string[]} texts */
const hash = (...texts) => createHash('sha256').update(JSON.stringify(texts)).digest('hex');

/** @returns {Record<string, string>} */
function readStamps() {
  try {
    return JSON.parse(read(stampFile) || '{}');
  } catch {
    return {};
  }
}

/** @param {string} step @param {string} value */
function stamp(step, value) {
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, `${JSON.stringify({ ...readStamps(), [step]: value }, null, 2)}\n`);
}

/**
 * Runs one step; ends this process with the step’s output and a cure when it fails.
 * @param {string} what @param {string} cure @param {string} command @param {string[]} args @param {NodeJS.ProcessEnv} env
 */
function run(what, cure, command, args, env) {
  process.stderr.write(`annals: ${what} …\n`);
  const result = spawnSync(command, args, { cwd: root, env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (result.status === 0) return;
  const reason = result.error?.message ?? `${result.stdout}${result.stderr}`.trim();
  process.stderr.write(`${reason || `ended by ${result.signal ?? result.status}`}\nannals: ${what} failed. ${cure}\n`);
  process.exit(1);
}

/** Whether npm itself has installed just this lock file; npm keeps a lock file of what it put into node_modules. */
function isInstalled(lockText) {
  try {
    const wanted = JSON.parse(lockText).packages;
    const present = JSON.parse(read(join(modules, '.package-lock.json'))).packages;
    const missing = Object.keys(wanted).filter((path) => path !== '' && !wanted[path].optional && !present[path]);
    const different = Object.keys(present).filter(
      (path) => wanted[path]?.version !== present[path].version || wanted[path]?.integrity !== present[path].integrity,
    );
    return missing.length === 0 && different.length === 0 && existsSync(node24);
  } catch {
    return false;
  }
}

function install() {
  const lockText = read(join(root, 'package-lock.json'));
  const wanted = hash(lockText);
  if (readStamps().install === wanted && existsSync(node24)) return;
  if (!isInstalled(lockText)) {
    const env = { ...process.env };
    // npm hands its own options to the scripts it runs; these would make the inner npm install less, or elsewhere.
    const ours =
      /^npm_config_(prefix|local_prefix|global|global_prefix|location|omit|include|production|only|dry_run)$/i;
    for (const name of Object.keys(env)) if (ours.test(name)) delete env[name];
    // Not by the Node that this very installation replaces.
    const path = (env.PATH ?? '').split(delimiter).filter((entry) => !entry.endsWith(join('node_modules', '.bin')));
    env.PATH = path.join(delimiter);
    // Not `npm ci`: it refuses a lock file that lacks an optional package for some other platform, which happens where
    // a registry does not carry them all. `--no-save` installs what the lock file says and does not rewrite it.
    const args = ['install', '--no-save', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
    run('installing npm packages', 'Check the network and run `npm install`.', 'npm', args, env);
    // What bin/annals.mjs keeps, of packages that may be gone.
    rmSync(join(modules, '.annals', 'compiled'), { recursive: true, force: true });
  }
  stamp('install', wanted);
}

/**
 * Generates a database client from a schema file, when that or Prisma changed.
 * @param {string} name @param {string} schema @param {string} output
 */
function generateClient(name, schema, output) {
  const inputs = [schema, 'prisma.config.ts', 'node_modules/prisma/package.json'];
  const wanted = hash(...inputs.map((path) => read(join(root, path))));
  if (read(join(root, schema)) === '') return;
  if (!force && readStamps()[name] === wanted && existsSync(join(root, output))) return;
  const env = {
    ...process.env,
    // Generating needs no schema engine, but insists on having one, and would download it. Any file will do.
    PRISMA_SCHEMA_ENGINE_BINARY: node24,
    CHECKPOINT_DISABLE: '1',
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    PATH: `${join(modules, '.bin')}${delimiter}${process.env.PATH ?? ''}`,
  };
  const args = [join(modules, 'prisma/build/index.js'), 'generate', '--no-hints', '--schema', schema];
  run(`generating the database client of ${schema}`, `Correct ${schema} and start again.`, node24, args, env);
  stamp(name, wanted);
}

/**
 * The files under a directory that hold GraphQL documents.
 * @param {string} directory @returns {string[]}
 */
function documents(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return ['node_modules', 'generated', 'data'].includes(entry.name) ? [] : documents(path);
    if (entry.name.endsWith('.graphql')) return [path];
    return entry.name.endsWith('.ts') && /graphql\(\s*(\/\*|`)|\/\* GraphQL \*\//.test(read(path)) ? [path] : [];
  });
}

function generateOperations() {
  if (!existsSync(join(root, 'codegen.ts'))) return;
  const inputs = ['src', 'test', 'bench'].flatMap((directory) => documents(join(root, directory)));
  const texts = [join(root, 'codegen.ts'), join(root, 'schema.graphql'), ...inputs.sort()].map(read);
  const wanted = hash(...texts, read(join(modules, '@graphql-codegen/cli/package.json')));
  const outputs = ['src/cli/generated', 'test/generated', 'bench/generated'].map((path) => join(root, path));
  const stamps = readStamps();
  const complete = (stamps.operationOutputs ?? '').split('\n').every((path) => path !== '' && existsSync(path));
  if (!force && stamps.operations === wanted && complete) return;
  const env = { ...process.env, PATH: `${join(modules, '.bin')}${delimiter}${process.env.PATH ?? ''}` };
  const args = [join(modules, '.bin/graphql-codegen'), '--config', 'codegen.ts'];
  run('generating the typed operations', 'Correct the documents or run `npm run generate`.', node24, args, env);
  stamp('operations', wanted);
  stamp('operationOutputs', outputs.filter((path) => existsSync(path)).join('\n'));
}

install();
generateClient('client', 'schema.prisma', 'src/store/generated/client.ts');
// The benchmarks' own; the server starts without it.
if (process.env.npm_lifecycle_event !== 'prestart') {
  generateClient('textbook', 'bench/textbook/schema.prisma', 'bench/textbook/generated/client/client.ts');
}
generateOperations();
