/** Whether a token may be used from where it came. */
import { isIP } from 'node:net';
import { AnnalsError } from '../errors.ts';
import { inNetworks, type Network, normalizeIp, parseNetwork } from '../model/ip.ts';
import type { Origin } from './auth.ts';

/** Lists of networks that are remembered as numbers. */
const mostKnown = 1000;

/** Throws ADDRESS_NOT_ALLOWED from outside all of the networks, and from an address that is not known. */
export function openNetworkCheck(): (networks: readonly string[], from: Origin) => void {
  const known = new Map<string, readonly Network[]>();
  const numbersOf = (networks: readonly string[]): readonly Network[] => {
    const key = networks.join(' ');
    const found = known.get(key);
    if (found !== undefined) return found;
    // Written in their one form: there is none that cannot be read.
    const read = networks.map(parseNetwork).flatMap((one) => ('problem' in one ? [] : [one]));
    if (known.size >= mostKnown) known.clear();
    known.set(key, read);
    return read;
  };
  return (networks, { ip }) => {
    if (networks.length === 0) return;
    if (ip === null || isIP(ip) === 0) {
      throw new AnnalsError('ADDRESS_NOT_ALLOWED', {
        message: 'This token is bound to networks, and where it came from is not known.',
        cure: 'Let the proxy in front of Annals name its client; docs/operations.md says how.',
      });
    }
    const address = normalizeIp(ip);
    if (inNetworks(address, numbersOf(networks))) return;
    throw new AnnalsError('ADDRESS_NOT_ALLOWED', { message: `This token may not be used from ${address}.` });
  };
}
