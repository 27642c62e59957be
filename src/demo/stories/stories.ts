import type { Stage } from '../scene.ts';
import { accountTakeover } from './accountTakeover.ts';
import { buildServer } from './buildServer.ts';
import { campaign } from './campaign.ts';
import { ldapRollout } from './ldapRollout.ts';
import { lostPhone } from './lostPhone.ts';
import { nightExport } from './nightExport.ts';
import { offboarding } from './offboarding.ts';
import { onboarding } from './onboarding.ts';
import { passwordSpray } from './passwordSpray.ts';
import { recovery } from './recovery.ts';
import { syncFailure } from './syncFailure.ts';
import { vendorAccess } from './vendorAccess.ts';

/** Every dated story, the longest ago first. Each tells all of its entries onto the stage. */
export const stories: readonly ((stage: Stage) => void)[] = [
  buildServer,
  ldapRollout,
  vendorAccess,
  onboarding,
  campaign,
  offboarding,
  lostPhone,
  passwordSpray,
  recovery,
  accountTakeover,
  nightExport,
  syncFailure,
];
