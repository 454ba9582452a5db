-- What wraps the tenant key over a secret's values: said for a secret, else for its tenant, else for the deployment.
ALTER TABLE control_plane.tenants ADD COLUMN algorithm text CHECK (algorithm IN ('aes-256-gcm', 'hybrid-quantum'));
ALTER TABLE control_plane.secrets ADD COLUMN algorithm text CHECK (algorithm IN ('aes-256-gcm', 'hybrid-quantum'));

DROP FUNCTION control_plane.load_secret;
CREATE FUNCTION control_plane.load_secret(
  in_tenant uuid, in_secret uuid, in_project uuid, in_project_name text, in_environment uuid, in_environment_name text,
  in_name text, in_number integer, in_lock boolean, in_sealed boolean
) RETURNS TABLE (
  epoch bigint, now timestamptz, last_number integer,
  p_id uuid, p_name text, p_created_at timestamptz, p_created_by jsonb, p_deleted_at timestamptz, p_generation integer, p_mac bytea,
  e_id uuid, e_name text, e_created_at timestamptz, e_created_by jsonb, e_deleted_at timestamptz, e_generation integer, e_mac bytea,
  s_id uuid, s_name text, s_description text, s_tags jsonb, s_state text, s_current_version integer, s_grace_seconds integer,
  s_created_at timestamptz, s_created_by jsonb, s_updated_at timestamptz, s_deleted_at timestamptz, s_purge_after timestamptz,
  s_grace_policy text, s_keep_versions integer, s_algorithm text, s_generation integer, s_mac bytea,
  v_number integer, v_state text, v_rotated_from integer, v_reason text, v_encoding text, v_created_at timestamptz,
  v_created_by jsonb, v_open_until timestamptz, v_revoked_at timestamptz, v_destroyed_at timestamptz,
  v_set_at timestamptz, v_warned_at timestamptz, v_held boolean, v_end_reason text, v_generation integer, v_mac bytea,
  d_term integer, d_sealed bytea, d_dek_wrap bytea, d_digest bytea, d_generation integer)
  LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = 'force_generic_plan' AS $$
DECLARE
  found uuid := in_secret;
  before bigint;
  last integer;
BEGIN
  PERFORM set_config('keyfold.tenant', in_tenant::text, true);
  -- The epoch first: whatever changes after this is newer than it, and the append refuses it.
  before := control_plane.epoch_of(in_tenant);
  IF found IS NULL THEN
    SELECT s.id INTO found
      FROM control_plane.projects p
      JOIN control_plane.environments e ON e.tenant_id = p.tenant_id AND e.project_id = p.id
        AND e.deleted_at IS NULL AND (e.id = in_environment OR e.name = in_environment_name)
      JOIN control_plane.secrets s ON s.tenant_id = p.tenant_id AND s.project_id = p.id AND s.environment_id = e.id
        AND s.name = in_name AND s.state <> 'deleted'::control_plane.secret_state
     WHERE p.tenant_id = in_tenant AND p.deleted_at IS NULL
       AND (p.id = in_project OR p.name = in_project_name
            OR (in_project IS NULL AND in_project_name IS NULL AND in_environment IS NOT NULL));
  END IF;
  IF in_lock AND found IS NOT NULL THEN
    PERFORM FROM control_plane.secrets s WHERE s.tenant_id = in_tenant AND s.id = found FOR UPDATE;
    SELECT max(v.number) INTO last FROM control_plane.versions v WHERE v.tenant_id = in_tenant AND v.secret_id = found;
  END IF;
  RETURN QUERY
  SELECT before, control_plane.clock(), last,
         p.id, p.name, p.created_at, p.created_by, p.deleted_at, p.generation, p.mac,
         e.id, e.name, e.created_at, e.created_by, e.deleted_at, e.generation, e.mac,
         s.id, s.name, s.description, s.tags, s.state::text, s.current_version, s.grace_seconds,
         s.created_at, s.created_by, s.updated_at, s.deleted_at, s.purge_after, s.grace_policy, s.keep_versions, s.algorithm, s.generation, s.mac,
         v.number, v.state::text, v.rotated_from, v.reason, v.encoding, v.created_at,
         v.created_by, v.open_until, v.revoked_at, v.destroyed_at, v.set_at, v.warned_at, v.held, v.end_reason, v.generation, v.mac,
         d.term, CASE WHEN in_sealed THEN d.sealed END, d.dek_wrap, d.digest, d.generation
    FROM control_plane.secrets s
    JOIN control_plane.projects p ON p.tenant_id = s.tenant_id AND p.id = s.project_id
    JOIN control_plane.environments e ON e.tenant_id = s.tenant_id AND e.id = s.environment_id
    LEFT JOIN control_plane.versions v ON v.tenant_id = s.tenant_id AND v.secret_id = s.id
      AND v.number = coalesce(in_number, s.current_version)
    LEFT JOIN control_plane.sealed_values d ON d.tenant_id = v.tenant_id AND d.secret_id = v.secret_id AND d.number = v.number
   WHERE s.tenant_id = in_tenant AND s.id = found;
