-- The life of a version, finished: how long a grace is and who says so, what is kept for a roll back, and the ways
-- between the states, each enforced here whatever the code above believes.

-- ---- what rows can say -----------------------------------------------------------------------------------------
-- A tenant's own default for its secrets; null: the deployment's.
ALTER TABLE control_plane.tenants ADD COLUMN grace_seconds integer CHECK (grace_seconds BETWEEN 0 AND 7776000);

-- What a token's holder is called as a consumer; null: the token's own name, and a kind that is not known.
ALTER TABLE control_plane.service_tokens
  ADD COLUMN consumer_name text CHECK (char_length(consumer_name) BETWEEN 1 AND 255),
  ADD COLUMN consumer_kind text CHECK (consumer_kind IN ('edge_function', 'worker', 'webhook', 'service', 'ci', 'other'));

ALTER TABLE control_plane.secrets
  -- How a grace ends; null: by time.
  ADD COLUMN grace_policy text CHECK (grace_policy IN ('acknowledgement', 'hold')),
  -- How many ended versions stay sealed for a roll back; null: none.
  ADD COLUMN keep_versions integer CHECK (keep_versions BETWEEN 1 AND 100);

ALTER TABLE control_plane.versions
  -- When a rotator had set this pending value at its target: from then on it is not discarded without a word.
  ADD COLUMN set_at timestamptz(3),
  -- When its readers were last told that its grace is about to end, or that it should have.
  ADD COLUMN warned_at timestamptz(3),
  -- A held grace does not end at open_until: that is when it may be ended, and until somebody ends it, it opens.
  ADD COLUMN held boolean CHECK (held),
  -- Why it was ended, in the words of who ended it.
  ADD COLUMN end_reason text CHECK (char_length(end_reason) <= 500),
  ADD CONSTRAINT versions_held_in_grace CHECK (held IS NULL OR state = 'grace');

-- The sweep looks across tenants for what is due.
CREATE INDEX versions_grace_ends ON control_plane.versions (open_until) WHERE state = 'grace'::control_plane.version_state;
CREATE INDEX secrets_purge_due ON control_plane.secrets (purge_after) WHERE state = 'deleted'::control_plane.secret_state;

-- ---- a version's ways --------------------------------------------------------------------------------------------
CREATE OR REPLACE FUNCTION control_plane.version_number_follows() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE last integer;
BEGIN
  SELECT max(v.number) INTO last FROM control_plane.versions v
    WHERE v.tenant_id = NEW.tenant_id AND v.secret_id = NEW.secret_id;
  IF NEW.number <> coalesce(last, 0) + 1 THEN
    RAISE EXCEPTION 'version % does not follow %', NEW.number, coalesce(last, 0) USING ERRCODE = 'KF403';
  END IF;
  IF NEW.state NOT IN ('current', 'pending') THEN
    RAISE EXCEPTION 'a version starts as current or pending, not %', NEW.state USING ERRCODE = 'KF403';
  END IF;
  IF NEW.set_at IS NOT NULL OR NEW.warned_at IS NOT NULL OR NEW.end_reason IS NOT NULL THEN
    RAISE EXCEPTION 'a new version was neither set at a target, nor warned of, nor ended' USING ERRCODE = 'KF403';
  END IF;
  IF EXISTS (SELECT FROM control_plane.secrets s
      WHERE s.tenant_id = NEW.tenant_id AND s.id = NEW.secret_id AND s.state = 'deleted') THEN
    RAISE EXCEPTION 'a deleted secret gets no new version' USING ERRCODE = 'KF403';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION control_plane.version_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE s record;
