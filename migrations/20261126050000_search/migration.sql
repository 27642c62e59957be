-- Indexes are made on the parent alone here, and on each partition by itself when the migrations are done: appends wait for
-- that of the newest month only.

-- The entry's folded texts, made by the server when it appends: PostgreSQL folds differently. Entries of before have none
-- until a server has filled it in; the index finds those, and is empty from then on.
ALTER TABLE "log_entry" ADD COLUMN "search" TEXT;
CREATE INDEX "log_entry_search_missing_idx" ON ONLY "log_entry"("organization_id", "recorded_at", "position") WHERE ("search" IS NULL);

-- Pages in the order of the source's clock.
CREATE INDEX "log_entry_organization_id_occurred_at_position_idx" ON ONLY "log_entry"("organization_id", "occurred_at", "position");

-- Which texts stand in 128 entries whose positions follow each other, from number * 128 on: numbers of what their texts
-- consist of, three characters at a time. An entry with a text is in a block that has all numbers of the text.
CREATE TABLE "search_block" (
    "organization_id" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "recorded_from" TIMESTAMPTZ(3) NOT NULL,
    "recorded_to" TIMESTAMPTZ(3) NOT NULL,
    "grams" INTEGER[],

    CONSTRAINT "search_block_pkey" PRIMARY KEY ("organization_id","number")
);
CREATE INDEX "search_block_grams_idx" ON "search_block" USING GIN ("grams");
-- Hashes do not compress.
ALTER TABLE "search_block" ALTER COLUMN "grams" SET STORAGE EXTERNAL;

