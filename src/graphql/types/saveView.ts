/** How saved views are made, changed and deleted. */
import type { ViewInput, ViewPeriod } from '../../administration/administration.ts';
import { AnnalsError } from '../../errors.ts';
import type { Json } from '../../model/entry.ts';
import { builder } from '../builder.ts';
import { callerWith, needs } from '../guard.ts';
import { viewUuid } from '../ids.ts';
import { SavedViewRef } from '../refs.ts';
import { RecentPeriodRef } from './filterConditions.ts';
import { LogOrderRef } from './logConnection.ts';
import { LogFilterRef } from './logFilter.ts';
import { LogColumnRef } from './savedView.ts';
import { LogTimeRef } from './statistics.ts';

const PeriodInputRef = builder.inputType('ViewPeriodInput', {
  description: 'The period of a view: all members together must hold; a missing one is open.',
  fields: (t) => ({
    time: t.field({ type: LogTimeRef, defaultValue: 'recordedAt', description: 'Which time lies in it.' }),
    gte: t.field({ type: 'DateTime', description: 'This or later; inclusive.' }),
    lt: t.field({ type: 'DateTime', description: 'Earlier than this; exclusive.' }),
    within: t.field({
      type: RecentPeriodRef,
      description: 'In the last minutes, days or months, counted anew whenever the view is used.',
    }),
  }),
});

const SaveViewInputRef = builder.inputType('SaveViewInput', {
  description: 'A whole view: what is left out has its default, whatever it was before.',
  fields: (t) => ({
    id: t.id({ description: 'The view to change. Left out: your view of this name, or a new one.' }),
    name: t.string({ required: true, description: 'Its name, 1 to 500 characters.' }),
    description: t.string({ description: 'What it is for.' }),
    filter: t.field({
      type: LogFilterRef,
      description: 'Which entries; all without it. Up to 16,000 characters of JSON.',
    }),
    period: t.field({ type: PeriodInputRef, description: 'When; any time without it.' }),
    order: t.field({ type: LogOrderRef, description: 'How its pages are ordered; newest first without it.' }),
    columns: t.field({
      type: [LogColumnRef],
      description: 'Which columns, in their order; left to who reads without them.',
    }),
    sharedWith: t.stringList({
      description:
        'Keys of roles whose members find it, too; none for a private view. Needs MANAGE_ROLES, and no role beyond your own.',
    }),
  }),
});

/** In the order of the filter language, without what is not stated. */
function periodOf(input: typeof PeriodInputRef.$inferInput | null | undefined): ViewPeriod | null {
  if (!input) return null;
  const { time, ...rest } = input;
  const stated = Object.entries(rest).filter(([, value]) => value !== null && value !== undefined);
  return { time: time ?? 'recordedAt', condition: Object.fromEntries(stated) as Json };
}

function inputOf(input: typeof SaveViewInputRef.$inferInput): ViewInput {
  const { id, name, description, filter, period, order, columns, sharedWith } = input;
  const uuid = typeof id === 'string' ? viewUuid(id) : undefined;
  if (uuid === null) throw new AnnalsError('VIEW_NOT_FOUND', { path: 'id' });
  return {
    ...(uuid === undefined ? {} : { id: uuid }),
    name,
    description,
    // Coerced from JSON, with members that JSON can have.
    filter: (filter ?? null) as Json,
    period: periodOf(period),
    ...(order ? { order: { field: order.field ?? 'RECORDED_AT', direction: order.direction ?? 'DESC' } } : {}),
    columns,
    sharedWith,
  };
}

builder.mutationFields((t) => ({
  saveView: t.field({
    ...needs('READ'),
    type: SavedViewRef,
    description:
      'Makes a view, or replaces what it was. Repeating it changes nothing more. Up to 200 views belong to a person; a credential that stands for none has none.',
    args: { input: t.arg({ type: SaveViewInputRef, required: true, description: 'The view.' }) },
    resolve: (_, { input }, context) =>
      context.services.administration.saveView(callerWith(context, 'READ'), inputOf(input)),
  }),
  deleteView: t.boolean({
    ...needs('READ'),
    description:
      'Deletes your view, or with MANAGE_ROLES one that is shared with roles within your own. Answers whether there was one.',
    args: { id: t.arg.id({ required: true, description: 'Its id, `view:<uuid>`, or the bare UUID.' }) },
    resolve: (_, { id }, context) => {
      const principal = callerWith(context, 'READ');
      const uuid = viewUuid(id);
      return uuid === null ? false : context.services.administration.deleteView(principal, uuid);
    },
  }),
}));
