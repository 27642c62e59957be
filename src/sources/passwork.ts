import { isIP } from 'node:net';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { EntryInput, Json, Outcome } from '../model/entry.ts';
import { type CefEvent, parseCef } from './cef.ts';
import { Fields } from './fields.ts';
import { indexCodes, type Resolution, resolveCode, unknownAction } from './passwork-codes.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';
import { parseSyslog, type SyslogLine } from './syslog.ts';
import type { Clock } from './time.ts';

const form = '`<time> <host> php-fpm: CEF:0|Passwork|Passwork|web|item_viewed|Password viewed|2|suid=… suser=…`';

const components = new Map([
  ['web', 'web'],
  ['browser addon', 'browser extension'],
  ['browser extension', 'browser extension'],
  ['mobile', 'mobile'],
  ['api', 'api'],
  ['internal', 'internal'],
]);

const outcomeWords: readonly (readonly [Outcome, RegExp])[] = [
  ['SUCCESS', /^(?:success|successful|succeeded|ok|allow|allowed|permitted|true)$/i],
  ['FAILURE', /^(?:failure|fail|failed|error|unsuccessful|false)$/i],
  ['DENIED', /^(?:denied|deny|blocked|block|forbidden|rejected|refused|unauthori[sz]ed)$/i],
  ['UNKNOWN', /^unknown$/i],
];

/** Target types with the private keys that name them. */
const targetKeys: readonly (readonly [type: string, stems: readonly string[]])[] = [
  ['item', ['passworkItem']],
  ['shortcut', ['passworkShortcut']],
  ['link', ['passworkLink']],
  ['group', ['passworkUserGroup', 'passworkGroup']],
  ['role', ['passworkUserRole', 'passworkRole']],
  ['invite', ['passworkUserInvite', 'passworkInvite']],
  ['session', ['passworkSession']],
  ['vaultType', ['passworkVaultType']],
  ['ldapServer', ['passworkLdapServer']],
];

