-- Signed checkpoints: a key that signs, and once a minute one signature over how far every audit chain is.

-- ---- the signing key ---------------------------------------------------------------------------------------------
ALTER TABLE control_plane.deployment_keys DROP CONSTRAINT deployment_keys_purpose_check;
ALTER TABLE control_plane.deployment_keys ADD CONSTRAINT deployment_keys_purpose_check
  CHECK (purpose IN ('integrity', 'token', 'signing'));

-- ---- the log of checkpoints ----------------------------------------------------------------------------------------
-- One log per life of the database: a restore begins a new one, which names the last checkpoint of the one before. A log
-- only grows; two checkpoints of one log that contradict each other cannot both be genuine.
CREATE TABLE control_plane.checkpoint_logs (
  number integer PRIMARY KEY CHECK (number > 0),
  id uuid NOT NULL,
  -- The signed note of the last checkpoint before a restore; null for the first log.
  follows text,
  started_at timestamptz(3) NOT NULL
);
CREATE UNIQUE INDEX checkpoint_logs_id_key ON control_plane.checkpoint_logs (id);

-- Signed, and so without a MAC.
CREATE TABLE control_plane.checkpoints (
  log integer NOT NULL REFERENCES control_plane.checkpoint_logs (number) ON DELETE RESTRICT ON UPDATE CASCADE,
  -- The log's size with this one.
  number bigint NOT NULL CHECK (number > 0),
  made_at timestamptz(3) NOT NULL,
  chains integer NOT NULL CHECK (chains >= 0),
  heads_root bytea NOT NULL CHECK (octet_length(heads_root) = 32),
  -- The roots of the full subtrees of the log with this one, 32 bytes each, the largest first.
  nodes bytea NOT NULL CHECK (octet_length(nodes) % 32 = 0),
  note text NOT NULL,
  PRIMARY KEY (log, number)
);

-- How far every chain was at a checkpoint: 64 bytes each. Kept for the newest one only.
CREATE TABLE control_plane.checkpoint_heads (
  log integer NOT NULL,
  number bigint NOT NULL,
  heads bytea NOT NULL CHECK (octet_length(heads) % 64 = 0),
  PRIMARY KEY (log, number),
  FOREIGN KEY (log, number) REFERENCES control_plane.checkpoints (log, number) ON DELETE RESTRICT ON UPDATE CASCADE
);

CREATE FUNCTION control_plane.checkpoints_are_insert_only() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  RAISE EXCEPTION 'a checkpoint is made once' USING ERRCODE = 'KF403';
END $$;
REVOKE ALL ON FUNCTION control_plane.checkpoints_are_insert_only FROM PUBLIC;
CREATE TRIGGER checkpoints_are_insert_only BEFORE UPDATE OR DELETE ON control_plane.checkpoint_logs
  FOR EACH ROW EXECUTE FUNCTION control_plane.checkpoints_are_insert_only();
CREATE TRIGGER checkpoints_are_insert_only BEFORE UPDATE OR DELETE ON control_plane.checkpoints
  FOR EACH ROW EXECUTE FUNCTION control_plane.checkpoints_are_insert_only();
CREATE TRIGGER checkpoints_are_never_truncated BEFORE TRUNCATE ON control_plane.checkpoint_logs
  FOR EACH STATEMENT EXECUTE FUNCTION control_plane.checkpoints_are_insert_only();
CREATE TRIGGER checkpoints_are_never_truncated BEFORE TRUNCATE ON control_plane.checkpoints
  FOR EACH STATEMENT EXECUTE FUNCTION control_plane.checkpoints_are_insert_only();

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['checkpoint_logs', 'checkpoints', 'checkpoint_heads'] LOOP
    EXECUTE format('ALTER TABLE control_plane.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE control_plane.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY the_deployment ON control_plane.%I TO keyfold_deployment USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT ON control_plane.checkpoint_logs, control_plane.checkpoints TO keyfold_deployment;
GRANT SELECT, INSERT, DELETE ON control_plane.checkpoint_heads TO keyfold_deployment;

-- ---- what a checkpoint is made of ------------------------------------------------------------------------------------
-- How far every chain is, by its last batch. Tenants stay when they are purged, and their chains with them.
CREATE FUNCTION control_plane.chain_heads() RETURNS TABLE (chain uuid, batches bigint, events bigint, hash bytea)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT c.id, h.number, h.first_seq + h.count - 1, h.hash
    FROM (SELECT t.id FROM control_plane.tenants t UNION ALL SELECT d.id FROM control_plane.deployments d) c
   CROSS JOIN LATERAL (SELECT b.number, b.first_seq, b.count, b.hash FROM control_plane.audit_batches b
     WHERE b.chain_id = c.id ORDER BY b.number DESC LIMIT 1) h
$$;

-- Of chains as they were: those that do not have this batch, ending with this event and with this hash, any more.
CREATE FUNCTION control_plane.heads_contradicted(p_chains uuid[], p_batches bigint[], p_events bigint[], p_hashes bytea[])
  RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT p.chain FROM unnest(p_chains, p_batches, p_events, p_hashes) AS p (chain, batch, event, hash)
   WHERE NOT EXISTS (SELECT FROM control_plane.audit_batches b
     WHERE b.chain_id = p.chain AND b.number = p.batch AND b.first_seq + b.count - 1 = p.event AND b.hash = p.hash)
$$;

REVOKE ALL ON FUNCTION control_plane.chain_heads, control_plane.heads_contradicted FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.chain_heads, control_plane.heads_contradicted TO keyfold_deployment;
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.chain_heads OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.heads_contradicted OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
