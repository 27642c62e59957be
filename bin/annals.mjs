#!/usr/bin/env node
// Starts the command line on a Node that can run it: this one, or the one that npm installed beside it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const oldestMajor = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, 'src', 'main.ts');
const node = join(root, 'node_modules', '.bin', 'node');

if (Number.parseInt(process.versions.node, 10) >= oldestMajor) await import('../src/main.ts');
else if (existsSync(node)) runOn(node);
else {
  process.stderr.write(
    `annals: this is Node ${process.versions.node}; Annals needs ${oldestMajor}, which its npm packages bring.\n` +
      `Run \`npm install\` in ${root} and try again.\n`,
  );
  process.exitCode = 2;
}

/** @param {string} program */
function runOn(program) {
  const child = spawn(program, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
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