END $$;
REVOKE ALL ON FUNCTION control_plane.load_secret FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.load_secret TO keyfold_tenant;

GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
SET ROLE keyfold_definer;
DROP FUNCTION control_plane.find_token;
CREATE FUNCTION control_plane.find_token(p_digest bytea) RETURNS TABLE (
  kind text, epoch bigint, now timestamptz,
  id uuid, tenant_id uuid, name text, digest bytea, hint text, scope jsonb, expires_at timestamptz, revoked_at timestamptz,
  created_at timestamptz, created_by jsonb, consumer_name text, consumer_kind text,
  ip_ranges jsonb, rotated_from uuid, federated_by uuid, generation integer, mac bytea,
  t_slug text, t_name text, t_created_at timestamptz, t_created_by jsonb, t_deleted_at timestamptz, t_purged_at timestamptz,
  t_grace_seconds integer, t_algorithm text, t_generation integer, t_mac bytea)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT 'service_token', control_plane.epoch_of(s.tenant_id), control_plane.clock(),
         s.id, s.tenant_id, s.name, s.digest, s.hint, s.scope, s.expires_at, s.revoked_at,
         s.created_at, s.created_by, s.consumer_name, s.consumer_kind,
         s.ip_ranges, s.rotated_from, s.federated_by, s.generation, s.mac,
         t.slug, t.name, t.created_at, t.created_by, t.deleted_at, t.purged_at, t.grace_seconds, t.algorithm, t.generation, t.mac
    FROM control_plane.service_tokens s JOIN control_plane.tenants t ON t.id = s.tenant_id WHERE s.digest = p_digest
  UNION ALL
  SELECT 'operator', 0, control_plane.clock(),
         o.id, NULL, o.name, o.digest, o.hint, NULL, o.expires_at, o.revoked_at,
         o.created_at, NULL, NULL, NULL,
         NULL, NULL, NULL, o.generation, o.mac,
         NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM control_plane.operator_tokens o WHERE o.digest = p_digest
$$;
REVOKE ALL ON FUNCTION control_plane.find_token FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.find_token TO keyfold_tenant, keyfold_deployment, keyfold_definer;
RESET ROLE;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;

-- ---- terms of several suites side by side ---------------------------------------------------------------------------
-- Each suite's newest term takes on what is sealed, and value and digest go by one suite: a digest under a plain key would
-- tell guesses of a value that is kept under a hybrid one.
CREATE OR REPLACE FUNCTION control_plane.sealed_under_newest_term() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  its record;
  newest record;
BEGIN
  IF NEW.sealed IS NULL THEN RETURN NEW; END IF;
  PERFORM pg_advisory_xact_lock_shared(hashtextextended(NEW.tenant_id::text, 13));
  SELECT max(k.suite) FILTER (WHERE k.purpose = 'value' AND k.term = NEW.term) AS value_suite,
         max(k.suite) FILTER (WHERE k.purpose = 'digest' AND k.term = NEW.digest_term) AS digest_suite
    INTO its FROM control_plane.tenant_keys k WHERE k.tenant_id = NEW.tenant_id;
  SELECT max(k.term) FILTER (WHERE k.purpose = 'value') AS value_term, max(k.term) FILTER (WHERE k.purpose = 'digest') AS digest_term
    INTO newest FROM control_plane.tenant_keys k WHERE k.tenant_id = NEW.tenant_id AND k.suite = its.value_suite;
  IF NEW.term IS DISTINCT FROM newest.value_term THEN
    RAISE EXCEPTION 'term % is closed', NEW.term USING ERRCODE = 'KF410';
  END IF;
  IF (TG_OP = 'INSERT' OR NEW.digest IS DISTINCT FROM OLD.digest) AND NEW.digest_term IS DISTINCT FROM newest.digest_term THEN
    RAISE EXCEPTION 'digest term % is closed', NEW.digest_term USING ERRCODE = 'KF410';
  END IF;
  IF its.digest_suite IS DISTINCT FROM its.value_suite THEN
    RAISE EXCEPTION 'a value and its digest are of one suite' USING ERRCODE = 'KF403';
  END IF;
  RETURN NEW;
END $$;

