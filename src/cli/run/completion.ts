import type { CommandInput } from '../command.ts';
import { usage } from '../options.ts';
import { bashScript, fishScript, zshScript } from '../shells.ts';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

export async function runCompletion({ operands, out, commands }: CommandInput): Promise<number> {
  const [shell, ...more] = operands;
  const script = Object.entries(scripts).find(([name]) => name === shell)?.[1];
  if (script === undefined || more.length > 0)
    throw usage(`completion takes one of ${Object.keys(scripts).join(', ')}.`);
  await out.write(script(commands));
  return 0;
}
