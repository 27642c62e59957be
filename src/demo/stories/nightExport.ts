import { after } from '../clock.ts';
import { atDesk, atHome, by, changing, inVault, type Stage } from '../scene.ts';

/**
 * Five nights ago at three: an administrator signs in from home, exports the whole vault of the production servers and
 * shortens how long the activity log is kept. In the morning a colleague sets it back.
 */
export function nightExport({ cast, clock, random, add }: Stage): void {
  const exporter = cast.person('tomasz.wieczorek');
  const colleague = cast.person('priya.raghunathan');
  const day = clock.workday(-5);
  const vault = cast.directory('vault-production-servers');
  const night = clock.at(day, 2, 57, exporter.zone);
  const home = by(exporter, atHome(exporter, random.hex(16)));
  const items = cast.itemsUnder(vault.externalId).length;
  add(night, { action: 'passwork.session_started', ...home });
  add(after(night, 6, 40), {
    action: 'passwork.vault_exported',
    ...home,
    ...inVault(vault),
    metadata: { format: 'csv', items, encrypted: false },
  });
  add(after(night, 11), {
    action: 'passwork.activityLogSettings_changed',
    ...home,
    ...changing('retentionDays', '365', '30'),
  });
  add(after(night, 12, 20), { action: 'passwork.session_finished', ...home });

  const morning = clock.at(day, 9, 4, colleague.zone);
  const desk = by(colleague, atDesk(colleague, random.hex(16)));
  add(morning, { action: 'passwork.session_started', ...desk });
  add(after(morning, 13), {
    action: 'passwork.activityLogSettings_changed',
    ...desk,
    ...changing('retentionDays', '30', '365'),
  });
}
