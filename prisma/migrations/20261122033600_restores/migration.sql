-- Backups of the whole schema, and what a restore leaves until it is finished.

-- ---- who reads everything for a backup --------------------------------------------------------------------------------
-- Row-level security binds the owner too. This group sees every row and changes none; the owner may become it, and nobody
-- who serves requests may.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'keyfold_backup') THEN
    BEGIN
      CREATE ROLE keyfold_backup NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END IF;
  IF NOT pg_has_role(current_user, 'keyfold_backup', 'SET') THEN
    EXECUTE format('GRANT keyfold_backup TO %I WITH SET TRUE, INHERIT FALSE', current_user);
  END IF;
END $$;

-- Called by every deploy, so that a table of a later migration is in the next backup.
CREATE FUNCTION control_plane.cover_for_backup() RETURNS void LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE t text;
BEGIN
  GRANT USAGE ON SCHEMA control_plane TO keyfold_backup;
  FOR t IN SELECT c.relname FROM pg_catalog.pg_class c
            WHERE c.relnamespace = 'control_plane'::pg_catalog.regnamespace AND c.relkind IN ('r', 'p')
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'backup') LOOP
    EXECUTE pg_catalog.format('GRANT SELECT ON control_plane.%I TO keyfold_backup', t);
    EXECUTE pg_catalog.format('CREATE POLICY backup ON control_plane.%I FOR SELECT TO keyfold_backup USING (true)', t);
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION control_plane.cover_for_backup FROM PUBLIC;

-- ---- restores ------------------------------------------------------------------------------------------------------------
-- While one is not finished, nobody serves from this database.
CREATE TABLE control_plane.restores (
  number integer PRIMARY KEY CHECK (number > 0),
  backup uuid NOT NULL,
  backup_at timestamptz(3) NOT NULL,
  started_at timestamptz(3) NOT NULL,
  -- The last chain that was told.
  cursor uuid,
  finished_at timestamptz(3)
);
CREATE UNIQUE INDEX restores_one_open ON control_plane.restores ((true)) WHERE finished_at IS NULL;
ALTER TABLE control_plane.restores ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.restores FORCE ROW LEVEL SECURITY;
CREATE POLICY the_deployment ON control_plane.restores TO keyfold_deployment USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE (cursor, finished_at) ON control_plane.restores TO keyfold_deployment;

-- Every tenant there is, after one, by id: for what must reach all of them.
CREATE FUNCTION control_plane.all_tenants(p_after uuid, p_limit integer) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT t.id FROM control_plane.tenants t WHERE t.id > p_after AND t.purged_at IS NULL ORDER BY t.id LIMIT p_limit
$$;
-- Destroys a tenant's keys that were destroyed after the backup already. While a restore is unfinished, and never else.
CREATE FUNCTION control_plane.destroy_keys_again(p_tenant uuid) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE gone integer;
BEGIN
  IF NOT EXISTS (SELECT FROM control_plane.restores r WHERE r.finished_at IS NULL) THEN
    RAISE EXCEPTION 'no restore is under way' USING ERRCODE = 'KF403';
  END IF;
  DELETE FROM control_plane.key_wraps w WHERE w.tenant_id = p_tenant;
  DELETE FROM control_plane.tenant_keys k WHERE k.tenant_id = p_tenant;
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

REVOKE ALL ON FUNCTION control_plane.all_tenants, control_plane.destroy_keys_again FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.all_tenants, control_plane.destroy_keys_again TO keyfold_deployment;
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.all_tenants OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.destroy_keys_again OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
CREATE POLICY definer ON control_plane.restores FOR SELECT TO keyfold_definer USING (true);
GRANT SELECT ON control_plane.restores TO keyfold_definer;

SELECT control_plane.cover_for_backup();
