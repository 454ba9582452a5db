-- Policies on a secret's access, protected environments, and what two people agree on.

-- {services, environments, mfa, writeOnly, approvals}; null: roles and scopes alone decide.
ALTER TABLE control_plane.secrets ADD COLUMN access_policy jsonb CHECK (jsonb_typeof(access_policy) = 'object');
-- What takes two people here: changes, or (all) what people reveal too; null: nothing.
ALTER TABLE control_plane.environments ADD COLUMN protection text CHECK (protection IN ('changes', 'all'));

DROP FUNCTION control_plane.load_secret;
CREATE FUNCTION control_plane.load_secret(
  in_tenant uuid, in_secret uuid, in_project uuid, in_project_name text, in_environment uuid, in_environment_name text,
  in_name text, in_number integer, in_lock boolean, in_sealed boolean
) RETURNS TABLE (
  epoch bigint, now timestamptz, last_number integer,
  p_id uuid, p_name text, p_created_at timestamptz, p_created_by jsonb, p_deleted_at timestamptz, p_generation integer, p_mac bytea,
  e_id uuid, e_name text, e_created_at timestamptz, e_created_by jsonb, e_deleted_at timestamptz, e_protection text, e_generation integer, e_mac bytea,
  s_id uuid, s_name text, s_description text, s_tags jsonb, s_state text, s_current_version integer, s_grace_seconds integer,
  s_created_at timestamptz, s_created_by jsonb, s_updated_at timestamptz, s_deleted_at timestamptz, s_purge_after timestamptz,
  s_grace_policy text, s_keep_versions integer, s_algorithm text, s_access_policy jsonb, s_generation integer, s_mac bytea,
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
         e.id, e.name, e.created_at, e.created_by, e.deleted_at, e.protection, e.generation, e.mac,
         s.id, s.name, s.description, s.tags, s.state::text, s.current_version, s.grace_seconds,
         s.created_at, s.created_by, s.updated_at, s.deleted_at, s.purge_after, s.grace_policy, s.keep_versions, s.algorithm, s.access_policy, s.generation, s.mac,
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

-- What somebody asked to be let do, and whether another person said yes; and what an owner did without waiting.
CREATE TABLE control_plane.approvals (
  tenant_id uuid NOT NULL REFERENCES control_plane.tenants (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('change', 'reveal', 'break_glass')),
  project_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  -- The secret's name; '' for the environment itself.
  name text COLLATE "C" NOT NULL CHECK (char_length(name) <= 255),
  reason text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 500),
  person_id uuid NOT NULL,
  requested_by jsonb NOT NULL,
  requested_at timestamptz(3) NOT NULL,
  state text NOT NULL CHECK (state IN ('requested', 'approved', 'refused')),
  decided_by jsonb,
  decided_at timestamptz(3),
  -- Until when it can be approved, and, once it was, be made use of.
  expires_at timestamptz(3) NOT NULL,
  generation integer NOT NULL CHECK (generation > 0),
  mac bytea NOT NULL,
  PRIMARY KEY (tenant_id, id),
  CHECK ((state = 'requested') = (decided_at IS NULL)),
  CHECK ((decided_at IS NULL) = (decided_by IS NULL))
);
CREATE INDEX approvals_person ON control_plane.approvals (tenant_id, person_id, environment_id, name, expires_at);
CREATE INDEX approvals_newest ON control_plane.approvals (tenant_id, requested_at, id);

CREATE TRIGGER a_next_generation BEFORE UPDATE ON control_plane.approvals
  FOR EACH ROW EXECUTE FUNCTION control_plane.next_generation();
-- It is decided once.
CREATE FUNCTION control_plane.approval_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF OLD.state <> 'requested'
     OR to_jsonb(NEW) - '{state,decided_by,decided_at,expires_at,generation,mac}'::text[]
        IS DISTINCT FROM to_jsonb(OLD) - '{state,decided_by,decided_at,expires_at,generation,mac}'::text[] THEN
    RAISE EXCEPTION 'an approval is decided once' USING ERRCODE = 'KF403';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER approval_moves BEFORE UPDATE ON control_plane.approvals
  FOR EACH ROW EXECUTE FUNCTION control_plane.approval_moves();

ALTER TABLE control_plane.approvals ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.approvals FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON control_plane.approvals TO keyfold_tenant
  USING (tenant_id = control_plane.current_tenant()) WITH CHECK (tenant_id = control_plane.current_tenant());
CREATE POLICY definer ON control_plane.approvals TO keyfold_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON control_plane.approvals TO keyfold_tenant;
GRANT SELECT (tenant_id), DELETE ON control_plane.approvals TO keyfold_definer;

-- What a person was let do here and has not ended, under row-level security; rows with their MACs, which the caller checks.
CREATE FUNCTION control_plane.find_approvals(in_tenant uuid, in_person uuid, in_environment uuid, in_name text)
  RETURNS SETOF control_plane.approvals LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  PERFORM set_config('keyfold.tenant', in_tenant::text, true);
  RETURN QUERY SELECT a.* FROM control_plane.approvals a
    WHERE a.tenant_id = in_tenant AND a.person_id = in_person AND a.environment_id = in_environment AND a.name = in_name
      AND a.state = 'approved' AND a.expires_at > control_plane.clock() ORDER BY a.expires_at DESC LIMIT 20;
END $$;

-- A purged tenant's go with everything else.
CREATE FUNCTION control_plane.purge_approvals() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  DELETE FROM control_plane.approvals x WHERE x.tenant_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER purge_approvals AFTER UPDATE OF purged_at ON control_plane.tenants
  FOR EACH ROW WHEN (NEW.purged_at IS NOT NULL) EXECUTE FUNCTION control_plane.purge_approvals();

REVOKE ALL ON FUNCTION control_plane.approval_moves, control_plane.find_approvals, control_plane.purge_approvals FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.find_approvals TO keyfold_tenant;
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.purge_approvals OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
