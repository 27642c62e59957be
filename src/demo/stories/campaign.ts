import { after } from '../clock.ts';
import { affecting, atDesk, by, byStranger, changing, inDirectory, inVault, onItem, type Stage } from '../scene.ts';
import { newFolder } from '../vaults.ts';

/**
 * Five weeks ago: marketing prepares a campaign. Its lead makes a folder, fills it, gives a colleague more access to the
 * vault, and sends an agency a link that is opened from outside four times, once from a place nobody expected.
 */
export function campaign({ cast, clock, random, add }: Stage): void {
  const lead = cast.person('mateo.fuentes');
  const colleague = cast.person('aoife.gallagher');
  const vault = cast.directory('vault-marketing');
  const folder = cast.directory(newFolder.id);
  const shared = cast.item('item-advertising-account');
  const day = clock.workday(newFolder.day);
  const desk = by(lead, atDesk(lead, random.hex(16)));
  let at = clock.at(day, 10, 31, lead.zone);
  add(at, { action: 'passwork.session_started', ...desk });
  add(after(at, 4), { action: 'passwork.folder_created', ...desk, ...inDirectory(folder) });
  for (const item of cast.itemsUnder(folder.externalId)) {
    at = after(at, 6, random.between(0, 59));
    add(at, { action: 'passwork.item_created', ...desk, ...onItem(item) });
  }
  add(after(at, 8), {
    action: 'passwork.vault_user_access_changed',
    ...desk,
    ...affecting(colleague),
    ...inVault(vault),
    ...changing('access', 'Edit', 'Full access'),
  });
  add(after(at, 15), {
    action: 'passwork.link_created',
    ...desk,
    ...onItem(shared),
    metadata: { expiresInHours: 72, singleUse: false },
  });

  const agency =
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15';
  for (const [index, ip] of ['198.51.100.201', '198.51.100.201', '203.0.113.180', '198.51.100.202'].entries()) {
    add(after(at, 40 + index * 9 * 60, random.between(0, 59)), {
      action: 'passwork.link_viewed',
      ...byStranger({ component: 'web', ip, userAgent: agency }),
      ...onItem(shared),
    });
  }
  add(clock.at(clock.workday(day + 4), 9, 50, lead.zone), {
    action: 'passwork.link_deleted',
    ...by(lead, atDesk(lead, random.hex(16))),
    ...onItem(shared),
  });
}
