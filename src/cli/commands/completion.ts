import type { Command } from '../command.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;

export const completion: Command = {
  name: 'completion',
  usage: shells.join('|'),
  summary: 'Prints what makes a shell complete commands, options and their values.',
  details: ['Such as, in ~/.bashrc: source <(npx annals completion bash)'],
  options: {},
  environment: [],
  operands: shells,
  run: async (input) => (await import('../run/completion.ts')).runCompletion(input),
};
