-- The domain's background jobs: when each ran, and what two of them clean.

CREATE TABLE control_plane.job_runs (
  name text PRIMARY KEY,
  started_at timestamptz(3) NOT NULL,
  -- When it last worked: a slice of a long run counts.
  worked_at timestamptz(3),
  finished_at timestamptz(3),
  -- Why the last run ended early: one of the codes that calls fail with.
  problem text
);
ALTER TABLE control_plane.job_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.job_runs FORCE ROW LEVEL SECURITY;
CREATE POLICY the_deployment ON control_plane.job_runs TO keyfold_deployment USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON control_plane.job_runs TO keyfold_deployment;

-- What is older than it may be asked for goes, some at a time, and the answer says how many went.
CREATE INDEX idempotency_keys_oldest ON control_plane.idempotency_keys (created_at);
CREATE INDEX sessions_oldest ON control_plane.sessions (expires_at);

CREATE FUNCTION control_plane.clean_idempotency_keys(p_limit integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE gone integer;
BEGIN
  DELETE FROM control_plane.idempotency_keys k USING (
    SELECT o.tenant_id, o.digest FROM control_plane.idempotency_keys o
     WHERE o.created_at < control_plane.clock() - interval '24 hours'
     ORDER BY o.created_at LIMIT p_limit) old
   WHERE k.tenant_id = old.tenant_id AND k.digest = old.digest;
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

-- A session that ended early stays until it would have expired: its row is what refuses it.
CREATE FUNCTION control_plane.clean_sessions(p_limit integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE gone integer;
BEGIN
  DELETE FROM control_plane.sessions x USING (
    SELECT o.id FROM control_plane.sessions o
     WHERE o.expires_at < control_plane.clock() ORDER BY o.expires_at LIMIT p_limit) old
   WHERE x.id = old.id;
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

REVOKE ALL ON FUNCTION control_plane.clean_idempotency_keys, control_plane.clean_sessions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.clean_idempotency_keys, control_plane.clean_sessions TO keyfold_deployment;
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.clean_idempotency_keys OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.clean_sessions OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
GRANT SELECT (tenant_id, digest, created_at) ON control_plane.idempotency_keys TO keyfold_definer;
