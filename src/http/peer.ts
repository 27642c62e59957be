/**
 * Who is at the other end of a request: the connection’s own address, or, where that belongs to a trusted proxy, what the
 * proxy says of its client. Nobody else is believed.
 */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';

export interface Peer {
  /** The client’s address; null where a trusted proxy names none that can be read. */
  readonly ip: string | null;
  /** The scheme under which the client called; null where a proxy stands between and does not say. */
  readonly scheme: 'http' | 'https' | null;
  /** The name and port under which the client called. */
  readonly host: string;
  /** Whether the connection comes from a trusted proxy. */
  readonly proxied: boolean;
  /** The request id, or the W3C trace id, that a trusted proxy gave; null where it gave none. */
  readonly requestId: string | null;
}

export interface PeerOptions {
  /** Addresses and networks in CIDR notation. */
  readonly trustedProxies: readonly string[];
  /** The one header that is believed: proxies set theirs and pass on others as the client sent them. */
  readonly proxyHeader: 'x-forwarded-for' | 'forwarded';
}

export type PeerOf = (request: Pick<IncomingMessage, 'socket' | 'headers'>) => Peer;

/** An IPv4 address that came through an IPv6 socket as itself, and without the zone of a link (fe80::1%eth0). */
const plain = (address: string): string => address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '');

function openList(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => isIP(address) !== 0 && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** What proxies say: each of the hop before it, the client’s end first; and the nearest one, how it was called. */
interface Said {
  readonly hops: readonly (string | null)[];
  readonly scheme: string | null;
  readonly host: string | null;
}

/** The address in `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80` or `2001:db8::1`; null in anything else. */
function addressIn(text: string): string | null {
  const found = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const address = plain(found);
  return isIP(address) === 0 ? null : address;
}

/** The pairs of one element of `Forwarded` (RFC 7239). */
function pairsIn(element: string): ReadonlyMap<string, string> {
  return new Map(
    (element.match(/(?:"(?:[^"\\]|\\.)*"|[^;])+/g) ?? []).map((pair) => {
      const at = pair.indexOf('=');
      const value = pair.slice(at + 1).trim();
      const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(value)?.[1]?.replace(/\\(.)/g, '$1');
      return [pair.slice(0, at).trim().toLowerCase(), quoted ?? value];
    }),
  );
}

function saidIn(headers: IncomingMessage['headers'], header: PeerOptions['proxyHeader']): Said {
  const textOf = (name: string) => [headers[name] ?? []].flat().join(',');
  if (header === 'forwarded') {
    // At every comma, also inside quotes: a quote that the client left open must not swallow what the proxy added after it.
    const elements = textOf('forwarded').split(',').map(pairsIn);
    const nearest = elements.at(-1);
    return {
      hops: elements.map((pairs) => addressIn(pairs.get('for') ?? '')),
      scheme: nearest?.get('proto') ?? null,
      host: nearest?.get('host') ?? null,
    };
  }
  const listOf = (name: string) => {
    const text = textOf(name);
    return text === '' ? [] : text.split(',').map((part) => part.trim());
  };
  return {
    hops: listOf('x-forwarded-for').map(addressIn),
    scheme: listOf('x-forwarded-proto').at(-1) ?? null,
    host: listOf('x-forwarded-host').at(-1) ?? null,
  };
}

const saneId = /^[A-Za-z0-9._:-]{1,64}$/;
const traceparent = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;

function requestIdIn(headers: IncomingMessage['headers']): string | null {
  const given = headers['x-request-id'];
  if (typeof given === 'string' && saneId.test(given)) return given;
  const trace = headers.traceparent;
  return typeof trace === 'string' ? (traceparent.exec(trace)?.[1] ?? null) : null;
}

export function openPeers({ trustedProxies, proxyHeader }: PeerOptions): PeerOf {
  const trusts = openList(trustedProxies);
  return ({ socket, headers }) => {
    const own = plain(socket.remoteAddress ?? '');
    const encrypted = 'encrypted' in socket && socket.encrypted === true;
    const direct: Peer = {
      ip: own === '' ? null : own,
      scheme: encrypted ? 'https' : 'http',
      host: headers.host ?? '',
      proxied: false,
      requestId: null,
    };
    if (!trusts(own)) return trustedProxies.length === 0 && !encrypted ? { ...direct, scheme: null } : direct;
    const { hops, scheme, host } = saidIn(headers, proxyHeader);
    // From the right, each address was written by the one after it. The first that is not a trusted proxy’s is the client’s:
    // whatever stands further left came from the client itself.
    let ip: string | null = own;
    for (let at = hops.length - 1; at >= 0 && ip !== null && trusts(ip); at--) ip = hops[at] ?? null;
    const stated = scheme?.toLowerCase();
    return {
      ip,
      scheme: stated === 'http' || stated === 'https' ? stated : null,
      host: host ?? direct.host,
      proxied: true,
      requestId: requestIdIn(headers),
    };
  };
}
