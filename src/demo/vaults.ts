import type { DemoDirectory } from './types.ts';

export interface Item {
  readonly id: string;
  readonly name: string;
  readonly login: string;
  readonly directory: Directory;
}

/** A directory with its vault at hand. */
export interface Directory extends DemoDirectory {
  readonly vault: { readonly id: string; readonly name: string };
  readonly product: 'PASSWORK' | 'ENPASS';
}

/** Vault, product, and its folders by path (the empty path is the vault itself) with the names of their items. */
const tree: readonly (readonly [string, Directory['product'], Readonly<Record<string, readonly string[]>>])[] = [
  [
    'Infrastructure',
    'PASSWORK',
    {
      Network: ['Core switch rtm-sw-01', 'Core switch rtm-sw-02', 'Firewall rtm-fw-01', 'Wi-Fi controller'],
      'Network/VPN': ['VPN gateway Rotterdam', 'VPN gateway Singapore', 'Site-to-site key Lisbon'],
      Cloud: ['Cloud root account', 'DNS registrar', 'Object storage key', 'Container registry push'],
      Monitoring: ['Grafana admin', 'Alert manager webhook', 'Pager service account'],
      Backup: ['Backup encryption key', 'Tape library console', 'Offsite replication'],
    },
  ],
  [
    'Production servers',
    'PASSWORK',
    {
      'Timetable API': ['timetable-api-01 root', 'timetable-api-02 root', 'Timetable signing key'],
      Ticketing: ['Ticketing admin console', 'Payment gateway key', 'ticketing-web-01 root'],
      'Ticketing/Databases': ['ticketing-db primary', 'ticketing-db replica', 'ticketing-db migration user'],
      'Passenger information': ['Display controller', 'Announcement server', 'pis-gw-01 root'],
    },
  ],
  [
    'Finance',
    'PASSWORK',
    {
      Banking: ['House bank portal', 'Payment approval token', 'Currency desk'],
      Accounting: ['Ledger administrator', 'Invoice scanner', 'Expense tool'],
      Tax: ['Tax office portal', 'VAT filing certificate'],
    },
  ],
  [
    'HR',
    'PASSWORK',
    {
      Recruiting: ['Job board employer account', 'Assessment platform', 'Background check portal'],
      Payroll: ['Payroll provider', 'Pension fund portal', 'Sick leave register'],
    },
  ],
  [
    'Marketing',
    'PASSWORK',
    {
      'Social media': [
        'Photo network @northwindrail',
        'Video channel',
        'Short message account',
        'Professional network page',
      ],
      Press: ['Press distribution', 'Media monitoring', 'Image library'],
      Agencies: ['Design agency share', 'Print shop portal', 'Advertising account'],
      'Agencies/Winter timetable campaign': ['Campaign landing page', 'Newsletter tool', 'Billboard booking'],
    },
  ],
  [
    'Operations control',
    'PASSWORK',
    {
      'Control room': ['Train describer', 'Shift roster', 'Emergency broadcast', 'Incident desk'],
      'Signalling vendors': ['Interlocking maintenance', 'Level crossing telemetry', 'Vendor support portal'],
      Depots: ['Depot gate north', 'Wheel lathe console', 'Fuel management'],
    },
  ],
  ['Company', 'PASSWORK', { '': ['Guest Wi-Fi', 'Meeting room screens', 'Travel booking', 'Office alarm code'] }],
  ['Sales', 'ENPASS', { '': ['Partner portal', 'Tender platform', 'Customer survey tool', 'Group booking desk'] }],
  ['Field crews', 'ENPASS', { '': ['Tablet unlock', 'Route handbook', 'Lost property desk'] }],
];

function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

interface Shelf {
  readonly directories: readonly Directory[];
  readonly items: readonly Item[];
}

function build(): Shelf {
  const directories: Directory[] = [];
  const items: Item[] = [];
  for (const [vaultName, product, folders] of tree) {
    const vault = { id: `vault-${slug(vaultName)}`, name: vaultName };
    const root: Directory = { externalId: vault.id, name: vaultName, kind: 'VAULT', parentId: null, vault, product };
    directories.push(root);
    for (const [path, names] of Object.entries(folders)) {
      const directory = path === '' ? root : folderOf(root, path);
      if (directory !== root) directories.push(directory);
      for (const name of names) items.push({ id: `item-${slug(name)}`, name, login: loginOf(name), directory });
    }
  }
  return { directories, items };
}

function folderOf(root: Directory, path: string): Directory {
  const parts = path.split('/');
  const idOf = (end: number) => `folder-${[root.name, ...parts.slice(0, end)].map(slug).join('-')}`;
  return {
    externalId: idOf(parts.length),
    name: parts.at(-1) ?? path,
    kind: 'FOLDER',
    parentId: parts.length === 1 ? root.externalId : idOf(parts.length - 1),
    vault: root.vault,
    product: root.product,
  };
}

function loginOf(itemName: string): string {
  return itemName.endsWith(' root') ? 'root' : `svc-${slug(itemName).slice(0, 16)}`;
}

/** The one folder that did not always exist: a story makes it on the working day on or before that day. */
export const newFolder = { id: 'folder-marketing-agencies-winter-timetable-campaign', day: -36 };

/** Every vault and folder, parents first, and what lies in them. Ids are stable: they come from the names. */
export const { directories, items } = build();
