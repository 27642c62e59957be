import pg from 'pg';
import { afterAll, beforeAll, it } from 'vitest';
import { pageSql, countSql } from '../../src/store/statements/read.ts';
import { always, type Predicate, type PredicateField } from '../../src/model/predicate.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { explain } from './explain.ts';
import { fillLog } from './planData.ts';
let db: TestDatabase; let c: pg.Client;
beforeAll(async () => { db = await createDatabase(); c = new pg.Client({connectionString: db.ownerUrl, options:'-c TimeZone=UTC -c jit=off'}); await c.connect(); const t=Date.now(); await fillLog(c); console.log('fill', Date.now()-t, (await c.query("select count(*), min(recorded_at), max(recorded_at), pg_size_pretty(pg_database_size(current_database())) from log_entry")).rows); }, 120000);
afterAll(async () => { await c.end(); await db[Symbol.asyncDispose](); });
const inn = (field: PredicateField, ...v: (string|number)[]): Predicate => ({op:'in', field, values: new Set(v)});
const range = (a:number,b:number,s=1)=>Array.from({length:Math.floor((b-a)/s)+1},(_,i)=>a+i*s);
const cases: Record<string, Predicate> = {
 all: always, busyActor: inn('actor',1000), quietActor: inn('actor',7), twoActors: inn('actor',7,9), action: inn('action',5), category: inn('action',...range(1,20)),
 dir1: inn('directory',5), dirFew: inn('directory',5,6,7), dirMany: inn('directory',...range(1,100)), dirQuiet: inn('directory',...range(1001,3000)),
 affected: inn('affectedUser',7), target: inn('targetId','item-77'), 
 own: {op:'or', of:[inn('directory',5,6,7), inn('actor',7), inn('affectedUser',7)]},
 notActor: {op:'not', of: inn('actor',1000)},
 acActDir: {op:'and', of:[inn('action',5), inn('actor',7), inn('directory',...range(1,100))]},
};
it('x', async () => {
 for (const [n,p] of Object.entries(cases)) for (const kind of ['custom','generic'] as const) {
  const first = await explain(c, pageSql({organization:1,predicate:p,direction:'DESC',after:null,before:null,limit:51}), kind);
  const deep = await explain(c, pageSql({organization:1,predicate:p,direction:'DESC',after:null,before:{recordedAt:Date.UTC(2024,2,10),position:32000},limit:51}), kind);
  console.log(`== ${n} ${kind} first ${first.buffers}\n${first.shape}\n-- deep ${deep.buffers} ${deep.shape===first.shape?'':'\n'+deep.shape}`);
 }
 for (const [n,p] of Object.entries({all: always, dirMany: cases.dirMany!, actor: cases.quietActor!})) for (const kind of ['custom','generic'] as const) {
  const x = await explain(c, countSql(1,p,10001), kind); console.log('== count',n,kind,x.buffers,'\n'+x.shape);
 }
}, 120000);
