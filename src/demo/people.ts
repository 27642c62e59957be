import { type OfficeKey, offices, type WorkstationKey, workstations } from './offices.ts';
import type { DemoGroup, DemoMember } from './types.ts';

/** OFFICE: Monday to Friday by day. CONTROL: the control room, early, late and night in turn, every day of the year. */
export type Shift = 'OFFICE' | 'CONTROL';

/** A member with what the generator knows about their working life. */
export interface Person extends DemoMember {
  readonly shift: Shift;
  readonly zone: string;
  readonly location: string;
  readonly officeIp: string;
  readonly homeIp: string;
  readonly device: string;
  readonly userAgent: string;
  readonly enpassAgent: string;
  /** Probability that a working day leaves traces in the log. */
  readonly diligence: number;
  /** First and last day of routine work; see Clock. */
  readonly firstDay: number;
  readonly lastDay: number;
}

interface Row {
  readonly role?: DemoMember['role'];
  readonly shift?: Shift;
  readonly diligence?: number;
  readonly firstDay?: number;
  readonly lastDay?: number;
}

export const domain = 'northwind-rail.example';

/** Days on which stories change who works here; a story takes the working day on or before. */
export const joinsOn = -41;
export const leavesOn = -24;

/**
 * Everybody the log knows, in the order in which a demo should offer them: the first of each role is the one to show.
 * Role null is somebody who has no access to Annals: a leaver and an outside engineer.
 */
export const people: readonly Person[] = (
  [
    ['Ingrid Solheim', 'rotterdam', 'mac', { role: 'OWNER', diligence: 0.4 }],
    ['Tomasz Wieczorek', 'rotterdam', 'linux', { role: 'ADMINISTRATOR', diligence: 0.8 }],
    ['Priya Raghunathan', 'rotterdam', 'mac', { role: 'ADMINISTRATOR', diligence: 0.8 }],
    ['Leila Haddad', 'rotterdam', 'windows', { role: 'AUDITOR', diligence: 0.35 }],
    ['Mateo Fuentes', 'rotterdam', 'mac', { diligence: 0.75 }],
    ['Anneke de Wit', 'rotterdam', 'windows', {}],
    ['Kwame Asante', 'rotterdam', 'windows', {}],
    ['Chiara Bellandi', 'rotterdam', 'mac', {}],
    ['Emre Yildiz', 'rotterdam', 'windows', { diligence: 0.45 }],
    ['Yusuf Demir', 'rotterdam', 'linux', { diligence: 0.85 }],
    ['Zanele Khumalo', 'rotterdam', 'linux', { diligence: 0.75, firstDay: joinsOn + 3 }],
    ['Noor van den Berg', 'rotterdam', 'windows', { shift: 'CONTROL' }],
    ['Samuel Adeyemi', 'rotterdam', 'windows', { shift: 'CONTROL' }],
    ['Katarzyna Nowak', 'rotterdam', 'windows', { shift: 'CONTROL' }],
    ['Diego Herrera', 'rotterdam', 'windows', { shift: 'CONTROL' }],
    ['Beatriz Carvalho', 'lisbon', 'mac', {}],
    ['Rui Tavares', 'lisbon', 'linux', { diligence: 0.8 }],
    ['Aoife Gallagher', 'lisbon', 'windows', {}],
    ['Sophie Tremblay', 'toronto', 'mac', {}],
    ['Darnell Brooks', 'toronto', 'windows', {}],
    ['Minh Nguyen', 'toronto', 'windows', { diligence: 0.5 }],
    ['Mei-Ling Chen', 'singapore', 'mac', { diligence: 0.8 }],
    ['Arjun Pillai', 'singapore', 'linux', { diligence: 0.75 }],
    ['Siti Rahmawati', 'singapore', 'windows', {}],
    ['Jonas Lindqvist', 'rotterdam', 'linux', { role: null, diligence: 0.8, lastDay: leavesOn - 3 }],
    ['Viktor Petrenko', 'lisbon', 'windows', { role: null, diligence: 0, lastDay: -100 }],
  ] satisfies readonly (readonly [string, OfficeKey, WorkstationKey, Row])[]
).map(([name, office, workstation, row], index) => person(name, office, workstation, row, index));

function person(name: string, office: OfficeKey, workstation: WorkstationKey, row: Row, index: number): Person {
  const { zone, location, network, homes } = offices[office];
  const externalId = name.toLowerCase().replaceAll(' ', '.');
  return {
    externalId,
    name,
    email: `${externalId}@${domain}`,
    role: row.role === undefined ? 'MEMBER' : row.role,
    shift: row.shift ?? 'OFFICE',
    zone,
    location,
    officeIp: `${network}.${20 + index}`,
    homeIp: index % 5 === 4 ? `2001:db8:${(0x40 + index).toString(16)}::12` : `${homes}.${40 + index}`,
    ...workstations[workstation],
    diligence: row.diligence ?? 0.6,
    firstDay: row.firstDay ?? Number.NEGATIVE_INFINITY,
    lastDay: row.lastDay ?? 0,
  };
}

/** Groups as they are today: the leaver is in none. */
export const groups: readonly DemoGroup[] = [
  { externalId: 'group-it', name: 'IT administration', memberIds: ['tomasz.wieczorek', 'priya.raghunathan'] },
  {
    externalId: 'group-platform',
    name: 'Platform engineering',
    memberIds: ['yusuf.demir', 'zanele.khumalo', 'rui.tavares', 'mei-ling.chen', 'arjun.pillai'],
  },
  { externalId: 'group-finance', name: 'Finance', memberIds: ['anneke.de.wit', 'kwame.asante', 'ingrid.solheim'] },
  { externalId: 'group-hr', name: 'People and HR', memberIds: ['chiara.bellandi', 'emre.yildiz'] },
  {
    externalId: 'group-marketing',
    name: 'Marketing',
    memberIds: ['mateo.fuentes', 'beatriz.carvalho', 'aoife.gallagher'],
  },
  {
    externalId: 'group-sales',
    name: 'Sales and partners',
    memberIds: ['sophie.tremblay', 'darnell.brooks', 'minh.nguyen', 'siti.rahmawati'],
  },
  {
    externalId: 'group-control-room',
    name: 'Control room',
    memberIds: ['noor.van.den.berg', 'samuel.adeyemi', 'katarzyna.nowak', 'diego.herrera'],
  },
];

/** Memberships that history needs and that have ended since. */
export const formerMemberships: readonly (readonly [groupId: string, memberId: string])[] = [
  ['group-platform', 'jonas.lindqvist'],
];

/** The API token that the build server uses against Passwork. */
export const buildToken = { type: 'TOKEN', id: 'token-build-server', name: 'Build server', email: null } as const;
