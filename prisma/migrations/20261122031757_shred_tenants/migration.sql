-- Shredding a tenant: two sides agree, a wait that either of them can end, and then its keys are destroyed. Purging a
-- deleted tenant destroys keys by the same function.

-- ---- what was asked, agreed and done -----------------------------------------------------------------------------
CREATE TABLE control_plane.tenant_shreds (
  tenant_id uuid NOT NULL REFERENCES control_plane.tenants (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  id uuid NOT NULL,
  -- requested: one side asked. waiting: the other agreed, and the wait runs. erasing: the keys are gone, the rest is
  -- being erased. shredded: done, with a receipt.
  state text NOT NULL CHECK (state IN ('requested', 'waiting', 'erasing', 'shredded', 'cancelled')),
  slug text NOT NULL,
  reason text NOT NULL CHECK (char_length(reason) <= 500),
  wait_seconds integer NOT NULL CHECK (wait_seconds BETWEEN 0 AND 7776000),
  requested_by jsonb NOT NULL,
  requested_at timestamptz(3) NOT NULL,
  agreed_by jsonb,
  agreed_at timestamptz(3),
  due_at timestamptz(3),
  cancelled_by jsonb,
  cancelled_at timestamptz(3),
  -- What was destroyed and when, as the receipt lists it.
  destroyed text,
  destroyed_at timestamptz(3),
  -- The receipt: a signed note, to be given away as it stands.
  receipt text,
  finished_at timestamptz(3),
  generation integer NOT NULL,
  mac bytea NOT NULL,
  PRIMARY KEY (tenant_id, id),
  CHECK ((agreed_by IS NULL) = (agreed_at IS NULL) AND (agreed_at IS NULL) = (due_at IS NULL)),
  CHECK ((state IN ('waiting', 'erasing', 'shredded')) <= (agreed_at IS NOT NULL)),
  CHECK (due_at = agreed_at + make_interval(secs => wait_seconds)),
  -- One side alone agrees with nobody.
  CHECK (agreed_by ->> 'type' <> requested_by ->> 'type'),
  CHECK ((state = 'cancelled') = (cancelled_at IS NOT NULL)),
  CHECK ((state IN ('erasing', 'shredded')) = (destroyed_at IS NOT NULL)),
  CHECK ((destroyed IS NULL) = (destroyed_at IS NULL)),
  CHECK ((state = 'shredded') = (finished_at IS NOT NULL)),
  CHECK ((receipt IS NULL) = (finished_at IS NULL))
);
-- One at a time.
CREATE UNIQUE INDEX tenant_shreds_one_open ON control_plane.tenant_shreds (tenant_id)
  WHERE state IN ('requested', 'waiting', 'erasing');

CREATE FUNCTION control_plane.shred_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF (NEW.tenant_id, NEW.id, NEW.slug, NEW.reason, NEW.wait_seconds, NEW.requested_by, NEW.requested_at)
     IS DISTINCT FROM (OLD.tenant_id, OLD.id, OLD.slug, OLD.reason, OLD.wait_seconds, OLD.requested_by, OLD.requested_at)
     OR (OLD.agreed_at IS NOT NULL
         AND (NEW.agreed_by, NEW.agreed_at, NEW.due_at) IS DISTINCT FROM (OLD.agreed_by, OLD.agreed_at, OLD.due_at)) THEN
    RAISE EXCEPTION 'what was asked and agreed does not change' USING ERRCODE = 'KF403';
  END IF;
  IF NOT (CASE OLD.state
      WHEN 'requested' THEN NEW.state IN ('waiting', 'cancelled')
      WHEN 'waiting' THEN NEW.state IN ('erasing', 'cancelled')
      WHEN 'erasing' THEN NEW.state = 'shredded'
      ELSE false END) THEN
    RAISE EXCEPTION 'a shred that is % does not become %', OLD.state, NEW.state USING ERRCODE = 'KF403';
  END IF;
  IF NEW.state = 'erasing' AND control_plane.clock() < OLD.due_at THEN
    RAISE EXCEPTION 'the wait is not over' USING ERRCODE = 'KF403';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER a_next_generation BEFORE UPDATE ON control_plane.tenant_shreds
  FOR EACH ROW EXECUTE FUNCTION control_plane.next_generation();
CREATE TRIGGER shred_moves BEFORE UPDATE ON control_plane.tenant_shreds
  FOR EACH ROW EXECUTE FUNCTION control_plane.shred_moves();

ALTER TABLE control_plane.tenant_shreds ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.tenant_shreds FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON control_plane.tenant_shreds TO keyfold_tenant
  USING (tenant_id = control_plane.current_tenant()) WITH CHECK (tenant_id = control_plane.current_tenant());
CREATE POLICY definer ON control_plane.tenant_shreds TO keyfold_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON control_plane.tenant_shreds TO keyfold_tenant;
GRANT SELECT (tenant_id, id, state, due_at) ON control_plane.tenant_shreds TO keyfold_definer;

-- ---- functions -----------------------------------------------------------------------------------------------------

-- Shreds whose wait is over, or that were begun and not ended.
CREATE FUNCTION control_plane.shreds_due(p_limit integer) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT s.tenant_id, s.id FROM control_plane.tenant_shreds s
   WHERE s.state = 'erasing' OR (s.state = 'waiting' AND s.due_at <= control_plane.clock())
   ORDER BY s.due_at, s.tenant_id LIMIT p_limit
$$;

-- Destroys all of a tenant's keys: every term, every wrap. Every process forgets what it unwrapped when this commits.
-- For the two functions below alone.
CREATE FUNCTION control_plane.destroy_tenant_keys(p_tenant uuid) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  -- Whoever appends to this chain is done before, or finds the keys gone after.
  PERFORM pg_advisory_xact_lock(hashtextextended(p_tenant::text, 7));
  DELETE FROM control_plane.key_wraps x WHERE x.tenant_id = p_tenant;
  DELETE FROM control_plane.tenant_keys x WHERE x.tenant_id = p_tenant;
  PERFORM pg_notify('keyfold_epoch', p_tenant::text || ' gone');
END $$;

-- Destroys the keys of a tenant whose shredding is due. The application has checked the row's MAC before.
CREATE FUNCTION control_plane.shred_tenant_keys(p_tenant uuid, p_shred uuid) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM control_plane.tenant_shreds s
      WHERE s.tenant_id = p_tenant AND s.id = p_shred AND s.state = 'waiting' AND s.due_at <= control_plane.clock()) THEN
    RAISE EXCEPTION 'no shredding of this tenant is due' USING ERRCODE = 'KF403';
  END IF;
  PERFORM control_plane.destroy_tenant_keys(p_tenant);
