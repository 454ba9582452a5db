-- Several regions: a database each, the tenants' rows replicated to where they may live, and audit chains of its own in
-- each. A deployment in one region has no row in the table below, and everything is as it was.

-- Which region this database is: one row at most, written by the first start that is told. Never replicated.
CREATE TABLE control_plane.region (
  name text PRIMARY KEY CHECK (name ~ '^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$'),
  -- Whether the deployment began here. Its chains go by the tenants' own ids.
  first boolean NOT NULL,
  created_at timestamptz(3) NOT NULL
);
CREATE UNIQUE INDEX region_only_one ON control_plane.region ((true));
ALTER TABLE control_plane.region ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.region FORCE ROW LEVEL SECURITY;
CREATE POLICY the_deployment ON control_plane.region TO keyfold_deployment, keyfold_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON control_plane.region TO keyfold_deployment;
GRANT SELECT ON control_plane.region TO keyfold_definer;

-- A chain's id in another region than the first: UUID version 8 (RFC 9562) from a hash of the first one's id and the region.
CREATE FUNCTION control_plane.region_chain(p_id uuid, p_region text) RETURNS uuid
  LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = '' AS $$
  SELECT encode(set_byte(set_byte(substr(h, 1, 16), 6, (get_byte(h, 6) & 15) | 128), 8, (get_byte(h, 8) & 63) | 128), 'hex')::uuid
    FROM sha256('keyfold/region-chain/v1'::bytea || '\x00'::bytea || uuid_send(p_id) || convert_to(p_region, 'UTF8')) AS h
$$;

-- The chain that a tenant's events, or the deployment's, go to in this database.
CREATE FUNCTION control_plane.chain_of(p_id uuid) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT coalesce((SELECT control_plane.region_chain(p_id, r.name) FROM control_plane.region r WHERE NOT r.first), p_id)
$$;

REVOKE ALL ON FUNCTION control_plane.region_chain, control_plane.chain_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.region_chain TO keyfold_definer;
GRANT EXECUTE ON FUNCTION control_plane.chain_of TO keyfold_tenant, keyfold_deployment, keyfold_definer;
ALTER POLICY one_tenant ON control_plane.audit_batches
  USING (chain_id = (SELECT control_plane.chain_of(control_plane.current_tenant())));

GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.chain_of OWNER TO keyfold_definer;
SET ROLE keyfold_definer;
-- As the init migration has them, but for the chain's id.
CREATE OR REPLACE FUNCTION control_plane.append_events(
  p_chain uuid, p_batch uuid, p_count integer, p_root bytea, p_leaves bytea, p_bodies bytea,
  p_expected_epoch bigint DEFAULT NULL, p_raise boolean DEFAULT false, p_deadline timestamptz DEFAULT NULL,
  p_token uuid DEFAULT NULL, p_operator boolean DEFAULT false, p_session uuid DEFAULT NULL,
  OUT outcome text, OUT batch_number bigint, OUT batch_first_seq bigint, OUT batch_epoch bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  -- In a region that the deployment spread to, its own chain.
  chain uuid := coalesce((SELECT control_plane.region_chain(p_chain, r.name) FROM control_plane.region r WHERE NOT r.first), p_chain);
  last record;
  prev bytea;
  alive boolean;
  moment timestamptz;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(p_chain::text, 7));
  SELECT b.number, b.first_seq, b.count, b.epoch, b.hash INTO last
    FROM control_plane.audit_batches b WHERE b.chain_id = chain ORDER BY b.number DESC LIMIT 1;
  IF p_expected_epoch IS NOT NULL AND p_expected_epoch <> coalesce(last.epoch, 0) THEN
    outcome := 'epoch'; RETURN;
  END IF;
  -- What was under way when a tenant was purged leaves nothing behind. (A service token's tenant is looked at below.)
  IF (p_token IS NULL OR p_operator)
     AND EXISTS (SELECT FROM control_plane.tenants t WHERE t.id = p_chain AND t.purged_at IS NOT NULL) THEN
    outcome := 'gone'; RETURN;
  END IF;
  moment := control_plane.clock();
  IF p_deadline IS NOT NULL AND moment >= p_deadline THEN
    outcome := 'deadline'; RETURN;
  END IF;
  IF p_token IS NOT NULL THEN
    IF p_operator THEN
      SELECT o.revoked_at IS NULL AND (o.expires_at IS NULL OR o.expires_at > moment) INTO alive
        FROM control_plane.operator_tokens o WHERE o.id = p_token;
    ELSE
      SELECT s.revoked_at IS NULL AND (s.expires_at IS NULL OR s.expires_at > moment) AND t.deleted_at IS NULL INTO alive
        FROM control_plane.service_tokens s JOIN control_plane.tenants t ON t.id = s.tenant_id
       WHERE s.tenant_id = p_chain AND s.id = p_token;
    END IF;
    IF alive IS NOT TRUE THEN
      outcome := 'token'; RETURN;
    END IF;
  END IF;
  IF p_session IS NOT NULL THEN
    SELECT x.ended_at IS NULL AND x.expires_at > moment INTO alive FROM control_plane.sessions x WHERE x.id = p_session;
    IF alive IS NOT TRUE THEN
      outcome := 'token'; RETURN;
    END IF;
  END IF;
  prev := last.hash;
  IF prev IS NULL THEN
    SELECT sha256('keyfold/chain/v1'::bytea || '\x00'::bytea || uuid_send(d.id) || uuid_send(chain)) INTO STRICT prev
      FROM control_plane.deployments d;
  END IF;
  outcome := 'appended';
  batch_number := coalesce(last.number, 0) + 1;
  batch_first_seq := coalesce(last.first_seq + last.count, 1);
  batch_epoch := coalesce(last.epoch, 0);
  -- By a random step: after a failover or a restore that lost the last transactions, the same number must not come
  -- again with another meaning for a process that still remembers the old one.
  IF p_raise THEN
    batch_epoch := batch_epoch + 1 + ('x' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 6))::bit(24)::integer;
  END IF;
  INSERT INTO control_plane.audit_batches
      (chain_id, number, batch_id, first_seq, count, epoch, prev_hash, root, hash, leaves, bodies, created_at)
    VALUES (chain, batch_number, p_batch, batch_first_seq, p_count, batch_epoch, prev, p_root,
            sha256(prev || p_root), p_leaves, p_bodies, moment);
  -- A hint that caches are stale, nothing more: the next read is judged by the epoch all the same.
  IF p_raise THEN
    PERFORM pg_notify('keyfold_epoch', p_chain::text || ' ' || batch_epoch::text);
  END IF;
END $$;

CREATE OR REPLACE FUNCTION control_plane.epoch_of(p_chain uuid) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT coalesce((SELECT b.epoch FROM control_plane.audit_batches b
    WHERE b.chain_id = coalesce((SELECT control_plane.region_chain(p_chain, r.name) FROM control_plane.region r WHERE NOT r.first), p_chain)
    ORDER BY b.number DESC LIMIT 1), 0)
$$;

CREATE OR REPLACE FUNCTION control_plane.chain_heads() RETURNS TABLE (chain uuid, batches bigint, events bigint, hash bytea)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT c.id, h.number, h.first_seq + h.count - 1, h.hash
    FROM (SELECT control_plane.chain_of(t.id) AS id FROM control_plane.tenants t
          UNION ALL SELECT control_plane.chain_of(d.id) FROM control_plane.deployments d) c
   CROSS JOIN LATERAL (SELECT b.number, b.first_seq, b.count, b.hash FROM control_plane.audit_batches b
     WHERE b.chain_id = c.id ORDER BY b.number DESC LIMIT 1) h
$$;
RESET ROLE;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