BEGIN
  IF (NEW.tenant_id, NEW.secret_id, NEW.number, NEW.rotated_from, NEW.reason, NEW.encoding, NEW.created_at, NEW.created_by)
     IS DISTINCT FROM
     (OLD.tenant_id, OLD.secret_id, OLD.number, OLD.rotated_from, OLD.reason, OLD.encoding, OLD.created_at, OLD.created_by) THEN
    RAISE EXCEPTION 'a version is immutable' USING ERRCODE = 'KF403';
  END IF;
  IF OLD.state = 'destroyed' THEN
    RAISE EXCEPTION 'a destroyed version does not change' USING ERRCODE = 'KF403';
  END IF;
  IF NEW.state <> OLD.state AND NOT (CASE OLD.state
      WHEN 'pending' THEN NEW.state IN ('current', 'destroyed')
      WHEN 'current' THEN NEW.state IN ('grace', 'revoked', 'destroyed')
      WHEN 'grace' THEN NEW.state IN ('kept', 'revoked', 'destroyed')
      WHEN 'kept' THEN NEW.state IN ('revoked', 'destroyed')
      WHEN 'revoked' THEN NEW.state = 'destroyed'
      ELSE false END) THEN
    RAISE EXCEPTION 'a % version cannot become %', OLD.state, NEW.state USING ERRCODE = 'KF403';
  END IF;
  IF NEW.set_at IS DISTINCT FROM OLD.set_at
     AND NOT (OLD.set_at IS NULL AND OLD.state = 'pending' AND NEW.state = 'pending') THEN
    RAISE EXCEPTION 'only a pending version is set at its target, and once' USING ERRCODE = 'KF403';
  END IF;
  IF NEW.end_reason IS DISTINCT FROM OLD.end_reason AND OLD.end_reason IS NOT NULL AND NEW.end_reason IS NULL THEN
    RAISE EXCEPTION 'a reason stays' USING ERRCODE = 'KF403';
  END IF;
  IF OLD.state = 'pending' AND NEW.state = 'destroyed' AND OLD.set_at IS NOT NULL AND NEW.end_reason IS NULL THEN
    RAISE EXCEPTION 'a value that was set at its target is not discarded without a reason' USING ERRCODE = 'KF403';
  END IF;
  -- A rotation finishes only over the version that it was based on.
  IF OLD.state = 'pending' AND NEW.state = 'current' THEN
    SELECT x.state, x.current_version INTO s FROM control_plane.secrets x
      WHERE x.tenant_id = NEW.tenant_id AND x.id = NEW.secret_id;
    IF s.state = 'deleted' THEN
      RAISE EXCEPTION 'a deleted secret gets no new version' USING ERRCODE = 'KF403';
    END IF;
    IF s.current_version IS DISTINCT FROM OLD.rotated_from THEN
      RAISE EXCEPTION 'version % was based on %, and % is current', OLD.number, OLD.rotated_from, s.current_version
        USING ERRCODE = 'KF403';
    END IF;
  END IF;
  IF OLD.state = 'grace' AND NEW.state IN ('grace', 'kept') AND NEW.open_until > OLD.open_until
     AND OLD.held IS NULL AND OLD.open_until <= control_plane.clock() THEN
    RAISE EXCEPTION 'a grace that has ended is not extended' USING ERRCODE = 'KF403';
  END IF;
  IF NEW.state = 'grace' AND NEW.held AND OLD.state = 'grace' AND OLD.held IS NULL THEN
    RAISE EXCEPTION 'a grace is held from its beginning, or not at all' USING ERRCODE = 'KF403';
  END IF;
  IF OLD.state = 'grace' AND NEW.state = 'kept' AND NEW.open_until > control_plane.clock() THEN
    RAISE EXCEPTION 'a version is kept when its grace has ended' USING ERRCODE = 'KF403';
  END IF;
  IF NEW.state = 'destroyed' AND EXISTS (SELECT FROM control_plane.sealed_values d
      WHERE d.tenant_id = NEW.tenant_id AND d.secret_id = NEW.secret_id AND d.number = NEW.number AND d.sealed IS NOT NULL) THEN
    RAISE EXCEPTION 'a version is destroyed after its bytes were erased' USING ERRCODE = 'KF403';
  END IF;
  RETURN NEW;
END $$;

