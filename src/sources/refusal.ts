import type { ErrorCode } from '../errors.ts';

/** Why a line became no entry, and what would be right. */
export interface Refusal {
  readonly refusal: { readonly code: ErrorCode; readonly message: string; readonly cure: string };
}

export function refuse(message: string, cure: string, code: ErrorCode = 'ENTRY_INVALID'): Refusal {
  return { refusal: { code, message, cure } };
}
