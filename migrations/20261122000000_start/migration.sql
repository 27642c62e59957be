-- CreateEnum
CREATE TYPE "actor_type" AS ENUM ('MEMBER', 'SYSTEM', 'TOKEN', 'ANONYMOUS');
CREATE TYPE "member_status" AS ENUM ('ACTIVE', 'SUSPENDED', 'REMOVED');
CREATE TYPE "directory_kind" AS ENUM ('VAULT', 'FOLDER');
CREATE TYPE "visibility_scope" AS ENUM ('ALL', 'GRANTED', 'NONE');
CREATE TYPE "access_level" AS ENUM ('READ', 'EDIT', 'FULL_ACCESS', 'ADMINISTRATOR');

-- CreateTable
CREATE TABLE "organization" (
    "id" SERIAL NOT NULL,
    "uid" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "demo" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "organization_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "log_head" (
    "organization_id" INTEGER NOT NULL,
    "rights_version" BIGINT NOT NULL DEFAULT 0,
    "generation" INTEGER NOT NULL DEFAULT 0,
    "recorded_floor" TIMESTAMPTZ(3) NOT NULL DEFAULT '1970-01-01 00:00:00+00'::timestamp with time zone,

    CONSTRAINT "log_head_pkey" PRIMARY KEY ("organization_id")
);

