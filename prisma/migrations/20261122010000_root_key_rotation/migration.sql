-- Changing the root key while everything runs: the jobs that do it, what they may see across tenants, and the one
-- wall that keeps a retired root key from being used again.

-- ---- jobs ----------------------------------------------------------------------------------------------------
-- What stands here is for people to look at and for a slice to go on from. It grants nothing: what is left to do is
-- always counted from the wraps themselves, so a row that was lost or edited costs time and no key.
CREATE TABLE control_plane.key_jobs (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('rotate', 'verify', 'retire')),
  -- The root key that the job is about: wrapped under by a rotation, verified, or retired.
  opener text NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'stopped', 'done')),
  -- Why it stopped: one of the codes that calls fail with.
  problem text,
  -- The last tenant that was verified. The other jobs count what is missing, and need none.
  cursor uuid,
  done bigint NOT NULL CHECK (done >= 0),
  total bigint NOT NULL CHECK (total >= 0),
  started_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  finished_at timestamptz(3),
  CHECK ((state = 'stopped') = (problem IS NOT NULL)),
  CHECK ((state = 'done') = (finished_at IS NOT NULL))
);
-- Two starts at once find each other: the second one helps.
CREATE UNIQUE INDEX key_jobs_one_open ON control_plane.key_jobs (kind) WHERE finished_at IS NULL;

ALTER TABLE control_plane.key_jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.key_jobs FORCE ROW LEVEL SECURITY;
CREATE POLICY the_deployment ON control_plane.key_jobs TO keyfold_deployment USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON control_plane.key_jobs TO keyfold_deployment;

-- ---- a retired root key wraps nothing any more -----------------------------------------------------------------
-- A process that was left running with the old root key would go on wrapping new tenants' keys under it, and those would
-- be lost with it. Whoever wraps holds the root key's lock shared until the commit; retiring takes it alone, and counts.
CREATE FUNCTION control_plane.opener_is_not_retired() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended(NEW.opener, 11));
  IF EXISTS (SELECT FROM control_plane.root_keys r WHERE r.id = NEW.opener AND r.retired_at IS NOT NULL) THEN
    RAISE EXCEPTION 'this root key was retired' USING ERRCODE = 'KF403';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER opener_is_not_retired BEFORE INSERT ON control_plane.key_wraps
  FOR EACH ROW EXECUTE FUNCTION control_plane.opener_is_not_retired();
CREATE TRIGGER opener_is_not_retired BEFORE INSERT ON control_plane.deployment_key_wraps
  FOR EACH ROW EXECUTE FUNCTION control_plane.opener_is_not_retired();

-- ---- what is looked at across tenants: ids and counts ----------------------------------------------------------

-- How many tenant keys there are, and under how many of them a wrap by this root key is missing.
CREATE FUNCTION control_plane.count_tenant_keys(p_opener text, OUT keys bigint, OUT lacking bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT count(*), count(*) FILTER (WHERE w.tenant_id IS NULL)
    FROM control_plane.tenant_keys k
    LEFT JOIN control_plane.key_wraps w
      ON w.tenant_id = k.tenant_id AND w.purpose = k.purpose AND w.term = k.term AND w.opener = p_opener
$$;

-- How many rows each root key wraps.
CREATE FUNCTION control_plane.count_key_wraps() RETURNS TABLE (opener text, provider text, wraps bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT w.opener, w.provider, count(*) FROM control_plane.key_wraps w GROUP BY w.opener, w.provider
$$;

-- The root keys that some tenant key can be opened by, of those that none of these root keys opens.
CREATE FUNCTION control_plane.openers_missing(p_held text[]) RETURNS TABLE (opener text, keys bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT w.opener, count(*)
    FROM control_plane.key_wraps w
   WHERE NOT (w.opener = ANY (p_held))
     AND NOT EXISTS (SELECT FROM control_plane.key_wraps h
       WHERE h.tenant_id = w.tenant_id AND h.purpose = w.purpose AND h.term = w.term AND h.opener = ANY (p_held))
   GROUP BY w.opener
$$;

-- Tenants with a key that has no wrap under this root key, after a tenant, by id.
CREATE FUNCTION control_plane.tenants_lacking_wrap(p_opener text, p_after uuid, p_limit integer) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT DISTINCT k.tenant_id
    FROM control_plane.tenant_keys k
   WHERE k.tenant_id > p_after
     AND NOT EXISTS (SELECT FROM control_plane.key_wraps w
       WHERE w.tenant_id = k.tenant_id AND w.purpose = k.purpose AND w.term = k.term AND w.opener = p_opener)
   ORDER BY k.tenant_id LIMIT p_limit
$$;

-- Tenants with keys, after a tenant, by id.
CREATE FUNCTION control_plane.tenants_with_keys(p_after uuid, p_limit integer) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT DISTINCT k.tenant_id FROM control_plane.tenant_keys k WHERE k.tenant_id > p_after ORDER BY k.tenant_id LIMIT p_limit
$$;

-- Tenants with a key that is wrapped under this root key, after a tenant, by id.
CREATE FUNCTION control_plane.tenants_wrapped(p_opener text, p_after uuid, p_limit integer) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT DISTINCT w.tenant_id
    FROM control_plane.key_wraps w
   WHERE w.tenant_id > p_after AND w.opener = p_opener
   ORDER BY w.tenant_id LIMIT p_limit
$$;

-- Takes away a tenant's wraps under a root key that is being retired, each only where the same key is wrapped under the
-- root key that stays. Answers how many went.
CREATE FUNCTION control_plane.drop_wraps(p_tenant uuid, p_opener text, p_keep text) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE gone integer;
BEGIN
  IF p_opener = p_keep THEN
    RAISE EXCEPTION 'a root key is not retired in favour of itself' USING ERRCODE = 'KF403';
  END IF;
  DELETE FROM control_plane.key_wraps w
   WHERE w.tenant_id = p_tenant AND w.opener = p_opener
     AND EXISTS (SELECT FROM control_plane.key_wraps k
       WHERE k.tenant_id = w.tenant_id AND k.purpose = w.purpose AND k.term = w.term AND k.opener = p_keep);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

REVOKE ALL ON FUNCTION control_plane.opener_is_not_retired, control_plane.count_tenant_keys, control_plane.count_key_wraps,
  control_plane.openers_missing, control_plane.tenants_lacking_wrap, control_plane.tenants_with_keys, control_plane.tenants_wrapped, control_plane.drop_wraps
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.count_tenant_keys, control_plane.count_key_wraps, control_plane.openers_missing,
  control_plane.tenants_lacking_wrap, control_plane.tenants_with_keys, control_plane.tenants_wrapped, control_plane.drop_wraps
  TO keyfold_deployment;

GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.opener_is_not_retired OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.count_tenant_keys OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.count_key_wraps OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.openers_missing OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.tenants_lacking_wrap OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.tenants_with_keys OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.tenants_wrapped OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.drop_wraps OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;

GRANT SELECT (id, retired_at) ON control_plane.root_keys TO keyfold_definer;
GRANT SELECT (tenant_id, purpose, term) ON control_plane.tenant_keys TO keyfold_definer;
GRANT SELECT (tenant_id, purpose, term, opener, provider) ON control_plane.key_wraps TO keyfold_definer;
