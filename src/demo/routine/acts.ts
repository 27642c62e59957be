import type { EntryInput } from '../../model/entry.ts';
import type { Cast } from '../cast.ts';
import type { Person } from '../people.ts';
import type { Random } from '../random.ts';
import { affecting, by, changing, inDirectory, type Origin, onItem, onPhone } from '../scene.ts';
import type { Item } from '../vaults.ts';

/** Somebody at work, signed in to Passwork. */
export interface Moment {
  readonly person: Person;
  readonly origin: Origin;
  /** Who works here at that time. */
  readonly colleagues: readonly Person[];
  readonly cast: Cast;
  readonly random: Random;
  /** False for what does not exist yet. */
  exists(item: Item): boolean;
}

/** Something somebody does: one entry, or a few that follow one another. */
export type Act = (moment: Moment) => readonly EntryInput[];

const newNames = ['Staging access', 'Vendor trial account', 'Test tenant', 'Training login', 'Spare service account'];
const tags = ['shared', 'quarterly', 'critical', 'vendor', 'to review', 'rotated yearly'];

function readable({ person, cast, exists }: Moment): readonly Item[] {
  return cast.itemsOf(person, 'PASSWORK').filter(exists);
}

function editable({ person, cast, exists }: Moment): readonly Item[] {
  return cast.itemsOf(person, 'PASSWORK', 'EDIT').filter(exists);
}

const open: Act = (moment) => {
  const { person, origin, random } = moment;
  const where = random.weighted<Origin>([
    [6, origin],
    [3, { ...origin, component: 'browser extension' }],
    [1, onPhone(person, origin.session)],
  ]);
  const opened = random.sample(readable(moment), random.between(1, 2));
  return opened.map((item) => ({ action: 'passwork.item_viewed', ...by(person, where), ...onItem(item) }));
};

const edit: Act = (moment) => {
  const { person, origin, random } = moment;
  const item = random.pick(editable(moment));
  const [before = null, after = null] = random.sample(tags, 2);
  const what = random.chance(0.6) ? { metadata: { changedFields: ['password'] } } : changing('tags', before, after);
  return [{ action: 'passwork.item_updated', ...by(person, origin), ...onItem(item), ...what }];
};

/** A new item; every third is a trial that goes to the Bin at once. */
const create: Act = (moment) => {
  const { person, origin, random } = moment;
  const { directory } = random.pick(editable(moment));
  const item: Item = { id: `item-${random.hex(8)}`, name: random.pick(newNames), login: 'trial', directory };
  const made = { ...by(person, origin), ...onItem(item) };
  const entry = { action: 'passwork.item_created', ...made };
  return random.chance(0.33) ? [entry, { action: 'passwork.item_moved_to_bin', ...made }] : [entry];
};

/** A copy of an item into another directory of the same vault. */
const copy: Act = (moment) => {
  const { person, origin, random } = moment;
  const item = random.pick(editable(moment));
  const { directory } = random.pick(
    editable(moment).filter((other) => other.directory.vault.id === item.directory.vault.id),
  );
  return [{ action: 'passwork.item_copied', ...by(person, origin), ...onItem(item), ...inDirectory(directory) }];
};

/** To a colleague who works with the same vault. */
const send: Act = (moment) => {
  const { person, origin, random, cast, colleagues } = moment;
  const item = random.pick(editable(moment));
  const works = (other: Person) =>
    cast.itemsOf(other, 'PASSWORK').some(({ directory }) => directory.vault.id === item.directory.vault.id);
  const colleague = random.pick(colleagues.filter((other) => other !== person && works(other)));
  return [{ action: 'passwork.inboxItem_sent', ...by(person, origin), ...affecting(colleague), ...onItem(item) }];
};

const link: Act = (moment) => {
  const { person, origin, random } = moment;
  const item = random.pick(editable(moment));
  const metadata = { expiresInHours: random.pick([1, 24, 72]), singleUse: random.chance(0.8) };
  return [{ action: 'passwork.link_created', ...by(person, origin), ...onItem(item), metadata }];
};

const shortcut: Act = (moment) => {
  const { person, origin, random } = moment;
  return [
    { action: 'passwork.item_shortcut_created', ...by(person, origin), ...onItem(random.pick(editable(moment))) },
  ];
};

const wrongPin: Act = ({ person, origin }) => [
  { action: 'passwork.session_pin_code_auth_failed', ...by(person, { ...origin, component: 'browser extension' }) },
];

const settings: Act = ({ person, origin, random }) => [
  random.chance(0.5)
    ? { action: 'passwork.user_account_changed', ...by(person, origin), ...changing('theme', 'light', 'dark') }
    : {
        action: 'passwork.user_notification_settings_changed',
        ...by(person, origin),
        ...changing('newSignInByEmail', 'off', 'on'),
      },
];

const everybody = [
  [60, open],
  [2, wrongPin],
  [1, settings],
] as const;
const editors = [
  [10, edit],
  [5, create],
  [3, copy],
  [3, send],
  [1.5, link],
  [1.5, shortcut],
] as const;

/** One ordinary thing that this person may do in Passwork. */
export function passworkAct(moment: Moment): readonly EntryInput[] {
  const choices = editable(moment).length > 0 ? [...everybody, ...editors] : everybody;
  return moment.random.weighted<Act>(choices)(moment);
}