-- Sealed bytes: rewrap (same value, new wrapper), re-encrypt (both new) or erase; each names the bytes that it replaces;
-- after an erase nothing. A digest changes with its term only: the value stays, the key that digests it is another.
CREATE OR REPLACE FUNCTION control_plane.sealed_value_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE same_suite boolean;
BEGIN
  IF (NEW.tenant_id, NEW.secret_id, NEW.number) IS DISTINCT FROM (OLD.tenant_id, OLD.secret_id, OLD.number) THEN
    RAISE EXCEPTION 'sealed bytes keep their place' USING ERRCODE = 'KF403';
  END IF;
  IF OLD.sealed IS NULL THEN
    RAISE EXCEPTION 'erased bytes do not come back' USING ERRCODE = 'KF403';
  END IF;
  IF NEW.replaces IS DISTINCT FROM sha256(OLD.sealed || OLD.dek_wrap) THEN
    RAISE EXCEPTION 'the bytes to replace are not these' USING ERRCODE = 'KF409';
  END IF;
  IF NEW.sealed IS NOT NULL THEN
    IF NEW.dek_wrap = OLD.dek_wrap THEN
      RAISE EXCEPTION 'sealed bytes change only with their wrapped key' USING ERRCODE = 'KF403';
    END IF;
    SELECT count(DISTINCT k.suite) = 1 INTO same_suite FROM control_plane.tenant_keys k
      WHERE k.tenant_id = NEW.tenant_id AND k.purpose = 'value' AND k.term IN (OLD.term, NEW.term);
    IF NEW.digest IS DISTINCT FROM OLD.digest AND (NEW.digest_term = OLD.digest_term OR (same_suite AND NEW.digest_term < OLD.digest_term)) THEN
      RAISE EXCEPTION 'a value never changes, and so neither does its digest but with its term' USING ERRCODE = 'KF403';
    END IF;
    IF NEW.digest_term <> OLD.digest_term AND NEW.digest = OLD.digest THEN
      RAISE EXCEPTION 'another term makes another digest' USING ERRCODE = 'KF403';
    END IF;
    -- From one suite to another the number may be a lower one: each suite's newest term is what counts.
    IF (same_suite AND NEW.term < OLD.term) OR NEW.round < OLD.round THEN
      RAISE EXCEPTION 'terms and rounds only grow' USING ERRCODE = 'KF403';
    END IF;
  END IF;
  RETURN NEW;
END $$;

GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
SET ROLE keyfold_definer;
-- Ends the terms before the newest one of their suite, of those that nothing is kept under any more. Nothing comes under them again: see
-- sealed_under_newest_term(). Answers how many went.
CREATE OR REPLACE FUNCTION control_plane.drop_old_terms(p_tenant uuid) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  old record;
  gone integer := 0;
BEGIN
  FOR old IN
    SELECT k.purpose, k.term, k.suite FROM control_plane.tenant_keys k
     WHERE k.tenant_id = p_tenant
       AND EXISTS (SELECT FROM control_plane.tenant_keys n WHERE n.tenant_id = p_tenant AND n.purpose = k.purpose AND n.suite = k.suite AND n.term > k.term)
       AND EXISTS (SELECT FROM control_plane.key_wraps w JOIN control_plane.tenant_keys n USING (tenant_id, purpose, term, suite)
             WHERE n.tenant_id = p_tenant AND n.purpose = k.purpose AND n.suite = k.suite AND n.term > k.term)
     ORDER BY k.purpose, k.term
  LOOP
    CONTINUE WHEN EXISTS (SELECT FROM control_plane.sealed_values d
       WHERE d.tenant_id = p_tenant AND d.dek_wrap IS NOT NULL
         AND CASE old.purpose WHEN 'value' THEN d.term ELSE d.digest_term END = old.term);
    CONTINUE WHEN old.purpose = 'value' AND EXISTS (SELECT FROM control_plane.webhook_secrets s
       WHERE s.tenant_id = p_tenant AND s.dek_wrap IS NOT NULL AND s.term = old.term);
    DELETE FROM control_plane.key_wraps w WHERE w.tenant_id = p_tenant AND w.purpose = old.purpose AND w.term = old.term;
    DELETE FROM control_plane.tenant_keys k WHERE k.tenant_id = p_tenant AND k.purpose = old.purpose AND k.term = old.term;
    gone := gone + 1;
  END LOOP;
  RETURN gone;
END $$;
-- Tenants of whose suites one's newest key has wrapped so often that another one is due.
CREATE OR REPLACE FUNCTION control_plane.tenant_keys_due(p_at bigint, p_limit integer) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT DISTINCT c.tenant_id FROM control_plane.wrap_counts c
    JOIN control_plane.tenant_keys k USING (tenant_id, purpose, term)
   WHERE c.purpose = 'value' AND c.reserved >= p_at
     AND NOT EXISTS (SELECT FROM control_plane.tenant_keys n
       WHERE n.tenant_id = k.tenant_id AND n.purpose = k.purpose AND n.suite = k.suite AND n.term > k.term)
   ORDER BY c.tenant_id LIMIT p_limit
$$;
RESET ROLE;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
GRANT SELECT (term, dek_wrap) ON control_plane.webhook_secrets TO keyfold_definer;
