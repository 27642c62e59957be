import { isIPv4 } from 'node:net';

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
