/** Completion scripts, made from the table of commands. They carry all they need: completing starts no program. */
import type { Command, CommandOption } from './command.ts';

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

const help: CommandOption = { type: 'boolean', doc: 'Prints what the command does and takes.' };

interface Described {
  readonly word: string;
  readonly doc: string;
}

const optionsOf = (command: Command): readonly (Described & { readonly option: CommandOption })[] =>
  Object.entries({ ...command.options, help }).map(([name, option]) => ({
    word: `--${name}`,
    doc: option.doc,
    option,
  }));

/** The first words, with what they do; a group of commands by its own. */
function firstWords(commands: readonly Command[]): readonly Described[] {
  const docs = new Map<string, string>();
  for (const { name, summary } of commands) {
    const [first = '', second] = name.split(' ');
    const known = docs.get(first);
    docs.set(first, second === undefined ? summary : known === undefined ? second : `${known}, ${second}`);
  }
  return [...docs].map(([word, doc]) => ({ word, doc }));
}

/** The words that begin commands of two words, each with the second ones. */
function groups(commands: readonly Command[]): readonly { first: string; seconds: readonly Described[] }[] {
  const found = new Map<string, Described[]>();
  for (const { name, summary } of commands) {
    const [first = '', second] = name.split(' ');
    if (second !== undefined) found.set(first, [...(found.get(first) ?? []), { word: second, doc: summary }]);
  }
  return [...found].map(([first, seconds]) => ({ first, seconds }));
}

const words = (list: readonly Described[]) => list.map(({ word }) => word).join(' ');

/** For bash 3.2 (macOS) and later. */
export function bashScript(commands: readonly Command[]): string {
  const groupCases = groups(commands).map(({ first, seconds }) => `    ${first}) seconds=${quote(words(seconds))} ;;`);
  const valueCases = commands.flatMap((command) =>
    optionsOf(command)
      .filter(({ option }) => option.type === 'string')
      .map(({ word, option: { choices } }) => {
        const pattern = `    ${quote(`${command.name}:${word}`)})`;
        if (choices === 'files') return `${pattern} COMPREPLY=($(compgen -f -- "$cur")); return ;;`;
        return `${pattern} COMPREPLY=($(compgen -W ${quote((choices ?? []).join(' '))} -- "$cur")); return ;;`;
      }),
  );
  const commandCases = commands.map((command) => {
    const operands = command.operands === 'files' ? ' files=1' : '';
    const offered = [...(Array.isArray(command.operands) ? command.operands : []), words(optionsOf(command))].join(' ');
    return `    ${quote(command.name)}) offered=${quote(offered)}${operands} ;;`;
  });
  return `# bash completion for annals
_annals() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  local command=\${COMP_WORDS[1]} seconds= offered= files=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quote(`${words(firstWords(commands))} --help`)} -- "$cur"))
    return
  fi
  case $command in
${groupCases.join('\n')}
  esac
  if [ -n "$seconds" ]; then
    if [ "$COMP_CWORD" -eq 2 ]; then
      COMPREPLY=($(compgen -W "$seconds --help" -- "$cur"))
      return
    fi
    command="$command \${COMP_WORDS[2]}"
  fi
  case $command:$prev in
${valueCases.join('\n')}
  esac
  case $command in
${commandCases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$offered" -- "$cur"))
  if [ -n "$files" ] && [ "\${cur#-}" = "$cur" ]; then
    COMPREPLY=("\${COMPREPLY[@]}" $(compgen -f -- "$cur"))
  fi
}
complete -o filenames -F _annals annals
`;
}

/** `word:description`, as _describe reads it. */
const zshItem = ({ word, doc }: Described) => quote(`${word.replaceAll(':', '\\:')}:${doc}`);

export function zshScript(commands: readonly Command[]): string {
  const list = (items: readonly Described[]) => `items=(${items.map(zshItem).join(' ')})`;
  const groupCases = groups(commands).map(
    ({ first, seconds }) =>
      `    ${first}) if (( CURRENT == 3 )); then ${list(seconds)}; _describe command items; return; fi; command="$command $words[3]" ;;`,
  );
  const valueCases = commands.flatMap((command) =>
    optionsOf(command)
      .filter(({ option }) => option.type === 'string')
      .map(({ word, option: { choices } }) => {
        const act = choices === 'files' ? '_files' : `compadd -- ${(choices ?? []).map(quote).join(' ')}`;
        return `    ${quote(`${command.name}:${word}`)}) ${act}; return ;;`;
      }),
  );
  const commandCases = commands.map((command) => {
    const operands = Array.isArray(command.operands) ? ` compadd -- ${command.operands.map(quote).join(' ')};` : '';
    const files = command.operands === 'files' ? ' _files;' : '';
    return `    ${quote(command.name)}) ${list(optionsOf(command))};${operands}${files} ;;`;
  });
  return `#compdef annals
_annals() {
  local command=$words[2]
  local -a items
  if (( CURRENT == 2 )); then
    ${list(firstWords(commands))}
    _describe command items
    return
  fi
  case $command in
${groupCases.join('\n')}
  esac
  case "$command:$words[CURRENT-1]" in
${valueCases.join('\n')}
  esac
  case $command in
${commandCases.join('\n')}
  esac
  _describe option items
}
compdef _annals annals
`;
}

const fishQuote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

export function fishScript(commands: readonly Command[]): string {
  const lines = [
    '# fish completion for annals',
    'complete -c annals -f',
    `complete -c annals -l help -d ${fishQuote(help.doc)}`,
    ...firstWords(commands).map(
      ({ word, doc }) => `complete -c annals -n __fish_use_subcommand -a ${word} -d ${fishQuote(doc)}`,
    ),
  ];
  for (const { first, seconds } of groups(commands)) {
    const none = `__fish_seen_subcommand_from ${first}; and not __fish_seen_subcommand_from ${words(seconds)}`;
    for (const { word, doc } of seconds)
      lines.push(`complete -c annals -n ${fishQuote(none)} -a ${word} -d ${fishQuote(doc)}`);
  }
  for (const command of commands) {
    const seen = command.name
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ');
    const when = `complete -c annals -n ${fishQuote(seen)}`;
    for (const [name, { doc, type, choices, short }] of Object.entries(command.options)) {
      const value = type === 'boolean' ? '' : choices === 'files' ? ' -r -F' : ' -x';
      const offered = Array.isArray(choices) ? ` -a ${fishQuote(choices.join(' '))}` : '';
      lines.push(
        `${when} -l ${name}${short === undefined ? '' : ` -s ${short}`}${value}${offered} -d ${fishQuote(doc)}`,
      );
    }
    if (command.operands === 'files') lines.push(`${when} -F`);
    else if (command.operands !== undefined) lines.push(`${when} -a ${fishQuote(command.operands.join(' '))}`);
  }
  return `${lines.join('\n')}\n`;
}