END $$;

-- Erases sealed values of a tenant whose keys were destroyed, so many at once. Answers how many went.
CREATE FUNCTION control_plane.erase_sealed_values(p_tenant uuid, p_limit integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE gone integer;
BEGIN
  IF EXISTS (SELECT FROM control_plane.tenant_keys k WHERE k.tenant_id = p_tenant) THEN
    RAISE EXCEPTION 'this tenant has its keys' USING ERRCODE = 'KF403';
  END IF;
  DELETE FROM control_plane.sealed_values d
   WHERE d.tenant_id = p_tenant AND (d.secret_id, d.number) IN (
     SELECT x.secret_id, x.number FROM control_plane.sealed_values x WHERE x.tenant_id = p_tenant
      ORDER BY x.secret_id, x.number LIMIT p_limit);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

REVOKE ALL ON FUNCTION control_plane.shred_moves, control_plane.shreds_due, control_plane.destroy_tenant_keys,
  control_plane.shred_tenant_keys, control_plane.erase_sealed_values FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.shreds_due, control_plane.shred_tenant_keys, control_plane.erase_sealed_values
  TO keyfold_deployment;
GRANT EXECUTE ON FUNCTION control_plane.destroy_tenant_keys TO keyfold_definer;

GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.shreds_due OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.destroy_tenant_keys OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.shred_tenant_keys OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.erase_sealed_values OWNER TO keyfold_definer;

-- What was the init migration's: now by the same destruction of keys, and never across a shredding that is open.
SET ROLE keyfold_definer;
CREATE OR REPLACE FUNCTION control_plane.purge_tenant(p_tenant uuid, OUT last_number bigint, OUT last_hash bytea)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  -- Whoever appends to this chain is done before, or finds it purged after.
  PERFORM pg_advisory_xact_lock(hashtextextended(p_tenant::text, 7));
  PERFORM FROM control_plane.tenants t WHERE t.id = p_tenant AND t.deleted_at IS NOT NULL AND t.purged_at IS NULL FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'only a deleted tenant is purged' USING ERRCODE = 'KF403';
  END IF;
  IF EXISTS (SELECT FROM control_plane.tenant_shreds s
      WHERE s.tenant_id = p_tenant AND s.state IN ('requested', 'waiting', 'erasing')) THEN
    RAISE EXCEPTION 'this tenant is being shredded' USING ERRCODE = 'KF403';
  END IF;
  PERFORM control_plane.destroy_tenant_keys(p_tenant);
  DELETE FROM control_plane.sealed_values x WHERE x.tenant_id = p_tenant;
  DELETE FROM control_plane.versions x WHERE x.tenant_id = p_tenant;
  DELETE FROM control_plane.secrets x WHERE x.tenant_id = p_tenant;
  DELETE FROM control_plane.environments x WHERE x.tenant_id = p_tenant;
  DELETE FROM control_plane.projects x WHERE x.tenant_id = p_tenant;
  DELETE FROM control_plane.service_tokens x WHERE x.tenant_id = p_tenant;
  DELETE FROM control_plane.idempotency_keys x WHERE x.tenant_id = p_tenant;
  DELETE FROM control_plane.sessions x WHERE x.tenant_id = p_tenant;
  UPDATE control_plane.audit_batches b SET bodies = NULL
    WHERE b.chain_id = p_tenant AND b.bodies IS NOT NULL;
  SELECT b.number, b.hash INTO last_number, last_hash
    FROM control_plane.audit_batches b WHERE b.chain_id = p_tenant ORDER BY b.number DESC LIMIT 1;
END $$;
RESET ROLE;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;

GRANT SELECT (secret_id, number) ON control_plane.sealed_values TO keyfold_definer;

-- ---- where erased bytes would linger -------------------------------------------------------------------------------

-- The planner's statistics keep samples of what a column holds: of these columns none, whatever was sampled before
-- included (changing a column's type, even to the same one, drops its statistics and rewrites nothing).
ALTER TABLE control_plane.key_wraps ALTER COLUMN wrapped TYPE bytea, ALTER COLUMN wrapped SET STATISTICS 0;
ALTER TABLE control_plane.deployment_key_wraps ALTER COLUMN wrapped TYPE bytea, ALTER COLUMN wrapped SET STATISTICS 0;
ALTER TABLE control_plane.sealed_values
  ALTER COLUMN sealed TYPE bytea, ALTER COLUMN sealed SET STATISTICS 0,
  ALTER COLUMN dek_wrap TYPE bytea, ALTER COLUMN dek_wrap SET STATISTICS 0,
  ALTER COLUMN digest TYPE bytea, ALTER COLUMN digest SET STATISTICS 0;

-- A destroyed version's bytes are dead rows: the server's own cleaning looks at these tables whenever there is one.
ALTER TABLE control_plane.sealed_values SET (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);
ALTER TABLE control_plane.key_wraps SET (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);
ALTER TABLE control_plane.tenant_keys SET (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);

-- What follows a shredding at once, by the application: the right came with PostgreSQL 17. (Before it, only the owner
-- may; the receipt then says that it was not done.)
DO $$
BEGIN
  IF current_setting('server_version_num')::integer >= 170000 THEN
    EXECUTE 'GRANT MAINTAIN ON control_plane.key_wraps, control_plane.tenant_keys, control_plane.sealed_values TO keyfold_deployment';
  END IF;
END $$;
