import { after } from '../clock.ts';
import { enpass } from '../enpass.ts';
import { leavesOn } from '../people.ts';
import { affecting, atDesk, atHome, by, inAdminConsole, inVault, on, onItem, type Stage } from '../scene.ts';
import type { Item } from '../vaults.ts';
import { rotated } from './rotation.ts';

const reason = 'rotation after off-boarding';

/**
 * A platform engineer opens nearly every infrastructure secret on three evenings, from home, in the week before he leaves,
 * and exports some on the last. On his last day his access goes step by step; a few days later three engineers rotate
 * everything he opened.
 */
export function offboarding(stage: Stage): void {
  const opened = hoarding(stage);
  revocation(stage);
  rotation(stage, opened);
}

function hoarding({ cast, clock, random, add }: Stage): readonly Item[] {
  const leaver = cast.person('jonas.lindqvist');
  const opened = random.sample(cast.itemsOf(leaver, 'PASSWORK', 'EDIT'), 27);
  const last = clock.workday(leavesOn);
  for (const [evening, daysBefore] of [7, 4, 1].entries()) {
    const origin = atHome(leaver, random.hex(16));
    let at = clock.at(clock.workday(last - daysBefore), 19, random.between(5, 50), leaver.zone);
    add(at, { action: 'passwork.session_started', ...by(leaver, origin) });
    for (const item of opened.slice(evening * 9, evening * 9 + 9)) {
      at = after(at, random.between(1, 3), random.between(0, 59));
      add(at, { action: 'passwork.item_viewed', ...by(leaver, origin), ...onItem(item) });
      if (evening === 2 && random.chance(0.5)) {
        add(after(at, 0, 40), { action: 'passwork.item_exported', ...by(leaver, origin), ...onItem(item) });
      }
    }
    add(after(at, 4), { action: 'passwork.session_finished', ...by(leaver, origin) });
  }
  return opened;
}

function revocation({ cast, clock, random, add }: Stage): void {
  const leaver = cast.person('jonas.lindqvist');
  const administrator = cast.person('priya.raghunathan');
  const group = cast.group('group-platform');
  const at = clock.at(clock.workday(leavesOn), 15, 58, administrator.zone);
  const desk = atDesk(administrator, random.hex(16));
  const who = { ...by(administrator, desk), ...affecting(leaver) };
  const consoleWho = { ...by(administrator, inAdminConsole(administrator)), ...affecting(leaver) };
  add(at, { action: 'passwork.session_started', ...by(administrator, desk) });
  add(after(at, 2), {
    action: 'passwork.user_removed_from_userGroup',
    ...who,
    ...on('group', group.externalId, group.name),
  });
  for (const [index, id] of ['vault-infrastructure', 'vault-production-servers'].entries()) {
    add(after(at, 4 + index), {
      action: 'passwork.vault_user_access_revoked',
      ...who,
      ...inVault(cast.directory(id)),
      metadata: { accessBefore: 'Edit' },
    });
  }
  add(after(at, 7), { action: 'passwork.session_reset', ...who });
  add(after(at, 8), { action: 'passwork.user_blocked', ...who, metadata: { reason: 'left the company' } });
  add(after(at, 12), {
    action: enpass.deviceDeprovisioned,
    ...consoleWho,
    device: leaver.device,
  });
  add(after(at, 13), { action: enpass.userDeactivated, ...consoleWho });
}

function rotation({ cast, clock, random, add }: Stage, opened: readonly Item[]): void {
  const first = clock.workday(leavesOn + 3);
  for (const [turn, id] of ['yusuf.demir', 'mei-ling.chen', 'rui.tavares'].entries()) {
    const engineer = cast.person(id);
    const desk = atDesk(engineer, random.hex(16));
    let at = clock.at(first, 9, random.between(20, 59), engineer.zone);
    add(at, { action: 'passwork.session_started', ...by(engineer, desk) });
    for (const item of opened.filter((_, index) => index % 3 === turn)) {
      at = after(at, random.between(6, 19), random.between(0, 59));
      add(at, rotated(engineer, desk, item, reason));
    }
  }
}
