import { builtOperation, type Client, findServer, openClient } from '../client.ts';
import type { CommandInput, Given } from '../command.ts';
import { filterOf } from '../filterOptions.ts';
import type { LogFilter } from '../generated/graphql.ts';
import { has, oneOf, operandsOf, text, usage, wholeNumber } from '../options.ts';
import { jsonLine } from '../output.ts';
import { paintFor } from '../show.ts';
import {
  dimensionsOf,
  groupsToldApart,
  type StatisticsInterval,
  statisticsIntervals,
  statisticsTimes,
} from '../statisticsOptions.ts';
import { type AskedStatistics, type Statistics, statisticsTable } from '../statisticsTable.ts';
import { throughView, viewOf } from '../view.ts';

interface Variables {
  readonly interval: Uppercase<StatisticsInterval> | null;
  readonly groupBy: readonly string[] | null;
  readonly timeZone: string | null;
  readonly time: 'RECORDED_AT' | 'OCCURRED_AT' | null;
  readonly top: number;
}

/** Counting actors costs more and is asked for where it is wanted: a directive would not spare the server. */
async function ask(
  client: Client,
  actors: boolean,
  variables: Variables & { readonly filter: LogFilter | null },
): Promise<Statistics> {
  const distinct = actors ? ' distinctActors' : '';
  const tally = `count${distinct} firstSeen lastSeen`;
  const bucket = `buckets { start end count${distinct} }`;
  const operation = builtOperation<{ readonly logStatistics: Statistics }, typeof variables>(
    'query ($filter: LogFilter, $interval: Interval, $groupBy: [LogDimension!], $timeZone: String, $time: LogTime, $top: Int) { ' +
      'logStatistics(filter: $filter, interval: $interval, groupBy: $groupBy, timeZone: $timeZone, time: $time, top: $top) { ' +
      `total${distinct} firstSeen lastSeen time timeZone ${bucket} ` +
      `groups { keys { dimension value name } ${tally} ${bucket} } rest { groups ${tally} ${bucket} } } }`,
  );
  return (await client.request(operation, variables)).logStatistics;
}

function readOptions(options: Given): { readonly asked: AskedStatistics; readonly variables: Variables } {
  const interval = oneOf(options, 'interval', statisticsIntervals) ?? null;
  const dimensions = dimensionsOf(options);
  const top = wholeNumber(options, 'top', 0, groupsToldApart.most);
  const zone = text(options, 'zone');
  const time = oneOf(options, 'time', statisticsTimes);
  if (top !== undefined && dimensions.length === 0)
    throw usage('--top needs --by.', 'Say by what, such as --by action.');
  if (zone !== undefined && interval === null)
    throw usage('--zone needs --interval.', 'Add --interval day, or the like.');
  return {
    asked: { interval, dimensions, actors: has(options, 'actors') },
    variables: {
      interval: interval === null ? null : (interval.toUpperCase() as Uppercase<StatisticsInterval>),
      groupBy: dimensions.length === 0 ? null : dimensions.map(({ dimension }) => dimension),
      timeZone: interval === null ? null : (zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone),
      time: time === undefined ? null : time === 'recorded' ? 'RECORDED_AT' : 'OCCURRED_AT',
      top: top ?? (interval === null ? groupsToldApart.list : groupsToldApart.columns),
    },
  };
}

export async function runStatistics({ config, options, operands, out }: CommandInput): Promise<number> {
  operandsOf(operands, 0, 'statistics takes no operands; options say what is counted.');
  const { asked, variables } = readOptions(options);
  const own = filterOf(options, Date.now());
  // What is wrong with the options is said before a server is asked.
  const paint = paintFor(options, config, out);
  const client = openClient(await findServer(config, 'AUDITOR'));
  const filter = throughView(await viewOf(client, options), own);
  const found = await ask(client, asked.actors, { ...variables, filter });
  if (has(options, 'json')) await out.write(jsonLine(found));
  else if (found.total > 0) await out.write(statisticsTable(found, asked, paint));
  if (found.total === 0) process.stderr.write('No entries match.\n');
  return 0;
}
