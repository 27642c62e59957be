import type { EntryInput } from '../../model/entry.ts';
import { enpass } from '../enpass.ts';
import { by, changing, inAdminConsole, inEnpass, inVault, onItem } from '../scene.ts';
import type { Act, Moment } from './acts.ts';

const signIn: Act = ({ person }) => [{ action: enpass.appSignIn, ...by(person, inEnpass(person)) }];

const mistyped: Act = ({ person }) => [
  { action: enpass.appSignInFailed, ...by(person, inEnpass(person)) },
  { action: enpass.appSignIn, ...by(person, inEnpass(person)) },
];

const linkBrowser: Act = ({ person, random }) => [
  {
    action: enpass.browserLinked,
    ...by(person, inEnpass(person)),
    metadata: { browser: random.pick(['Firefox', 'Chrome', 'Edge', 'Safari']) },
  },
];

const changeSettings: Act = ({ person }) => [
  { action: enpass.settingsModified, ...by(person, inEnpass(person)), ...changing('autoLockMinutes', '15', '5') },
];

const wrongTime: Act = ({ person, random }) => [
  {
    action: enpass.wrongSystemTime,
    ...by(person, inEnpass(person)),
    metadata: { secondsBehind: random.between(190, 900) },
  },
];

function sharedItem({ person, cast, random }: Moment) {
  return random.pick(cast.itemsOf(person, 'ENPASS'));
}

const backUp: Act = (moment) => [
  {
    action: enpass.vaultBackedUp,
    ...by(moment.person, inEnpass(moment.person)),
    ...inVault(sharedItem(moment).directory),
  },
];

const share: Act = (moment) => [
  {
    action: moment.random.pick([enpass.itemSharedByEmail, enpass.itemSharedByClipboard, enpass.sharedItemAdded]),
    ...by(moment.person, inEnpass(moment.person)),
    ...onItem(sharedItem(moment)),
  },
];

const syncFails: Act = (moment) => [
  {
    action: enpass.vaultSyncFailed,
    ...by(moment.person, inEnpass(moment.person)),
    ...inVault(sharedItem(moment).directory),
    metadata: { error: 'connection timed out' },
  },
];

const everybody = [
  [40, signIn],
  [2, mistyped],
  [1, linkBrowser],
  [1, changeSettings],
  [0.7, wrongTime],
] as const;
const sharers = [
  [14, backUp],
  [9, share],
  [3, syncFails],
] as const;

/** One ordinary thing that this person may do in Enpass. */
export function enpassAct(moment: Moment): readonly EntryInput[] {
  const shares = moment.cast.itemsOf(moment.person, 'ENPASS').length > 0;
  return moment.random.weighted<Act>(shares ? [...everybody, ...sharers] : everybody)(moment);
}

/** One ordinary thing of an administrator’s day, in either product. */
export function administration(moment: Moment): readonly EntryInput[] {
  const { person, origin, random } = moment;
  const console = by(person, inAdminConsole(person));
  return random.weighted<readonly EntryInput[]>([
    [6, [{ action: enpass.consoleSignIn, ...console }]],
    [
      1,
      [
        { action: enpass.consoleSignInFailed, ...console },
        { action: enpass.consoleSignIn, ...console },
      ],
    ],
    [1, [{ action: 'passwork.task_reindex_passwords_run', ...by(person, origin) }]],
    [1, [{ action: 'passwork.favicons_reset', ...by(person, origin) }]],
    [
      1,
      [
        {
          action: 'passwork.vaultSettings_changed',
          ...by(person, origin),
          ...changing('linksAllowed', 'everybody', 'full access only'),
        },
      ],
    ],
  ]);
}
