import type { EntryInput } from '../../model/entry.ts';
import { after, historyDays } from '../clock.ts';
import type { Person } from '../people.ts';
import { atDesk, atHome, by, type Stage } from '../scene.ts';
import { type Item, newFolder } from '../vaults.ts';
import { type Moment, passworkAct } from './acts.ts';
import { administration, enpassAct } from './enpassActs.ts';

/** Hour at which a shift starts on the wall clock; every shift lasts eight hours. */
const controlShifts = [6, 6, 14, 14, 22, 22, null, null] as const;

/** Scales everybody’s diligence so that 90 days hold about 3,500 entries. */
const attendance = 0.76;

/** What everybody does on ordinary days, from the first day to `now`. */
export function routine(stage: Stage): void {
  const control = stage.cast.people.filter((person) => person.shift === 'CONTROL');
  for (let day = -historyDays; day <= 0; day += 1) {
    for (const person of stage.cast.people) {
      if (day < person.firstDay || day > person.lastDay || !stage.random.chance(person.diligence * attendance))
        continue;
      const hour =
        person.shift === 'CONTROL'
          ? controlShifts[(historyDays + day + 2 * control.indexOf(person)) % controlShifts.length]
          : officeHour(stage, day);
      if (typeof hour === 'number') workDay(stage, person, day, hour);
    }
  }
}

/** Nine hours from seven, eight or nine o’clock; on few weekends somebody looks in from home. */
function officeHour({ clock, random }: Stage, day: number): number | null {
  if (clock.isWeekend(day)) return random.chance(0.03) ? random.between(10, 16) : null;
  return random.weighted([
    [2, 7],
    [5, 8],
    [3, 9],
  ]);
}

function workDay(stage: Stage, person: Person, day: number, hour: number): void {
  const { clock, random } = stage;
  const fromHome = person.shift === 'OFFICE' && (clock.isWeekend(day) || random.chance(0.25));
  const origin = (fromHome ? atHome : atDesk)(person, random.hex(16));
  const exists = (item: Item) => item.directory.externalId !== newFolder.id || day > newFolder.day;
  const colleagues = stage.cast.people.filter((other) => day >= other.firstDay && day <= other.lastDay);
  const moment: Moment = { person, origin, colleagues, cast: stage.cast, random, exists };
  let at = clock.at(day, hour, random.between(0, 55), person.zone);
  const tell = (entries: readonly EntryInput[]) => {
    for (const entry of entries) {
      at = after(at, 0, random.between(8, 70));
      stage.add(at, entry);
    }
  };

  if (random.chance(0.25)) tell(enpassAct(moment));
  if (random.chance(0.05)) tell([mistypedPassword(moment)]);
  tell([{ action: 'passwork.session_started', ...by(person, origin) }]);
  for (
    let acts = random.weighted([
      [5, 1],
      [4, 2],
      [2, 3],
    ]);
    acts > 0;
    acts -= 1
  ) {
    at = after(at, random.between(2, 110));
    tell(ordinary(moment));
  }
  const ending = random.fraction();
  at = after(at, random.between(5, 60));
  if (ending < 0.25) tell([{ action: 'passwork.session_finished', ...by(person, origin) }]);
  else if (ending < 0.35) tell([{ action: 'passwork.session_expired', ...by(person, origin) }]);
}

/** A sign-in that fails has no session yet. */
export function mistypedPassword({ person, origin }: Moment): EntryInput {
  const { session: _, ...where } = origin;
  return { action: 'passwork.user_auth_failed', ...by(person, where) };
}

/** One ordinary thing this person does while signed in. */
export function ordinary(moment: Moment): readonly EntryInput[] {
  const { person, random, cast } = moment;
  if (cast.group('group-it').memberIds.includes(person.externalId) && random.chance(0.25))
    return administration(moment);
  if (cast.itemsOf(person, 'ENPASS').length > 0 && random.chance(0.45)) return enpassAct(moment);
  return passworkAct(moment);
}