CREATE TABLE "actor" (
    "id" SERIAL NOT NULL,
    "organization_id" INTEGER NOT NULL,
    "type" "actor_type" NOT NULL,
    "external_id" TEXT NOT NULL,
    "name" TEXT,
    "email" TEXT,

    CONSTRAINT "actor_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "member" (
    "id" SERIAL NOT NULL,
    "organization_id" INTEGER NOT NULL,
    "external_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT,
    "role" TEXT,
    "status" "member_status" NOT NULL DEFAULT 'ACTIVE',
    "actor_id" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "member_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "member_group" (
    "id" SERIAL NOT NULL,
    "organization_id" INTEGER NOT NULL,
    "external_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "member_group_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "group_membership" (
    "group_id" INTEGER NOT NULL,
    "member_id" INTEGER NOT NULL,

    CONSTRAINT "group_membership_pkey" PRIMARY KEY ("group_id","member_id")
);

CREATE TABLE "directory" (
    "id" SERIAL NOT NULL,
    "organization_id" INTEGER NOT NULL,
    "external_id" TEXT NOT NULL,
    "kind" "directory_kind" NOT NULL,
    "name" TEXT,
    "parent_id" INTEGER,

    CONSTRAINT "directory_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "directory_grant" (
    "id" SERIAL NOT NULL,
    "organization_id" INTEGER NOT NULL,
    "directory_id" INTEGER NOT NULL,
    "member_id" INTEGER,
    "group_id" INTEGER,
    "level" "access_level" NOT NULL,

    CONSTRAINT "directory_grant_pkey" PRIMARY KEY ("id"),
    -- A grant belongs to exactly one subject.
    CONSTRAINT "directory_grant_subject" CHECK (num_nonnulls("member_id", "group_id") = 1)
);

CREATE TABLE "role" (
    "id" SERIAL NOT NULL,
    "organization_id" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "permissions" TEXT[],
    "categories" TEXT[],
    "all_categories" BOOLEAN NOT NULL,
    "scope" "visibility_scope" NOT NULL,
    "minimum_access_level" "access_level" NOT NULL,
    "own_activity" BOOLEAN NOT NULL,
    "hidden_fields" TEXT[],

    CONSTRAINT "role_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "api_token" (
    "id" UUID NOT NULL,
    "organization_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "prefix" TEXT NOT NULL,
    "member_id" INTEGER,
    "role" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_token_pkey" PRIMARY KEY ("id"),
    -- A token acts as a member or has a role of its own.
    CONSTRAINT "api_token_subject" CHECK (num_nonnulls("member_id", "role") = 1)
);

CREATE TABLE "action_number" (
    "id" SERIAL NOT NULL,
    "key" TEXT NOT NULL,

    CONSTRAINT "action_number_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "server_key" (
    "purpose" TEXT NOT NULL,
    "number" SMALLINT NOT NULL,
    "secret" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "server_key_pkey" PRIMARY KEY ("purpose","number")
);

CREATE TABLE "log_entry" (
    "organization_id" INTEGER NOT NULL,
    "position" BIGINT NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "id" UUID NOT NULL,
    "action_id" INTEGER NOT NULL,
    "outcome" SMALLINT NOT NULL,
    "severity" SMALLINT NOT NULL,
    "actor_type" SMALLINT NOT NULL,
    "actor_id" INTEGER,
    "affected_user_id" INTEGER,
    "directory_id" INTEGER,
    "vault_id" INTEGER,
    "component" TEXT,
    "actor_name" TEXT,
    "actor_email" TEXT,
    "affected_user_name" TEXT,
    "affected_user_email" TEXT,
    "directory_name" TEXT,
    "vault_name" TEXT,
    "targets" JSONB,
    "target_ids" TEXT[],
    "ip" INET,
    "user_agent" TEXT,
    "device" TEXT,
    "session" TEXT,
    "request" TEXT,
    "location" TEXT,
    "changes" JSONB,
    "metadata" JSONB,
    "salts" BYTEA NOT NULL,
    "digest" BYTEA NOT NULL,
    "leaf" BYTEA NOT NULL,

    CONSTRAINT "log_entry_pkey" PRIMARY KEY ("organization_id","recorded_at","position")
) PARTITION BY RANGE ("recorded_at");

CREATE TABLE "idempotency_key" (
    "organization_id" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "entry_id" UUID NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("organization_id","key")
);

CREATE TABLE "access_window" (
    "organization_id" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "actor_type" "actor_type" NOT NULL,
    "actor_external_id" TEXT NOT NULL,
    "window_start" TIMESTAMPTZ(3) NOT NULL,
    "window_end" TIMESTAMPTZ(3) NOT NULL,
    "server_id" UUID NOT NULL,
    "actor_name" TEXT NOT NULL,
    "operation" TEXT NOT NULL,
    "operations" INTEGER NOT NULL,
    "entries" INTEGER NOT NULL,
    "repeated" BOOLEAN NOT NULL,
    "last_seen" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "access_window_pkey" PRIMARY KEY ("organization_id","kind","actor_type","actor_external_id","window_start","window_end","server_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "organization_uid_key" ON "organization"("uid");
CREATE UNIQUE INDEX "organization_name_key" ON "organization"("name");
CREATE UNIQUE INDEX "actor_organization_id_type_external_id_key" ON "actor"("organization_id", "type", "external_id");
CREATE UNIQUE INDEX "member_actor_id_key" ON "member"("actor_id");
CREATE UNIQUE INDEX "member_organization_id_external_id_key" ON "member"("organization_id", "external_id");
CREATE UNIQUE INDEX "member_group_organization_id_external_id_key" ON "member_group"("organization_id", "external_id");
CREATE INDEX "group_membership_member_id_idx" ON "group_membership"("member_id");
CREATE UNIQUE INDEX "directory_organization_id_external_id_key" ON "directory"("organization_id", "external_id");
CREATE INDEX "directory_parent_id_idx" ON "directory"("parent_id");
CREATE UNIQUE INDEX "directory_grant_directory_id_member_id_group_id_key" ON "directory_grant"("directory_id", "member_id", "group_id") NULLS NOT DISTINCT;
CREATE INDEX "directory_grant_organization_id_idx" ON "directory_grant"("organization_id");
CREATE INDEX "directory_grant_member_id_idx" ON "directory_grant"("member_id");
CREATE INDEX "directory_grant_group_id_idx" ON "directory_grant"("group_id");
CREATE UNIQUE INDEX "role_organization_id_key_key" ON "role"("organization_id", "key");
CREATE UNIQUE INDEX "api_token_hash_key" ON "api_token"("hash");
CREATE INDEX "api_token_organization_id_idx" ON "api_token"("organization_id");
CREATE UNIQUE INDEX "action_number_key_key" ON "action_number"("key");
CREATE INDEX "log_entry_organization_id_id_idx" ON "log_entry"("organization_id", "id");
CREATE INDEX "log_entry_organization_id_action_id_recorded_at_position_idx" ON "log_entry"("organization_id", "action_id", "recorded_at", "position");
CREATE INDEX "log_entry_organization_id_actor_id_recorded_at_position_idx" ON "log_entry"("organization_id", "actor_id", "recorded_at", "position");
CREATE INDEX "log_entry_organization_id_directory_id_recorded_at_position_idx" ON "log_entry"("organization_id", "directory_id", "recorded_at", "position");
-- Partial: most entries affect nobody.
CREATE INDEX "log_entry_affected_user_idx" ON "log_entry"("organization_id", "affected_user_id", "recorded_at", "position") WHERE ("affected_user_id" IS NOT NULL);
CREATE INDEX "log_entry_target_ids_idx" ON "log_entry" USING GIN ("target_ids");
CREATE INDEX "idempotency_key_recorded_at_idx" ON "idempotency_key"("recorded_at");
CREATE INDEX "access_window_window_end_idx" ON "access_window"("window_end");

-- AddForeignKey
ALTER TABLE "log_head" ADD CONSTRAINT "log_head_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "actor" ADD CONSTRAINT "actor_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "member" ADD CONSTRAINT "member_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "member" ADD CONSTRAINT "member_actor_id_fkey" FOREIGN KEY ("actor_id") REFERENCES "actor"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "member_group" ADD CONSTRAINT "member_group_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "group_membership" ADD CONSTRAINT "group_membership_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "member_group"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "group_membership" ADD CONSTRAINT "group_membership_member_id_fkey" FOREIGN KEY ("member_id") REFERENCES "member"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "directory" ADD CONSTRAINT "directory_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "directory" ADD CONSTRAINT "directory_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "directory"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "directory_grant" ADD CONSTRAINT "directory_grant_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "directory_grant" ADD CONSTRAINT "directory_grant_directory_id_fkey" FOREIGN KEY ("directory_id") REFERENCES "directory"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "directory_grant" ADD CONSTRAINT "directory_grant_member_id_fkey" FOREIGN KEY ("member_id") REFERENCES "member"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "directory_grant" ADD CONSTRAINT "directory_grant_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "member_group"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "role" ADD CONSTRAINT "role_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "api_token" ADD CONSTRAINT "api_token_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "api_token" ADD CONSTRAINT "api_token_member_id_fkey" FOREIGN KEY ("member_id") REFERENCES "member"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "access_window" ADD CONSTRAINT "access_window_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Partitions of the log, one per month of recorded_at (UTC).
-- Made ahead of time and attached, so that neither readers nor appends wait: ATTACH takes only a
-- SHARE UPDATE EXCLUSIVE lock on the parent. Runs with the owner's rights; callers choose nothing but the months.
CREATE FUNCTION ensure_log_partitions(p_from timestamptz, p_to timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_month timestamp := date_trunc('month', p_from AT TIME ZONE 'UTC');
  v_name text;
  v_made integer := 0;
BEGIN
  IF p_to - p_from > interval '20 years' THEN
    RAISE EXCEPTION 'ensure_log_partitions spans at most 20 years' USING ERRCODE = '22023';
  END IF;
  PERFORM pg_advisory_xact_lock(7305112, 1);
  WHILE v_month AT TIME ZONE 'UTC' <= p_to LOOP
    v_name := 'log_entry_' || to_char(v_month, 'YYYY_MM');
    IF to_regclass(format('public.%I', v_name)) IS NULL THEN
      EXECUTE format('CREATE TABLE public.%I (LIKE public.log_entry INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', v_name);
      EXECUTE format('ALTER TABLE public.log_entry ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', v_name,
        v_month AT TIME ZONE 'UTC', (v_month + interval '1 month') AT TIME ZONE 'UTC');
      v_made := v_made + 1;
    END IF;
    v_month := v_month + interval '1 month';
  END LOOP;
  RETURN v_made;
END $$;

-- Refuses a transaction whose later statements would not see what the last holder of a lock committed: under any
-- isolation but READ COMMITTED two batches could be given the same positions.
CREATE FUNCTION require_read_committed() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'the log is written under READ COMMITTED, not %', current_setting('transaction_isolation')
      USING ERRCODE = '25000';
  END IF;
END $$;

-- Appends one batch to a log: one row of arrays in, one row out.
--
-- The head's row lock orders all batches of the organization, so positions are dense and in commit order, and
-- recorded_at never goes back. The lock stands in a statement of its own: under READ COMMITTED each later statement
-- then sees what the previous holder committed, which a check in the locking statement would miss.
-- The head is locked, not updated: an updated head leaves a dead row version per batch.
--
-- p_group: rows with the same non-null number are recorded together or not at all; a repeated key holds its group back.
-- A result names the repeated rows by their ordinal (1-based); the others, less those of groups held back, took the
-- positions from first_position on, in order. Nothing is durable until the caller's transaction commits.
CREATE FUNCTION append_log_entries(
  p_organization integer, p_now timestamptz, p_floor timestamptz,
  p_id uuid[], p_key text[], p_group integer[], p_occurred_at timestamptz[], p_action integer[],
  p_outcome smallint[], p_severity smallint[], p_actor_type smallint[], p_actor integer[], p_affected_user integer[],
  p_directory integer[], p_vault integer[], p_component text[], p_actor_name text[], p_actor_email text[],
  p_affected_user_name text[], p_affected_user_email text[], p_directory_name text[], p_vault_name text[],
  p_targets text[], p_target_ids text[], p_ip text[], p_user_agent text[], p_device text[], p_session text[],
  p_request text[], p_location text[], p_changes text[], p_metadata text[], p_salts bytea[], p_digest bytea[],
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
    location, changes, metadata, salts, digest, leaf)
  SELECT p_organization, n.position, append_log_entries.recorded_at, n.occurred_at,
    n.id, n.action_id, n.outcome, n.severity, n.actor_type, n.actor_id, n.affected_user_id, n.directory_id, n.vault_id, n.component, n.actor_name,
    n.actor_email, n.affected_user_name, n.affected_user_email, n.directory_name, n.vault_name, n.targets::jsonb,
    string_to_array(n.target_ids, E'\x1f'), n.ip::inet, n.user_agent, n.device, n.session, n.request, n.location,
    n.changes::jsonb, n.metadata::jsonb, n.salts, n.digest,
    sha256('\x00'::bytea || int8send(n.position) || v_stamp || n.digest)
  FROM (
    SELECT append_log_entries.first_position + row_number() OVER (ORDER BY i.ordinal) - 1 AS position, i.*
    FROM unnest(p_id, p_group, p_occurred_at, p_action, p_outcome, p_severity, p_actor_type, p_actor,
        p_affected_user, p_directory, p_vault, p_component, p_actor_name, p_actor_email, p_affected_user_name,
        p_affected_user_email, p_directory_name, p_vault_name, p_targets, p_target_ids, p_ip, p_user_agent, p_device,
        p_session, p_request, p_location, p_changes, p_metadata, p_salts, p_digest) WITH ORDINALITY
      AS i(id, grp, occurred_at, action_id, outcome, severity, actor_type, actor_id, affected_user_id,
        directory_id, vault_id, component, actor_name, actor_email, affected_user_name, affected_user_email,
        directory_name, vault_name, targets, target_ids, ip, user_agent, device, session, request, location, changes,
        metadata, salts, digest, ordinal)
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

-- The numbers of actors met in entries, in the order given; unknown ones register. A name that changed is noted.
-- Looked up before inserting: a conflict would use up a number, and numbers are 32 bits wide. Rows are taken in one
-- order by everybody, so that two that register the same actors wait for each other instead of deadlocking.
CREATE FUNCTION register_actors(p_organization integer, p_type text[], p_external_id text[], p_name text[], p_email text[])
RETURNS TABLE (ordinal integer, id integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  PERFORM require_read_committed();
  INSERT INTO actor (organization_id, type, external_id, name, email)
    SELECT DISTINCT ON (i.type, i.external_id) p_organization, i.type::public.actor_type, i.external_id, i.name, i.email
      FROM unnest(p_type, p_external_id, p_name, p_email) AS i(type, external_id, name, email)
      WHERE NOT EXISTS (SELECT FROM actor a WHERE a.organization_id = p_organization
        AND a.type = i.type::public.actor_type AND a.external_id = i.external_id)
      ORDER BY i.type, i.external_id
    ON CONFLICT (organization_id, type, external_id) DO NOTHING;
  UPDATE actor AS a SET name = coalesce(n.name, a.name), email = coalesce(n.email, a.email)
    FROM (
      SELECT DISTINCT ON (k.id) k.id, i.name, i.email
        FROM unnest(p_type, p_external_id, p_name, p_email) AS i(type, external_id, name, email)
        JOIN actor k ON k.organization_id = p_organization AND k.type = i.type::public.actor_type AND k.external_id = i.external_id
        WHERE (coalesce(i.name, k.name), coalesce(i.email, k.email)) IS DISTINCT FROM (k.name, k.email)
        ORDER BY k.id
    ) AS n
    WHERE a.id = n.id;
  RETURN QUERY SELECT i.ordinal::integer, a.id
    FROM unnest(p_type, p_external_id) WITH ORDINALITY AS i(type, external_id, ordinal)
    JOIN actor a ON a.organization_id = p_organization AND a.type = i.type::public.actor_type AND a.external_id = i.external_id;
END $$;

-- The numbers of directories met in entries, in the order given. Unknown ones register, below p_parent where that is
-- known, and raise the rights version: a new folder is visible to those who see its vault. Known ones stay as they are.
CREATE FUNCTION register_directories(p_organization integer, p_kind text[], p_external_id text[], p_name text[], p_parent text[])
RETURNS TABLE (ordinal integer, id integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_made integer;
BEGIN
  PERFORM require_read_committed();
  INSERT INTO directory (organization_id, external_id, kind, name, parent_id)
    SELECT DISTINCT ON (i.external_id) p_organization, i.external_id, i.kind::public.directory_kind, i.name, p.id
      FROM unnest(p_kind, p_external_id, p_name, p_parent) AS i(kind, external_id, name, parent)
      LEFT JOIN directory p ON p.organization_id = p_organization AND p.external_id = i.parent AND i.parent <> i.external_id
      WHERE NOT EXISTS (SELECT FROM directory d WHERE d.organization_id = p_organization AND d.external_id = i.external_id)
      ORDER BY i.external_id
    ON CONFLICT (organization_id, external_id) DO NOTHING;
  GET DIAGNOSTICS v_made = ROW_COUNT;
  IF v_made > 0 THEN
    UPDATE log_head SET rights_version = rights_version + 1 WHERE organization_id = p_organization;
  END IF;
  RETURN QUERY SELECT i.ordinal::integer, d.id
    FROM unnest(p_external_id) WITH ORDINALITY AS i(external_id, ordinal)
    JOIN directory d ON d.organization_id = p_organization AND d.external_id = i.external_id;
END $$;

-- Closes the time before the returned one: no later entry is recorded earlier. A cursor that names it is past
-- everything recorded so far without naming any entry. The caller's clock is believed no further than a few seconds past
-- the database's: one server with a wrong clock must not decide how everybody's next entries are dated.
CREATE FUNCTION raise_recorded_floor(p_organization integer, p_now timestamptz) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_floor timestamptz;
  v_last timestamptz;
BEGIN
  PERFORM require_read_committed();
  SELECT recorded_floor INTO v_floor FROM log_head WHERE organization_id = p_organization FOR NO KEY UPDATE;
  SELECT recorded_at INTO v_last FROM log_entry WHERE organization_id = p_organization
    ORDER BY recorded_at DESC, position DESC LIMIT 1;
  v_floor := greatest(v_floor, least(p_now, date_trunc('milliseconds', clock_timestamp()) + interval '5 seconds'),
    v_last + interval '1 millisecond');
  PERFORM ensure_log_partitions(v_floor, v_floor);
  UPDATE log_head SET recorded_floor = v_floor WHERE organization_id = p_organization;
  RETURN v_floor;
END $$;

-- Forgets idempotency keys of before a time, some at a time, so that no lock is held for long. How many were forgotten.
CREATE FUNCTION forget_idempotency_keys(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_forgotten integer;
BEGIN
  DELETE FROM idempotency_key WHERE ctid = ANY (ARRAY(
    SELECT k.ctid FROM idempotency_key k WHERE k.recorded_at < p_before LIMIT p_limit FOR UPDATE SKIP LOCKED));
  GET DIAGNOSTICS v_forgotten = ROW_COUNT;
  RETURN v_forgotten;
END $$;

-- The server makes later months ahead of time.
SELECT ensure_log_partitions(now(), now() + interval '2 months');

-- Functions are open to everyone by default; these run with the owner's rights, so only roles that are granted them may.
-- The default is the owner's own: it holds for the functions of later migrations too.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION
  ensure_log_partitions, require_read_committed, append_log_entries, register_actors, register_directories,
  raise_recorded_floor, forget_idempotency_keys
  FROM PUBLIC;
