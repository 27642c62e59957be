/** Where people work from. Addresses are private ranges and those reserved for documentation. */
export interface Office {
  readonly zone: string;
  readonly location: string;
  /** First three octets of the office network, as a self-hosted server sees it. */
  readonly network: string;
  /** First three octets of the homes’ public addresses. */
  readonly homes: string;
}

export const offices = {
  rotterdam: {
    zone: 'Europe/Amsterdam',
    location: 'Rotterdam, NL',
    network: '10.20.1',
    homes: '198.51.100',
  },
  lisbon: { zone: 'Europe/Lisbon', location: 'Lisbon, PT', network: '10.30.1', homes: '198.51.100' },
  toronto: { zone: 'America/Toronto', location: 'Toronto, CA', network: '10.40.1', homes: '192.0.2' },
  singapore: { zone: 'Asia/Singapore', location: 'Singapore, SG', network: '10.50.1', homes: '192.0.2' },
} as const satisfies Record<string, Office>;

export type OfficeKey = keyof typeof offices;

export interface Workstation {
  readonly device: string;
  readonly userAgent: string;
  /** As the Enpass application calls itself on this system. */
  readonly enpassAgent: string;
}

const chrome = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

export const workstations = {
  windows: {
    device: 'Windows 11 laptop',
    userAgent: `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${chrome} Edg/140.0.0.0`,
    enpassAgent: 'Enpass/6.11.13 (Windows 11)',
  },
  mac: {
    device: 'MacBook Pro',
    userAgent: `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${chrome}`,
    enpassAgent: 'Enpass/6.11.13 (macOS 15.6)',
  },
  linux: {
    device: 'Debian workstation',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0',
    enpassAgent: 'Enpass/6.11.13 (Linux)',
  },
} as const satisfies Record<string, Workstation>;

export type WorkstationKey = keyof typeof workstations;
