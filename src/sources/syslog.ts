import type { Clock } from './time.ts';

/** What the syslog header of a line says, and the message behind it. */
export interface SyslogLine {
  /** Milliseconds since 1970 UTC; null where the header has no time, and `timeProblem` says why. */
  readonly at: number | null;
  readonly timeProblem: string | null;
  readonly host: string | null;
  readonly program: string | null;
  /** RFC 5424’s structured data as written; null where there is none. */
  readonly structuredData: string | null;
  /** How many identical messages rsyslog folded into this line; 1 where it folded none. */
  readonly times: number;
  readonly notes: readonly string[];
  readonly message: string;
}

const noHeader: Omit<SyslogLine, 'message'> = {
  at: null,
  timeProblem: 'the line has no syslog header with a time',
  host: null,
  program: null,
  structuredData: null,
  times: 1,
  notes: [],
};

const priority = /^<\d{1,3}>/;
// RFC 5424: VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID, before the structured data.
const versionOne = /^1 (\S+) (\S+) (\S+) (\S+) (\S+) /;
// One SD-ELEMENT; a quote, a backslash and a bracket inside a value are escaped.
const structuredElement = /\[[^\s=\]"]+(?: [^\s=\]"]+="(?:[^"\\]|\\.)*")*\]/y;
// Host and tag of RFC 3164 and of rsyslog’s file formats. Either may be missing; CEF: is never a tag.
const hostAndTag = /^ *(?:(?!CEF:)([^\s:[]\S*) +)?(?!CEF:)([^\s:[]+)(?:\[[^\]]*\])?: ?/;
const hostAlone = /^ *(\S+) +(?=CEF:)/;
// rsyslog’s $RepeatedMsgReduction.
const folded = /^\s*message repeated (\d{1,9}) times: \[\s?(.*)\]\s*$/s;

function orNull(value: string | undefined): string | null {
  return value === undefined || value === '-' || value === '' ? null : value;
}

function structuredDataLength(text: string): number {
  if (text.startsWith('-')) return 1;
  let length = 0;
  structuredElement.lastIndex = 0;
  while (structuredElement.test(text)) length = structuredElement.lastIndex;
  structuredElement.lastIndex = 0;
  return length;
}

function parseVersionOne(header: RegExpExecArray, text: string, clock: Clock): SyslogLine {
  const [all, time = '-', host, program] = header;
  const read = clock(time);
  const whole = read !== null && read.length === time.length;
  const rest = text.slice(all.length);
  const length = structuredDataLength(rest);
  const data = rest.slice(0, length);
  return {
    ...noHeader,
    at: whole ? read.at : null,
    timeProblem: whole ? read.note : 'the syslog header has no time',
    notes: whole && read.at !== null && read.note !== null ? [read.note] : [],
    host: orNull(host),
    program: orNull(program),
    structuredData: orNull(data),
    message: rest.slice(length).replace(/^ ?\ufeff?/, ''),
  };
}

function parseTimed(text: string, clock: Clock): SyslogLine {
  const read = clock(text);
  if (read === null) return { ...noHeader, message: text };
  const rest = text.slice(read.length);
  const header = hostAndTag.exec(rest) ?? hostAlone.exec(rest);
  return {
    ...noHeader,
    at: read.at,
    timeProblem: read.note,
    notes: read.at !== null && read.note !== null ? [read.note] : [],
    host: orNull(header?.[1]),
    program: orNull(header?.[2]),
    message: rest.slice(header?.[0].length ?? 0).trimStart(),
  };
}

/**
 * Reads a line as RFC 5424, as RFC 3164, or as rsyslog’s two file formats, each with or without `<PRI>`.
 * Never refuses: a line without a header is all message, and says that it has no time.
 */
export function parseSyslog(text: string, clock: Clock): SyslogLine {
  const bare = text.replace(priority, '').trimStart();
  const header = versionOne.exec(bare);
  const line = header === null ? parseTimed(bare, clock) : parseVersionOne(header, bare, clock);
  const repeated = folded.exec(line.message);
  if (repeated === null) return line;
  return { ...line, times: Number(repeated[1]), message: repeated[2] ?? '' };
}
