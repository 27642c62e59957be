import { always } from '../../model/predicate.ts';
import { toSql } from '../predicate-sql.ts';
import { entryColumns } from '../row.ts';
import { frameOf, limitOf, type PageWriter } from './page.ts';

/**
 * The longest page, as a number in the text: where the limit is a parameter alone, a plan for any values reckons with a
 * tenth of the log, and PostgreSQL would find planning each run cheaper, always.
 */
const longestPage = 501;

/** The condition as it stands; PostgreSQL chooses how. */
export const plainPage: PageWriter = (request, parameters) => {
  const { within, order } = frameOf(request, always, parameters);
  const limit = limitOf(request, parameters);
  const longest = Math.max(longestPage, Math.ceil(request.limit));
  const condition = toSql(request.predicate, parameters);
  return {
    text: `select * from (select ${entryColumns} from log_entry e where ${within} and ${condition}
      ${order('e')} limit ${longest}) e ${order('e')} limit ${limit}`,
    planEach: parameters.hasList,
  };
};
