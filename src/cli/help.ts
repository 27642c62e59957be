import { describeSettings } from '../config.ts';
import type { Command } from './command.ts';

const indent = (left: string, right: string, width: number) => `  ${left.padEnd(width)}  ${right}\n`;

/** `annals --help`: every command and every setting. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  const settings = describeSettings();
  const settingWidth = Math.max(...settings.map((setting) => setting.name.length));
  return (
    'Annals, an audit-log server.\n\nUsage: annals COMMAND [OPTIONS]\n\nCommands:\n' +
    commands.map((command) => indent(command.name, command.summary, width)).join('') +
    '\nEach command explains itself with --help.\n\nEnvironment variables:\n' +
    settings.map((one) => indent(one.name, `${one.doc} (${one.type}; default: ${one.default})`, settingWidth)).join('')
  );
}

/** `annals COMMAND --help`. */
export function commandHelp(command: Command): string {
  const options = Object.entries(command.options).map(([name, option]) => {
    const short = option.short === undefined ? '' : `-${option.short}, `;
    return { form: `${short}--${name}${option.value === undefined ? '' : ` ${option.value}`}`, doc: option.doc };
  });
  const width = Math.max(6, ...options.map((option) => option.form.length));
  return (
    `${command.summary}\n\nUsage: annals ${command.name}${command.usage === '' ? '' : ` ${command.usage}`}\n\nOptions:\n` +
    options.map((option) => indent(option.form, option.doc, width)).join('') +
    indent('--help', 'Prints this.', width)
  );
}
