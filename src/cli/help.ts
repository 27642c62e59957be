import { describeSettings } from '../config.ts';
import type { Command, CommandOption } from './command.ts';

const indent = (left: string, right: string, width: number) => `  ${left.padEnd(width)}  ${right}\n`;

type Settings = ReturnType<typeof describeSettings>;

const settingLines = (settings: Settings) => {
  const width = Math.max(...settings.map((setting) => setting.name.length));
  return settings.map((one) => indent(one.name, `${one.doc} (${one.type}; default: ${one.default})`, width)).join('');
};

/** The rows of the settings that a command reads. */
export function settingsOf(command: Pick<Command, 'environment'>): Settings {
  const { environment } = command;
  return describeSettings().filter((setting) => environment === 'all' || environment.includes(setting.name));
}

/** How an option is written, such as `--actor ID …`. */
export function optionForm(name: string, { short, value, multiple }: CommandOption): string {
  const shortForm = short === undefined ? '' : `-${short}, `;
  return `${shortForm}--${name}${value === undefined ? '' : ` ${value}`}${multiple === undefined ? '' : ' …'}`;
}

export const usageLine = (command: Command) =>
  `annals ${command.name}${command.usage === '' ? '' : ` ${command.usage}`}`;

/** `annals --help`: every command and every setting. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  return (
    'Annals, an audit-log server.\n\nUsage: annals COMMAND [OPTIONS]\n\nCommands:\n' +
    commands.map((command) => indent(command.name, command.summary, width)).join('') +
    '\nEach command explains itself with --help.\n\nEnvironment variables:\n' +
    settingLines(describeSettings())
  );
}

/** `annals COMMAND --help`. */
export function commandHelp(command: Command): string {
  const options = Object.entries(command.options).map(([name, option]) => ({
    form: optionForm(name, option),
    doc: option.doc,
  }));
  const width = Math.max(6, ...options.map((option) => option.form.length));
  const settings = settingsOf(command);
  return (
    `${command.summary}\n\nUsage: ${usageLine(command)}\n\n` +
    (command.details ?? []).map((paragraph) => `${paragraph}\n\n`).join('') +
    'Options:\n' +
    options.map((option) => indent(option.form, option.doc, width)).join('') +
    indent('--help', 'Prints this.', width) +
    (settings.length === 0 ? '' : `\nEnvironment variables:\n${settingLines(settings)}`)
  );
}
