import type { Command } from '../command.ts';

export const serve: Command = {
  name: 'serve',
  usage: '',
  summary: 'Runs the server until SIGINT or SIGTERM.',
  options: {},
  environment: 'all',
  run: async (input) => (await import('../run/serve.ts')).runServe(input),
};
