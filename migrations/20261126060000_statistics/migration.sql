-- How far each follower of a log came. Its row lock is what makes it one at a time, on whichever server.
CREATE TABLE "follower" (
    "organization_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "follower_pkey" PRIMARY KEY ("organization_id","name")
);

-- Entries of one slot of time (of occurred_at, and of recorded_at; counted from 1970) that agree in a cube's dimensions,
-- counted. Derived from log_entry up to the place of the follower "statistics", and from nothing else.
-- Fillfactor: the cells of the current slot are counted up again and again, on their own page.
CREATE TABLE "statistics_cell" (
    "organization_id" INTEGER NOT NULL,
    "cube" SMALLINT NOT NULL,
    "slot" INTEGER NOT NULL,
    "recorded_slot" INTEGER NOT NULL,
    "a" INTEGER NOT NULL,
    "b" INTEGER NOT NULL,
    "count" INTEGER NOT NULL,
    "first_occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "last_occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "first_recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "last_recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "statistics_cell_pkey" PRIMARY KEY ("organization_id","cube","slot","recorded_slot","a","b")
) WITH (fillfactor = 80);

CREATE INDEX "statistics_cell_organization_id_cube_recorded_slot_idx" ON "statistics_cell"("organization_id", "cube", "recorded_slot");
-- Partial: of the cubes whose first dimension is the directory, a member reads some directories. With what is counted, so
-- that it is read from the index alone.
CREATE INDEX "statistics_cell_directory_idx" ON "statistics_cell"("organization_id", "cube", "a", "slot", "b", "count", "first_occurred_at", "last_occurred_at")
  WHERE "cube" IN (3, 5);

ALTER TABLE "follower" ADD CONSTRAINT "follower_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Forgets what was counted of a log; the follower counts it again from the first entry that the log still holds. Until it
-- is done, statistics are read from rows, and are the same.
CREATE FUNCTION rebuild_statistics(p_organization integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE follower SET position = -1, recorded_at = to_timestamp(0)
    WHERE organization_id = p_organization AND name = 'statistics';
  DELETE FROM statistics_cell WHERE organization_id = p_organization;
END $$;

REVOKE EXECUTE ON FUNCTION rebuild_statistics FROM PUBLIC;
