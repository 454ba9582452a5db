-- How often a key has wrapped. With random nonces, AES-GCM under one key is safe for so many encryptions only (NIST SP
-- 800-38D, 8.3). Processes reserve wraps by the block before they make them, so that these numbers are upper bounds, whatever
-- a crash takes away, and cost no round trip of a write.

CREATE TABLE control_plane.wrap_counts (
  tenant_id uuid NOT NULL,
  purpose text NOT NULL,
  term integer NOT NULL,
  reserved bigint NOT NULL CHECK (reserved >= 0),
  PRIMARY KEY (tenant_id, purpose, term),
  FOREIGN KEY (tenant_id, purpose, term) REFERENCES control_plane.tenant_keys (tenant_id, purpose, term) ON DELETE CASCADE ON UPDATE CASCADE
);
ALTER TABLE control_plane.wrap_counts ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.wrap_counts FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON control_plane.wrap_counts TO keyfold_tenant
  USING (tenant_id = control_plane.current_tenant()) WITH CHECK (tenant_id = control_plane.current_tenant());
CREATE POLICY definer ON control_plane.wrap_counts TO keyfold_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON control_plane.wrap_counts TO keyfold_tenant;
GRANT SELECT ON control_plane.wrap_counts TO keyfold_definer;

CREATE TABLE control_plane.root_wrap_counts (
  opener text PRIMARY KEY,
  reserved bigint NOT NULL CHECK (reserved >= 0)
);
ALTER TABLE control_plane.root_wrap_counts ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.root_wrap_counts FORCE ROW LEVEL SECURITY;
CREATE POLICY the_deployment ON control_plane.root_wrap_counts TO keyfold_deployment USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON control_plane.root_wrap_counts TO keyfold_deployment;

-- Numbers that only grow: nobody wraps less than before.
CREATE FUNCTION control_plane.count_only_grows() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF NEW.reserved < OLD.reserved THEN
    RAISE EXCEPTION 'what was wrapped stays counted' USING ERRCODE = 'KF403';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER count_only_grows BEFORE UPDATE ON control_plane.wrap_counts
  FOR EACH ROW EXECUTE FUNCTION control_plane.count_only_grows();
CREATE TRIGGER count_only_grows BEFORE UPDATE ON control_plane.root_wrap_counts
  FOR EACH ROW EXECUTE FUNCTION control_plane.count_only_grows();

-- Reserves wraps under a tenant's key, and answers how many are reserved by then; null where that would be too many.
CREATE FUNCTION control_plane.reserve_wraps(p_tenant uuid, p_purpose text, p_term integer, p_count integer, p_most bigint)
  RETURNS bigint LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE total bigint;
BEGIN
  PERFORM set_config('keyfold.tenant', p_tenant::text, true);
  IF p_count > p_most THEN RETURN NULL; END IF;
  INSERT INTO control_plane.wrap_counts AS c (tenant_id, purpose, term, reserved)
    SELECT k.tenant_id, k.purpose, k.term, p_count FROM control_plane.tenant_keys k
     WHERE k.tenant_id = p_tenant AND k.purpose = p_purpose AND k.term = p_term
    ON CONFLICT (tenant_id, purpose, term) DO UPDATE SET reserved = c.reserved + p_count WHERE c.reserved + p_count <= p_most
    RETURNING c.reserved INTO total;
  -- A term that came to its end is closed to what would be wrapped; that is told where it is stored.
  IF total IS NULL AND NOT EXISTS (SELECT FROM control_plane.tenant_keys k
      WHERE k.tenant_id = p_tenant AND k.purpose = p_purpose AND k.term = p_term) THEN
    RETURN 0;
  END IF;
  RETURN total;
END $$;

-- The same under a root key.
CREATE FUNCTION control_plane.reserve_root_wraps(p_opener text, p_count integer, p_most bigint)
  RETURNS bigint LANGUAGE sql SET search_path = '' AS $$
  INSERT INTO control_plane.root_wrap_counts AS c (opener, reserved) SELECT p_opener, p_count WHERE p_count <= p_most
    ON CONFLICT (opener) DO UPDATE SET reserved = c.reserved + p_count WHERE c.reserved + p_count <= p_most
    RETURNING c.reserved
$$;

REVOKE ALL ON FUNCTION control_plane.count_only_grows, control_plane.reserve_wraps, control_plane.reserve_root_wraps FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.reserve_wraps TO keyfold_tenant;
GRANT EXECUTE ON FUNCTION control_plane.reserve_root_wraps TO keyfold_deployment;

GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
SET ROLE keyfold_definer;
-- Tenants whose newest key has wrapped so often that another one is due.
CREATE FUNCTION control_plane.tenant_keys_due(p_at bigint, p_limit integer) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT c.tenant_id FROM control_plane.wrap_counts c
   WHERE c.purpose = 'value' AND c.reserved >= p_at
     AND NOT EXISTS (SELECT FROM control_plane.tenant_keys k
       WHERE k.tenant_id = c.tenant_id AND k.purpose = c.purpose AND k.term > c.term)
   ORDER BY c.tenant_id LIMIT p_limit
$$;
REVOKE ALL ON FUNCTION control_plane.tenant_keys_due FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.tenant_keys_due TO keyfold_deployment;
RESET ROLE;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
