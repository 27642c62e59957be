import { after } from '../clock.ts';
import { enpass } from '../enpass.ts';
import { by, changing, inEnpass, inVault, type Stage } from '../scene.ts';

/**
 * Three days ago: after a change of the office proxy, one laptop in Toronto cannot check the certificate any more and the
 * Sales vault stops synchronizing, eight times in two and a half hours, until its owner corrects the proxy.
 */
export function syncFailure({ cast, clock, random, add }: Stage): void {
  const person = cast.person('darnell.brooks');
  const laptop = by(person, inEnpass(person));
  const vault = inVault(cast.directory('vault-sales'));
  let at = clock.at(clock.workday(-3), 9, 12, person.zone);
  add(at, {
    action: enpass.sslValidationFailed,
    ...laptop,
    metadata: { host: `sync.northwind-rail.example`, error: 'self-signed certificate in chain' },
  });
  for (let failure = 1; failure <= 8; failure += 1) {
    at = after(at, failure === 1 ? 0 : 20, random.between(5, 50));
    add(at, { action: enpass.vaultSyncFailed, ...laptop, ...vault, metadata: { consecutiveFailures: failure } });
  }
  add(after(at, 9), {
    action: enpass.proxyModified,
    ...laptop,
    ...changing('proxy', 'proxy-old.corp.northwind-rail.example:3128', 'proxy.corp.northwind-rail.example:3128'),
  });
  add(after(at, 11), { action: enpass.vaultBackedUp, ...laptop, ...vault });
}
