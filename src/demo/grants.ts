import type { DemoGrant } from './types.ts';

const rows: readonly (readonly [directoryId: string, subject: string, level: DemoGrant['level']])[] = [
  ['vault-infrastructure', 'group-it', 'ADMINISTRATOR'],
  ['vault-infrastructure', 'group-platform', 'EDIT'],
  ['folder-infrastructure-network', 'arjun.pillai', 'FULL_ACCESS'],
  ['vault-production-servers', 'yusuf.demir', 'ADMINISTRATOR'],
  ['vault-production-servers', 'group-platform', 'EDIT'],
  ['vault-production-servers', 'group-it', 'FULL_ACCESS'],
  ['folder-production-servers-passenger-information', 'group-control-room', 'READ'],
  ['vault-finance', 'anneke.de.wit', 'ADMINISTRATOR'],
  ['vault-finance', 'group-finance', 'EDIT'],
  ['folder-finance-accounting', 'leila.haddad', 'READ'],
  ['vault-hr', 'chiara.bellandi', 'ADMINISTRATOR'],
  ['vault-hr', 'group-hr', 'EDIT'],
  ['folder-hr-payroll', 'kwame.asante', 'READ'],
  ['vault-marketing', 'mateo.fuentes', 'ADMINISTRATOR'],
  ['vault-marketing', 'group-marketing', 'EDIT'],
  ['folder-marketing-press', 'ingrid.solheim', 'READ'],
  ['vault-operations-control', 'noor.van.den.berg', 'ADMINISTRATOR'],
  ['vault-operations-control', 'group-control-room', 'EDIT'],
  ['vault-operations-control', 'group-it', 'READ'],
  ['vault-company', 'group-it', 'ADMINISTRATOR'],
  ['vault-company', 'group-finance', 'READ'],
  ['vault-company', 'group-hr', 'EDIT'],
  ['vault-company', 'group-marketing', 'READ'],
  ['vault-company', 'group-platform', 'READ'],
  ['vault-company', 'group-sales', 'READ'],
  ['vault-company', 'group-control-room', 'READ'],
  ['vault-company', 'leila.haddad', 'READ'],
  ['vault-sales', 'sophie.tremblay', 'ADMINISTRATOR'],
  ['vault-sales', 'group-sales', 'EDIT'],
  ['vault-field-crews', 'samuel.adeyemi', 'ADMINISTRATOR'],
  ['vault-field-crews', 'group-control-room', 'EDIT'],
];

/** Who may what today. Nobody whose role is MEMBER administers more than one vault. */
export const grants: readonly DemoGrant[] = rows.map(([directoryId, subject, level]) => ({
  directoryId,
  subject: subject.startsWith('group-') ? { groupId: subject } : { memberId: subject },
  level,
}));
