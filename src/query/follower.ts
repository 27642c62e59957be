/** Keeps the cells of statistics: a follower of every log. */
import { AnnalsError } from '../errors.ts';
import type { Follower } from '../log/log.ts';
import { statisticsFollowerName } from '../store/store.ts';

/** A step is one statement. So many entries take well under a second, and leave the database to others in between. */
const mostEntries = 5000;
const fewestEntries = 100;

/** A database on which a step takes longer than a statement may is given shorter ones. */
export function openStatisticsFollower(): Follower {
  let entries = mostEntries;
  return {
    name: statisticsFollowerName,
    async step(organization, after, statements) {
      try {
        return await statements.rollUpEntries(organization, after, entries);
      } catch (error) {
        if (error instanceof AnnalsError && error.code === 'STATEMENT_TIMEOUT') {
          entries = Math.max(fewestEntries, Math.floor(entries / 2));
        }
        throw error;
      }
    },
  };
}