-- The same as before, with the texts. A server of the version before calls the one without; its entries get theirs later.
CREATE FUNCTION append_log_entries(
  p_organization integer, p_now timestamptz, p_floor timestamptz,
  p_id uuid[], p_key text[], p_group integer[], p_occurred_at timestamptz[], p_action integer[],
  p_outcome smallint[], p_severity smallint[], p_actor_type smallint[], p_actor integer[], p_affected_user integer[],
  p_directory integer[], p_vault integer[], p_component text[], p_actor_name text[], p_actor_email text[],
  p_affected_user_name text[], p_affected_user_email text[], p_directory_name text[], p_vault_name text[],
  p_targets text[], p_target_ids text[], p_ip text[], p_user_agent text[], p_device text[], p_session text[],
  p_request text[], p_location text[], p_changes text[], p_metadata text[], p_salts bytea[], p_digest bytea[],
  p_search text[],
  OUT first_position bigint, OUT recorded_at timestamptz, OUT rights_version bigint, OUT generation integer,
  OUT repeated_ordinal integer[], OUT repeated_id uuid[]
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  v_floor timestamptz;
  v_last_position bigint;
  v_last timestamptz;
  v_held integer[] := '{}';
  v_stamp bytea;
BEGIN
  PERFORM require_read_committed();
  SELECT h.rights_version, h.generation, h.recorded_floor INTO append_log_entries.rights_version, append_log_entries.generation, v_floor
    FROM log_head h WHERE h.organization_id = p_organization FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'organization % has no log', p_organization USING ERRCODE = '02000';
  END IF;

  -- p_floor is a time at or before the newest entry that the caller knows of; it spares probing older partitions.
  SELECT e.position, e.recorded_at INTO v_last_position, v_last FROM log_entry e
    WHERE e.organization_id = p_organization AND e.recorded_at >= p_floor
    ORDER BY e.recorded_at DESC, e.position DESC LIMIT 1;
  IF NOT FOUND THEN
    SELECT e.position, e.recorded_at INTO v_last_position, v_last FROM log_entry e
      WHERE e.organization_id = p_organization ORDER BY e.recorded_at DESC, e.position DESC LIMIT 1;
  END IF;
  append_log_entries.first_position := coalesce(v_last_position + 1, 0);
  append_log_entries.recorded_at := greatest(p_now, v_last, v_floor);

  SELECT array_agg(i.ordinal::integer ORDER BY i.ordinal), array_agg(k.entry_id ORDER BY i.ordinal),
         array_agg(i.grp) FILTER (WHERE i.grp IS NOT NULL)
    INTO append_log_entries.repeated_ordinal, append_log_entries.repeated_id, v_held
    FROM unnest(p_key, p_group) WITH ORDINALITY AS i(key, grp, ordinal)
    -- One index probe per key, whatever the statistics say: a plan kept from when the table was small would read all of it.
    CROSS JOIN LATERAL (
      SELECT s.entry_id FROM idempotency_key s WHERE s.organization_id = p_organization AND s.key = i.key LIMIT 1
    ) k
    WHERE i.key IS NOT NULL;

  v_stamp := int8send((extract(epoch FROM append_log_entries.recorded_at) * 1000)::bigint);

  INSERT INTO log_entry (
    organization_id, position, recorded_at, occurred_at, id, action_id, outcome, severity, actor_type, actor_id,
    affected_user_id, directory_id, vault_id, component, actor_name, actor_email, affected_user_name,
    affected_user_email, directory_name, vault_name, targets, target_ids, ip, user_agent, device, session, request,
    location, changes, metadata, search, salts, digest, leaf)
  SELECT p_organization, n.position, append_log_entries.recorded_at, n.occurred_at,
    n.id, n.action_id, n.outcome, n.severity, n.actor_type, n.actor_id, n.affected_user_id, n.directory_id, n.vault_id, n.component, n.actor_name,
    n.actor_email, n.affected_user_name, n.affected_user_email, n.directory_name, n.vault_name, n.targets::jsonb,
    string_to_array(n.target_ids, E'\x1f'), n.ip::inet, n.user_agent, n.device, n.session, n.request, n.location,
    n.changes::jsonb, n.metadata::jsonb, n.search, n.salts, n.digest,
    sha256('\x00'::bytea || int8send(n.position) || v_stamp || n.digest)
  FROM (
    SELECT append_log_entries.first_position + row_number() OVER (ORDER BY i.ordinal) - 1 AS position, i.*
    FROM unnest(p_id, p_group, p_occurred_at, p_action, p_outcome, p_severity, p_actor_type, p_actor,
        p_affected_user, p_directory, p_vault, p_component, p_actor_name, p_actor_email, p_affected_user_name,
        p_affected_user_email, p_directory_name, p_vault_name, p_targets, p_target_ids, p_ip, p_user_agent, p_device,
        p_session, p_request, p_location, p_changes, p_metadata, p_salts, p_digest, p_search) WITH ORDINALITY
      AS i(id, grp, occurred_at, action_id, outcome, severity, actor_type, actor_id, affected_user_id,
        directory_id, vault_id, component, actor_name, actor_email, affected_user_name, affected_user_email,
        directory_name, vault_name, targets, target_ids, ip, user_agent, device, session, request, location, changes,
        metadata, salts, digest, search, ordinal)
    WHERE (append_log_entries.repeated_ordinal IS NULL OR i.ordinal <> ALL (append_log_entries.repeated_ordinal))
      AND (i.grp IS NULL OR v_held IS NULL OR i.grp <> ALL (v_held))
  ) AS n;

  INSERT INTO idempotency_key (organization_id, key, entry_id, recorded_at)
  SELECT p_organization, i.key, i.id, append_log_entries.recorded_at
    FROM unnest(p_key, p_id, p_group) WITH ORDINALITY AS i(key, id, grp, ordinal)
    WHERE i.key IS NOT NULL
      AND (append_log_entries.repeated_ordinal IS NULL OR i.ordinal <> ALL (append_log_entries.repeated_ordinal))
      AND (i.grp IS NULL OR v_held IS NULL OR i.grp <> ALL (v_held));
END $$;

-- Fills in the texts of entries that have none; no other entry, and nothing else of these, changes. How many it filled.
CREATE FUNCTION fill_search_texts(p_organization integer, p_recorded_at timestamptz[], p_position bigint[], p_search text[])
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_filled integer := 0;
BEGIN
  -- Row by row: each by the primary key, whatever the statistics say.
  FOR i IN 1 .. cardinality(p_position) LOOP
    UPDATE log_entry AS e SET search = p_search[i]
      WHERE e.organization_id = p_organization AND e.recorded_at = p_recorded_at[i] AND e.position = p_position[i]
        AND e.search IS NULL;
    IF FOUND THEN
      v_filled := v_filled + 1;
    END IF;
  END LOOP;
  RETURN v_filled;
END $$;

-- Adds blocks; one that is there is made anew. p_grams: an array literal for each.
CREATE FUNCTION add_search_blocks(
  p_organization integer, p_number integer[], p_from timestamptz[], p_to timestamptz[], p_grams text[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO search_block (organization_id, number, recorded_from, recorded_to, grams)
    SELECT p_organization, i.number, i.recorded_from, i.recorded_to, i.grams::integer[]
      FROM unnest(p_number, p_from, p_to, p_grams) AS i(number, recorded_from, recorded_to, grams)
      -- Everybody in one order: two servers that add the same wait for each other instead of deadlocking.
      ORDER BY i.number
    ON CONFLICT (organization_id, number) DO UPDATE
      SET recorded_from = excluded.recorded_from, recorded_to = excluded.recorded_to, grams = excluded.grams;
END $$;

-- Blocks that have all the grams, by the index on these and in no other way: PostgreSQL does not reckon with what it costs to
-- fetch the grams of a block, and would look at each. A gram of one organization is none of another's, but by chance.
CREATE FUNCTION search_candidates(p_organization integer, p_grams integer[])
RETURNS TABLE (number integer, recorded_from timestamptz, recorded_to timestamptz)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off SET enable_indexscan = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT b.number, b.recorded_from, b.recorded_to FROM search_block b
    WHERE b.grams @> p_grams AND b.organization_id + 0 = p_organization;
END $$;
