import { after } from '../clock.ts';
import { affecting, atDesk, atHome, by, changing, inDirectory, inVault, onItem, type Stage } from '../scene.ts';

/**
 * Eight weeks ago: an outside signalling engineer asks for access, gets to read one folder for two weeks, uses it on five
 * evenings, and loses it again.
 */
export function vendorAccess({ cast, clock, random, add }: Stage): void {
  const vendor = cast.person('viktor.petrenko');
  const lead = cast.person('noor.van.den.berg');
  const folder = cast.directory('folder-operations-control-signalling-vendors');
  const opened = cast.itemsUnder(folder.externalId);
  const first = clock.workday(-56);
  const about = { ...affecting(vendor), ...inDirectory(folder) };

  const asked = clock.at(first, 10, 2, lead.zone);
  const desk = by(lead, atDesk(lead, random.hex(16)));
  add(asked, { action: 'passwork.request_created', ...by(vendor, atHome(vendor, random.hex(16))), ...inVault(folder) });
  add(after(asked, 38), {
    action: 'passwork.folder_user_access_changed',
    ...desk,
    ...about,
    ...changing('access', 'No access', 'Read'),
    metadata: { reason: 'interlocking maintenance' },
  });
  for (const later of [1, 3, 6, 8, 10]) {
    const own = by(vendor, atHome(vendor, random.hex(16)));
    let at = clock.at(first + later, 18, random.between(0, 59), vendor.zone);
    add(at, { action: 'passwork.session_started', ...own });
    for (const item of random.sample(opened, 2)) {
      at = after(at, random.between(2, 9), random.between(0, 59));
      add(at, { action: 'passwork.item_viewed', ...own, ...onItem(item) });
    }
    add(after(at, 12), { action: 'passwork.session_finished', ...own });
  }
  add(clock.at(clock.workday(first + 14), 16, 25, lead.zone), {
    action: 'passwork.folder_user_access_revoked',
    ...by(lead, atDesk(lead, random.hex(16))),
    ...about,
    metadata: { reason: 'work finished' },
  });
}
