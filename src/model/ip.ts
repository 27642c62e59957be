import { isIP, isIPv4 } from 'node:net';

/**
 * The one text form of an address: IPv4 dotted, IPv6 as RFC 5952 writes it, an IPv4-mapped address as the IPv4 one.
 * The argument must be a valid address without zone.
 */
export function normalizeIp(address: string): string {
  if (isIPv4(address)) return address;
  const compressed = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(compressed);
  if (mapped?.[1] === undefined || mapped[2] === undefined) return compressed;
  const high = Number.parseInt(mapped[1], 16);
  const low = Number.parseInt(mapped[2], 16);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** Addresses of one family that share their first bits. */
export interface Network {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  /** The one text form, such as `10.0.0.0/8`. */
  readonly text: string;
}

const widths = { 4: 32, 6: 128 } as const;

/** The number of an address in its normal form. */
function numberOf(address: string): bigint {
  if (isIPv4(address)) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  const [head = '', tail] = address.split('::');
  const groups = (part: string | undefined) => (part ? part.split(':') : []);
  const [left, right] = [groups(head), groups(tail)];
  const zeros = Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function addressOf(family: 4 | 6, value: bigint): string {
  const [size, count, separator] = family === 4 ? [8n, 4, '.'] : [16n, 8, ':'];
  const parts = Array.from(
    { length: count },
    (_, index) => (value >> (size * BigInt(count - 1 - index))) & ((1n << size) - 1n),
  );
  return normalizeIp(parts.map((part) => part.toString(family === 4 ? 10 : 16)).join(separator));
}

const mappedBits = 96;

/**
 * A network from an address or CIDR notation; an IPv4-mapped IPv6 network is the IPv4 one, as entries keep such addresses.
 * What is wrong with any other text, as the end of a sentence; `instead` is what may have been meant.
 */
export function parseNetwork(text: string): Network | { readonly problem: string; readonly instead: string | null } {
  const [address = '', bits, ...more] = text.split('/');
  const written = isIP(address);
  if ((written !== 4 && written !== 6) || address.includes('%') || more.length > 0) {
    return { problem: 'is neither an IPv4 or IPv6 address nor a network in CIDR notation', instead: null };
  }
  const width = widths[written];
  if (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= width)) {
    return { problem: `has a prefix length that is not a whole number from 0 to ${width}`, instead: null };
  }
  const normal = normalizeIp(address);
  const stated = bits === undefined ? width : Number(bits);
  const isMapped = written === 6 && isIPv4(normal) && stated >= mappedBits;
  const family = isMapped ? 4 : written;
  const prefix = isMapped ? stated - mappedBits : stated;
  const number = isIPv4(normal) && family === 6 ? (0xffffn << 32n) | numberOf(normal) : numberOf(normal);
  const hosts = (1n << BigInt(widths[family] - prefix)) - 1n;
  const first = number & ~hosts;
  const network = `${addressOf(family, first)}/${prefix}`;
  if (first !== number) return { problem: `has bits beyond its prefix length`, instead: network };
  return { family, first, last: number | hosts, text: network };
}

/** Whether an address in its normal form lies in one of the networks. */
export function inNetworks(address: string, networks: readonly Network[]): boolean {
  const family = isIPv4(address) ? 4 : 6;
  const number = numberOf(address);
  return networks.some((one) => one.family === family && one.first <= number && number <= one.last);
}