-- ---- a secret's ways ---------------------------------------------------------------------------------------------
CREATE FUNCTION control_plane.secret_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF OLD.state = 'deleted' THEN
    IF NEW.state = 'deleted' THEN
      IF to_jsonb(NEW) - '{generation,mac}'::text[] IS DISTINCT FROM to_jsonb(OLD) - '{generation,mac}'::text[] THEN
        RAISE EXCEPTION 'a deleted secret is restored or purged, and does not change' USING ERRCODE = 'KF403';
      END IF;
    ELSIF OLD.purge_after <= control_plane.clock() THEN
      RAISE EXCEPTION 'a deleted secret is restored before its last day' USING ERRCODE = 'KF403';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER secret_moves BEFORE UPDATE ON control_plane.secrets
  FOR EACH ROW EXECUTE FUNCTION control_plane.secret_moves();

-- ---- what reads and calls start with, with the new fields --------------------------------------------------------
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
  s_grace_policy text, s_keep_versions integer, s_generation integer, s_mac bytea,
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
         s.created_at, s.created_by, s.updated_at, s.deleted_at, s.purge_after, s.grace_policy, s.keep_versions, s.generation, s.mac,
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

DROP FUNCTION control_plane.find_token;
CREATE FUNCTION control_plane.find_token(p_digest bytea) RETURNS TABLE (
  kind text, epoch bigint, now timestamptz,
  id uuid, tenant_id uuid, name text, digest bytea, hint text, scope jsonb, expires_at timestamptz, revoked_at timestamptz,
  created_at timestamptz, created_by jsonb, consumer_name text, consumer_kind text, generation integer, mac bytea,
  t_slug text, t_name text, t_created_at timestamptz, t_created_by jsonb, t_deleted_at timestamptz, t_purged_at timestamptz,
  t_grace_seconds integer, t_generation integer, t_mac bytea)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT 'service_token', control_plane.epoch_of(s.tenant_id), control_plane.clock(),
         s.id, s.tenant_id, s.name, s.digest, s.hint, s.scope, s.expires_at, s.revoked_at,
         s.created_at, s.created_by, s.consumer_name, s.consumer_kind, s.generation, s.mac,
         t.slug, t.name, t.created_at, t.created_by, t.deleted_at, t.purged_at, t.grace_seconds, t.generation, t.mac
    FROM control_plane.service_tokens s JOIN control_plane.tenants t ON t.id = s.tenant_id WHERE s.digest = p_digest
  UNION ALL
  SELECT 'operator', 0, control_plane.clock(),
         o.id, NULL, o.name, o.digest, o.hint, NULL, o.expires_at, o.revoked_at,
         o.created_at, NULL, NULL, NULL, o.generation, o.mac,
         NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM control_plane.operator_tokens o WHERE o.digest = p_digest
$$;

-- ---- the sweep: ids of what is due, across tenants ---------------------------------------------------------------
-- Versions whose grace has ended ('end'), or ends within an hour and nobody was told ('warn').
CREATE FUNCTION control_plane.due_versions(p_limit integer) RETURNS TABLE (tenant_id uuid, secret_id uuid, number integer, what text)
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = '' AS $$
  (SELECT v.tenant_id, v.secret_id, v.number, 'end' FROM control_plane.versions v
    WHERE v.state = 'grace' AND v.open_until <= control_plane.clock()
    ORDER BY v.open_until LIMIT p_limit)
  UNION ALL
  (SELECT v.tenant_id, v.secret_id, v.number, 'warn' FROM control_plane.versions v
    WHERE v.state = 'grace' AND v.warned_at IS NULL
      AND v.open_until > control_plane.clock() AND v.open_until <= control_plane.clock() + interval '1 hour'
    ORDER BY v.open_until LIMIT p_limit)
$$;

REVOKE ALL ON FUNCTION control_plane.load_secret, control_plane.find_token, control_plane.secret_moves, control_plane.due_versions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.load_secret TO keyfold_tenant;
GRANT EXECUTE ON FUNCTION control_plane.find_token TO keyfold_tenant, keyfold_deployment, keyfold_definer;
GRANT EXECUTE ON FUNCTION control_plane.due_versions TO keyfold_deployment;
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.find_token OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.due_versions OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;

GRANT SELECT (tenant_id, secret_id, number, state, open_until, warned_at, held) ON control_plane.versions TO keyfold_definer;
