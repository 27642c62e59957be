#!/usr/bin/env node
// Starts the command line on a Node that can run it: this one, or the one that npm installed beside it.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const oldestMajor = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, 'src', 'main.ts');
const packages = join(root, 'node_modules');
const node = join(packages, '.bin', 'node');

if (Number.parseInt(process.versions.node, 10) >= oldestMajor) {
  const compiled = compiledCode();
  if (compiled !== null) module.enableCompileCache(compiled);
  await import('../src/main.ts');
} else if (existsSync(node)) runOn(node);
else {
  process.stderr.write(
    `annals: this is Node ${process.versions.node}; Annals needs ${oldestMajor}, which its npm packages bring.\n` +
      `Run \`npm install\` in ${root} and try again.\n`,
  );
  process.exitCode = 2;
}

/**
 * Where Node keeps the code compiled from one start to the next; null where it shall not. Only for whom the packages belong
 * to: nobody else gets files there that they could not remove, and who can write compiled code there could write the code.
 * A start never fails for it: Node goes without what it cannot read or write, and takes nothing that is damaged.
 */
function compiledCode() {
  const directory = join(packages, '.annals', 'compiled');
  try {
    if (statSync(packages).uid !== process.getuid?.()) return null;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return directory;
  } catch {
    return null;
  }
}

/** @param {string} program */
function runOn(program) {
  const compiled = compiledCode();
  // What the operator set has precedence, as it has above.
  const env = compiled === null ? process.env : { NODE_COMPILE_CACHE: compiled, ...process.env };
  const child = spawn(program, [main, ...process.argv.slice(2)], { stdio: 'inherit', env });
  // Ctrl-C in a terminal reaches both processes by itself; passed on, it would count twice.
  const passed = process.stdin.isTTY ? ['SIGTERM', 'SIGHUP'] : ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (passed.includes(signal)) child.kill(signal);
    });
  }
  child.on('error', (error) => {
    process.stderr.write(`annals: ${program} cannot be run: ${error.message}\nRun \`npm install\` in ${root}.\n`);
    process.exitCode = 2;
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exitCode = code ?? 1;
    else {
      // End as the child did, so that the caller sees the signal.
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    }
  });
}
