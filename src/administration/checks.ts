/** What may stand in an organization: texts that can be stored, references that lead somewhere, a tree that is one. */
import { AnnalsError } from '../errors.ts';
import { accessLevels } from '../model/role.ts';
import type { World } from './world.ts';

/** Most UTF-16 code units; the same limits as for the ids and names in entries. */
const textLimits = { id: 200, name: 500, email: 320, description: 2000 } as const;

/** BAD_INPUT at a place of the input; the message names it, too. */
export const badInput = (path: string, message: string, cure?: string): AnnalsError =>
  new AnnalsError('BAD_INPUT', { path, message: `${path}: ${message}`, ...(cure === undefined ? {} : { cure }) });

/** Throws BAD_INPUT unless the text has 1 to the most characters and can be stored. */
export function checkText(path: string, text: string, kind: keyof typeof textLimits): void {
  const most = textLimits[kind];
  if (text.length === 0 || text.length > most) {
    throw badInput(path, `has ${text.length} characters; it must have 1 to ${most}.`);
  }
  if (text.includes('\0') || !text.isWellFormed()) {
    throw badInput(path, 'contains U+0000 or half of a surrogate pair, which cannot be stored.');
  }
}

/** The ids of a list, in order; each may stand there once. */
class Ids {
  private readonly ids = new Set<string>();

  add(path: string, id: string): void {
    checkText(path, id, 'id');
    if (this.ids.has(id)) throw badInput(path, `${JSON.stringify(id)} stands in the list twice.`);
    this.ids.add(id);
  }

  find(path: string, id: string, cure?: string): void {
    if (!this.ids.has(id)) throw badInput(path, `there is no ${JSON.stringify(id)}.`, cure);
  }
}

const parentsFirst = 'List the directory above before this one; every reference is to something in the same world.';

/** Throws BAD_INPUT with the path of the first mistake. A world that passes makes no ring of directories. */
export function checkWorld({ members, groups, directories, grants }: World): void {
  const ids = { members: new Ids(), groups: new Ids(), directories: new Ids() };
  for (const [index, { externalId, name, email }] of members.entries()) {
    const path = `members[${index}]`;
    ids.members.add(`${path}.externalId`, externalId);
    checkText(`${path}.name`, name, 'name');
    if (email !== null) checkText(`${path}.email`, email, 'email');
  }
  for (const [index, { externalId, name, memberIds }] of groups.entries()) {
    const path = `groups[${index}]`;
    ids.groups.add(`${path}.externalId`, externalId);
    checkText(`${path}.name`, name, 'name');
    for (const [at, id] of memberIds.entries()) ids.members.find(`${path}.memberIds[${at}]`, id);
  }
  for (const [index, { externalId, name, parentId }] of directories.entries()) {
    const path = `directories[${index}]`;
    // Before its own id is known: a directory is not below itself.
    if (parentId !== null) ids.directories.find(`${path}.parentId`, parentId, parentsFirst);
    ids.directories.add(`${path}.externalId`, externalId);
    if (name !== null) checkText(`${path}.name`, name, 'name');
  }
  const granted = new Set<string>();
  for (const [index, { directoryId, subject, level }] of grants.entries()) {
    const path = `grants[${index}]`;
    ids.directories.find(`${path}.directoryId`, directoryId);
    if ('memberId' in subject) ids.members.find(`${path}.subject.memberId`, subject.memberId);
    else ids.groups.find(`${path}.subject.groupId`, subject.groupId);
    if (!accessLevels.includes(level)) throw badInput(`${path}.level`, `must be one of ${accessLevels.join(', ')}.`);
    const key = JSON.stringify([directoryId, subject]);
    if (granted.has(key)) throw badInput(path, 'the same subject has a grant on this directory already.');
    granted.add(key);
  }
}
