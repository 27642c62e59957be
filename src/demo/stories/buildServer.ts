import { after } from '../clock.ts';
import { buildToken, leavesOn } from '../people.ts';
import { atDesk, by, onItem, type Part, type Stage } from '../scene.ts';

const server: Part = {
  actor: buildToken,
  component: 'api',
  ip: '10.20.50.12',
  userAgent: 'northwind-deploy/4.2 (build server)',
};
const secrets = ['item-container-registry-push', 'item-timetable-signing-key', 'item-ticketing-db-migration-user'];

/**
 * The build server reads deployment secrets through the API since an engineer generated its tokens eleven weeks ago. The
 * tokens are replaced after the off-boarding; four weeks before, one release train failed for want of a right.
 */
export function buildServer(stage: Stage): void {
  const { cast, clock, random, add } = stage;
  const engineer = cast.person('yusuf.demir');
  const desk = (): Part => by(engineer, atDesk(engineer, random.hex(16)));
  const tokens = { metadata: { token: buildToken.name, scope: 'read' } };
  const begun = clock.workday(-77);
  add(clock.at(begun, 14, 22, engineer.zone), { action: 'passwork.user_api_tokens_generated', ...desk(), ...tokens });

  for (let day = begun + 1; day <= 0; day += 1) {
    if (clock.isWeekend(day)) continue;
    for (const hour of random.sample([10, 11, 14, 16], random.between(1, 2))) deploy(stage, day, hour);
  }

  const denied = clock.at(clock.workday(-52), 15, 3, engineer.zone);
  for (const minutes of [0, 5, 15]) {
    add(after(denied, minutes), {
      action: 'passwork.item_viewed',
      ...server,
      ...onItem(cast.item('item-payment-gateway-key')),
      outcome: 'DENIED',
      metadata: { pipeline: 'ticketing-web', attempt: minutes === 0 ? 1 : minutes === 5 ? 2 : 3 },
    });
  }

  const rotation = clock.at(clock.workday(leavesOn + 3), 11, 40, engineer.zone);
  const session = desk();
  add(rotation, { action: 'passwork.user_api_tokens_revoked', ...session, ...tokens });
  add(after(rotation, 1), { action: 'passwork.user_api_tokens_generated', ...session, ...tokens });
}

function deploy({ cast, clock, random, add }: Stage, day: number, hour: number): void {
  const at = clock.at(day, hour, random.between(0, 59), 'Europe/Amsterdam');
  const pipeline = random.pick(['timetable-api', 'ticketing-web', 'passenger-information']);
  for (const [index, id] of random.sample(secrets, 2).entries()) {
    add(after(at, 0, index * 2), {
      action: 'passwork.item_viewed',
      ...server,
      ...onItem(cast.item(id)),
      metadata: { pipeline },
    });
  }
}
