import pg from 'pg';
import { it } from 'vitest';
import { pageSql } from '../../src/store/statements/read.ts';
import { always, type Predicate } from '../../src/model/predicate.ts';
import { createDatabase } from '../support/database.ts';
import { fillLog } from './planData.ts';
const tail = `select h.rights_version, h.generation, null::timestamptz, null::int8, e.*
from log_head h left join lateral (
  select e.* from log_entry e
  where e.organization_id = $1 and e.recorded_at >= $2::timestamptz and (e.recorded_at, e.position) > ($2::timestamptz, $3::int8)
  order by e.recorded_at, e.position limit $4::int8
) e on true
where h.organization_id = $1 order by e.recorded_at, e.position`;
it('x', async () => {
  await using db = await createDatabase();
  const c = new pg.Client({connectionString: db.ownerUrl, options:'-c TimeZone=UTC -c jit=off'}); await c.connect();
  await fillLog(c);
  let made = 12;
  for (const target of [12,36,100]) {
    if (target > made) {
      await c.query(`select ensure_log_partitions(timestamptz '2024-01-01Z' - interval '${target-12} months', '2023-12-15Z')`);
      await c.query(`insert into log_entry (organization_id, position, recorded_at, occurred_at, id, action_id, outcome, severity, actor_type, actor_id, directory_id, target_ids, salts, digest, leaf)
        select 1, 0, t, t, gen_random_uuid(), 1, 0, 1, 0, 1 , 1, array['x'], '', '', '' from generate_series(timestamptz '2024-01-01Z' - interval '${target-12} months', timestamptz '2024-01-01Z' - interval '${made-12} months' - interval '1 minute', '3 hours') t`);
      await c.query('vacuum analyze'); made = target;
    }
    const place = {recordedAt: Date.UTC(2024,2,10), position: 32000};
    const recent = {recordedAt: Date.UTC(2024,9,28), position: 32000};
    const cases: [string, {text:string, values: unknown[]}][] = [
      ['first', pageSql({organization:1,predicate:always,direction:'DESC',after:null,before:null,limit:51})],
      ['deep', pageSql({organization:1,predicate:always,direction:'DESC',after:null,before:place,limit:51})],
      ['actor', pageSql({organization:1,predicate:{op:'in',field:'actor',values:new Set([7])},direction:'DESC',after:null,before:null,limit:51})],
      ['dirs100', pageSql({organization:1,predicate:{op:'in',field:'directory',values:new Set(Array.from({length:100},(_,i)=>i+1))},direction:'DESC',after:null,before:null,limit:51})],
      ['tail recent', {text: tail, values: [1, new Date(recent.recordedAt).toISOString(), 1000, 500]}],
      ['tail end', {text: tail, values: [1, new Date(Date.UTC(2024,9,31)).toISOString(), 1e6, 500]}],
    ];
    for (const [name, q] of cases) {
      const out: string[] = [];
      for (const mode of ['unnamed','auto','force_custom_plan','force_generic_plan']) {
        const k = new pg.Client({connectionString: db.ownerUrl, options:'-c TimeZone=UTC -c jit=off' + (mode.startsWith('force') ? ` -c plan_cache_mode=${mode}`:'')}); await k.connect();
        const run = () => k.query({text: q.text, values: q.values, rowMode:'array', ...(mode==='unnamed'?{}:{name: 'q'})});
        for (let i=0;i<30;i++) await run();
        const N=300, ts:number[]=[];
        for (let i=0;i<N;i++){const t=performance.now(); await run(); ts.push(performance.now()-t);}
        ts.sort((a,b)=>a-b);
        const g = mode==='unnamed'?null:(await k.query('select generic_plans, custom_plans from pg_prepared_statements where name=$1',['q'])).rows[0];
        out.push(`${mode} ${ts[N/2]!.toFixed(2)} ms${mode==='auto'?` (generic ${g.generic_plans} custom ${g.custom_plans})`:''}`);
        await k.end();
      }
      console.log(`${target} partitions, ${name}: ${out.join(' | ')}`);
    }
    for (const mode of ['force_custom_plan','force_generic_plan']) {
      await c.query(`set plan_cache_mode=${mode}`);
      await c.query(`prepare e as ${pageSql({organization:1,predicate:always,direction:'DESC',after:null,before:null,limit:51}).text}`);
      let p=9e9,e=9e9;
      for (let i=0;i<20;i++){ const r=(await c.query(`explain (analyze, timing off, format json) execute e(1, 51)`)).rows[0]['QUERY PLAN'][0]; p=Math.min(p,r['Planning Time']); e=Math.min(e,r['Execution Time']); }
      console.log(`${target} ${mode} planning ${p} execution ${e}`);
      await c.query('deallocate e');
    }
  }
  await c.end();
}, 200000);
