-- How many of the changes that rights_version counts were folders that entries named for the first time, and nothing else.
-- rights_version goes on counting those, too: a server of the version before watches it alone, and must not keep a tree for
-- ever. The rights themselves changed when the difference did, whichever server made the change.
ALTER TABLE "log_head" ADD COLUMN "tree_version" BIGINT NOT NULL DEFAULT 0;

-- The same as before; a directory that registers raises both versions.
CREATE OR REPLACE FUNCTION register_directories(
  p_organization integer, p_kind text[], p_external_id text[], p_name text[], p_parent text[]
)
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
    UPDATE log_head SET rights_version = rights_version + 1, tree_version = tree_version + 1
      WHERE organization_id = p_organization;
  END IF;
  RETURN QUERY SELECT i.ordinal::integer, d.id
    FROM unnest(p_external_id) WITH ORDINALITY AS i(external_id, ordinal)
    JOIN directory d ON d.organization_id = p_organization AND d.external_id = i.external_id;
END $$;