const failedSignIn = /_auth_(?:failed|blocked)/i;
const mailAddress = /^[^\s@"<>]+@[^\s@"<>]+\.[^\s@"<>.]+$/;
/** 2000-01-01: a receipt time before it is a counter or seconds for milliseconds, no time of Passwork’s. */
const earliestReceipt = 946_684_800_000;
/** The last millisecond that RFC 3339 can write. */
const latestReceipt = 253_402_300_799_999;

interface PersonFields {
  readonly id: string | null;
  readonly name: string | null;
  readonly email: string | null;
}

function takePerson(fields: Fields, idKey: string, nameKey: string): PersonFields | null {
  const id = fields.take(idKey);
  const name = fields.take(nameKey);
  if (id === null && name === null) return null;
  return { id, name, email: name !== null && mailAddress.test(name) ? name : null };
}

function takeActor(fields: Fields, component: string | null, code: string): NonNullable<EntryInput['actor']> {
  const person = takePerson(fields, 'suid', 'suser') ?? { id: null, name: null, email: null };
  if (person.id !== null) return { type: 'MEMBER', ...person };
  if (component === 'internal') return { type: 'SYSTEM', ...person };
  if (person.name === null || failedSignIn.test(code)) return { type: 'ANONYMOUS', ...person };
  return { type: 'MEMBER', ...person };
}

/** The client’s address; one that is none stays in the metadata under its key. */
function takeIp(fields: Fields): string | null {
  for (const key of ['passworkIp', 'src']) {
    const value = fields.peek(key);
    if (value === null) continue;
    if (isIP(value) === 0 || value.includes('%')) {
      fields.notes.push(`${key} is not an IP address`);
      continue;
    }
    fields.take(key);
    if (fields.peek('src') === value) fields.take('src');
    return value;
  }
  return null;
}

function takePlace(fields: Fields, stem: string): { readonly id: string; readonly name: string | null } | null {
  const id = fields.take(`${stem}Id`);
  return id === null ? null : { id, name: fields.take(`${stem}Name`) };
}

/** What the event is about comes first: descriptions name the first target. */
function takeTargets(fields: Fields, subject: Resolution['subject']): NonNullable<EntryInput['targets']> {
  const targets = targetKeys.flatMap(([type, stems]) => {
    const id = fields.takeFirst(stems.map((stem) => `${stem}Id`));
    const name = fields.takeFirst(stems.map((stem) => `${stem}Name`));
    return id === null && name === null ? [] : [{ type, id, name }];
  });
  if (subject !== 'shortcut') return targets;
  const shortcuts = targets.filter(({ type }) => type === 'shortcut');
  // Without keys of its own, a shortcut is named by the item’s.
  if (shortcuts.length === 0) return targets.map((it) => (it.type === 'item' ? { ...it, type: 'shortcut' } : it));
  return [...shortcuts, ...targets.filter(({ type }) => type !== 'shortcut')];
}

function takeOutcome(fields: Fields): Outcome | null {
  const word = fields.peek('outcome') ?? '';
  const outcome = outcomeWords.find(([, pattern]) => pattern.test(word))?.[0] ?? null;
  if (outcome !== null) fields.take('outcome');
  return outcome;
}

function receiptTime(text: string, clock: Clock): number | null {
  if (/^\d{1,16}$/.test(text)) return Number(text);
  const read = /\b(?:19|20)\d\d\b/.test(text) ? clock(text) : null;
  return read?.length === text.length ? read.at : null;
}

/** CEF’s receipt time, in milliseconds since 1970 or written out with its year; more exact than a syslog header. */
function takeReceiptTime(fields: Fields, clock: Clock): number | null {
  const text = fields.peek('rt');
  if (text === null) return null;
  const at = receiptTime(text, clock);
  if (at === null || at < earliestReceipt || at > latestReceipt) {
    fields.notes.push('rt is not a time with its year');
    return null;
  }
  fields.take('rt');
  return at;
}

/** What the entry says of the line beyond its fields; see docs/sources.md. */
function ownMetadata(
  line: SyslogLine,
  event: PassworkEvent,
  resolution: Resolution,
  notes: readonly string[],
): Map<string, Json> {
  const own = new Map<string, Json>();
  if (event.severity) own.set('priority', /^\d{1,2}$/.test(event.severity) ? Number(event.severity) : event.severity);
  if (resolution.action === undefined) own.set('code', event.code);
  if (event.name && (resolution.action === undefined || resolution.metadata !== null)) own.set('name', event.name);
  if (resolution.metadata !== null) {
    own.set('resolvedFrom', resolution.metadata.resolvedFrom);
    own.set('resolution', resolution.metadata.resolution);
  }
  if (line.host !== null) own.set('syslogHost', line.host);
  if (line.program !== null && !/^php/i.test(line.program)) own.set('syslogProgram', line.program);
  if (line.structuredData !== null) own.set('structuredData', line.structuredData);
  if (line.times > 1) own.set('occurrences', line.times);
  if (event.extension.leading !== '') own.set('unparsed', event.extension.leading);
  if (notes.length > 0) own.set('notes', notes);
  return own;
}

type PassworkEvent = CefEvent & { readonly code: string };

function frameOf(message: string): PassworkEvent | Refusal {
  const event = parseCef(message);
  if (event === null) {
    return refuse('the line has no CEF frame (`CEF:0|…`)', `A line of Passwork’s activity log reads ${form}.`);
  }
  if (event.vendor.toLowerCase() !== 'passwork') {
    return refuse('the CEF event’s vendor is not Passwork', `Import only Passwork’s own lines; they read ${form}.`);
  }
  const { code } = event;
  if (code === null || code === '') {
    const problem = code === null ? 'the line ends before its event code is complete' : 'the event code is empty';
    return refuse(problem, `The fifth field of the CEF header is the event code: ${form}.`);
  }
  return { ...event, code };
}

/** The action and the severity: an unknown code has no judgement of ours, so Passwork’s own number stands in. */
function actionOf(resolution: Resolution, event: CefEvent): Pick<EntryInput, 'action' | 'severity'> {
  if (resolution.action !== undefined) return { action: resolution.action.key };
  const severity = Number(event.severity ?? '');
  const fits = Number.isInteger(severity) && severity >= 1 && severity <= 10;
  return fits ? { action: unknownAction, severity } : { action: unknownAction };
}

/** A line of Passwork’s activity log as an entry without idempotencyKey, or why it cannot be one. */
export type PassworkMapping = (text: string, notes: readonly string[]) => EntryInput | Refusal;

/** Maps as docs/sources.md describes; `catalogue` must hold Passwork’s catalogue. */
export function openPassworkMapping(catalogue: Catalogue, clock: Clock): PassworkMapping {
  const find = indexCodes(catalogue);
  return (text, decodingNotes) => {
    const line = parseSyslog(text, clock);
    const event = frameOf(line.message);
    if ('refusal' in event) return event;
    const fields = new Fields(event.extension.pairs);
    const at = takeReceiptTime(fields, clock) ?? line.at;
    if (at === null) {
      const problem = line.timeProblem ?? 'the line has no time';
      return refuse(problem, `The time stands in the syslog header: ${form}.`);
    }
    const { code } = event;
    const resolution = resolveCode(find, code, event.name ?? '', (key) => fields.peek(key) !== null);
    const component = components.get(event.deviceVersion.toLowerCase()) ?? null;
    const vault = takePlace(fields, 'passworkVault');
    const entry = {
      ...actionOf(resolution, event),
      occurredAt: new Date(at).toISOString(),
      outcome: takeOutcome(fields),
      component,
      actor: takeActor(fields, component, code),
      affectedUser: takePerson(fields, 'duid', 'duser'),
      vault,
      directory: takePlace(fields, 'passworkFolder') ?? vault,
      targets: takeTargets(fields, resolution.subject),
      ip: takeIp(fields),
      userAgent: fields.take('requestClientApplication'),
    };
    const own = ownMetadata(line, event, resolution, [...decodingNotes, ...line.notes, ...fields.notes]);
    if (component === null && event.deviceVersion !== '') own.set('deviceVersion', event.deviceVersion);
    return { ...entry, metadata: fields.metadata(own) };
  };
}
