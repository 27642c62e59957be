/** Limits on requests, as HTTP tells them: the draft “RateLimit header fields for HTTP” of the IETF. */
import type { ServerResponse } from 'node:http';
import type { Admission } from '../limits/limits.ts';

/** Says what is left, also where that is nothing; then throws what refuses the request. */
export function admitRequest(response: Pick<ServerResponse, 'setHeader'>, admission: Admission | null): void {
  if (admission === null) return;
  const { rates, refused } = admission;
  const list = (item: (rate: (typeof rates)[number]) => string) => rates.map(item).join(', ');
  response.setHeader(
    'ratelimit-policy',
    list(({ scope, quota, windowSeconds }) => `"${scope}";q=${quota};w=${windowSeconds}`),
  );
  response.setHeader(
    'ratelimit',
    list(({ scope, remaining, resetSeconds }) => `"${scope}";r=${remaining};t=${resetSeconds}`),
  );
  if (refused !== null) throw refused;
}
