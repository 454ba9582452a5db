-- The people of a tenant: who belongs to it, with which rights, and the roles that a tenant makes itself.

-- A tenant's own roles. Rows that grant, and so with a MAC; a deleted one frees its name.
CREATE TABLE control_plane.tenant_roles (
  tenant_id uuid NOT NULL REFERENCES control_plane.tenants (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  id uuid NOT NULL,
  name text COLLATE "C" NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
  summary text NOT NULL CHECK (char_length(summary) <= 500),
  actions jsonb NOT NULL CHECK (jsonb_typeof(actions) = 'array'),
  created_at timestamptz(3) NOT NULL,
  created_by jsonb NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  deleted_at timestamptz(3),
  generation integer NOT NULL CHECK (generation > 0),
  mac bytea NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX tenant_roles_live_name ON control_plane.tenant_roles (tenant_id, name) WHERE deleted_at IS NULL;

-- Who belongs to a tenant. A member who was removed stays as a row that refuses, so that its generation goes on.
CREATE TABLE control_plane.memberships (
  tenant_id uuid NOT NULL REFERENCES control_plane.tenants (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  person_id uuid NOT NULL,
  -- What the tenant calls them.
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
  -- [{role, projects, environments, prefix, expiresAt}]: a role of ours by its name, or one of the tenant's by its id.
  grants jsonb NOT NULL CHECK (jsonb_typeof(grants) = 'array'),
  created_at timestamptz(3) NOT NULL,
  created_by jsonb NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  removed_at timestamptz(3),
  generation integer NOT NULL CHECK (generation > 0),
  mac bytea NOT NULL,
  PRIMARY KEY (tenant_id, person_id)
);
CREATE INDEX memberships_person ON control_plane.memberships (person_id) WHERE removed_at IS NULL;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['tenant_roles', 'memberships'] LOOP
    EXECUTE format('CREATE TRIGGER a_next_generation BEFORE UPDATE ON control_plane.%I
      FOR EACH ROW EXECUTE FUNCTION control_plane.next_generation()', t);
    EXECUTE format('ALTER TABLE control_plane.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE control_plane.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY one_tenant ON control_plane.%I TO keyfold_tenant
      USING (tenant_id = control_plane.current_tenant()) WITH CHECK (tenant_id = control_plane.current_tenant())', t);
    EXECUTE format('CREATE POLICY definer ON control_plane.%I TO keyfold_definer USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE ON control_plane.tenant_roles, control_plane.memberships TO keyfold_tenant;
GRANT SELECT (tenant_id, person_id, removed_at), DELETE ON control_plane.memberships TO keyfold_definer;
GRANT SELECT (tenant_id), DELETE ON control_plane.tenant_roles TO keyfold_definer;

-- A member of one tenant, the tenant, and the tenant's own roles that they were given (a row for each; one row at least):
-- in one trip, under row-level security. Rows come with their MACs, and the caller checks them.
CREATE FUNCTION control_plane.find_member(in_tenant uuid, in_person uuid) RETURNS TABLE (
  epoch bigint, now timestamptz,
  t_slug text, t_name text, t_created_at timestamptz, t_created_by jsonb, t_deleted_at timestamptz, t_purged_at timestamptz,
  t_grace_seconds integer, t_algorithm text, t_generation integer, t_mac bytea,
  m_name text, m_grants jsonb, m_created_at timestamptz, m_created_by jsonb, m_updated_at timestamptz, m_removed_at timestamptz,
  m_generation integer, m_mac bytea,
  r_id uuid, r_name text, r_summary text, r_actions jsonb, r_created_at timestamptz, r_created_by jsonb, r_updated_at timestamptz,
  r_deleted_at timestamptz, r_generation integer, r_mac bytea)
  LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  before bigint;
BEGIN
  PERFORM set_config('keyfold.tenant', in_tenant::text, true);
  -- The epoch first: whatever changes after this is newer than it.
  before := control_plane.epoch_of(in_tenant);
  RETURN QUERY
  SELECT before, control_plane.clock(),
         t.slug, t.name, t.created_at, t.created_by, t.deleted_at, t.purged_at, t.grace_seconds, t.algorithm, t.generation, t.mac,
         m.name, m.grants, m.created_at, m.created_by, m.updated_at, m.removed_at, m.generation, m.mac,
         r.id, r.name, r.summary, r.actions, r.created_at, r.created_by, r.updated_at, r.deleted_at, r.generation, r.mac
    FROM control_plane.memberships m
    JOIN control_plane.tenants t ON t.id = m.tenant_id
    LEFT JOIN control_plane.tenant_roles r ON r.tenant_id = m.tenant_id AND r.deleted_at IS NULL
      AND m.grants @> jsonb_build_array(jsonb_build_object('role', r.id::text))
   WHERE m.tenant_id = in_tenant AND m.person_id = in_person;
END $$;

-- The generation of a member's row while they are one; with in_lock it stays so until the transaction ends.
CREATE FUNCTION control_plane.member_stands(in_tenant uuid, in_person uuid, in_lock boolean) RETURNS integer
  LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  found integer;
BEGIN
  PERFORM set_config('keyfold.tenant', in_tenant::text, true);
  IF in_lock THEN
    SELECT m.generation INTO found FROM control_plane.memberships m
     WHERE m.tenant_id = in_tenant AND m.person_id = in_person AND m.removed_at IS NULL FOR SHARE;
  ELSE
    SELECT m.generation INTO found FROM control_plane.memberships m
     WHERE m.tenant_id = in_tenant AND m.person_id = in_person AND m.removed_at IS NULL;
  END IF;
  RETURN found;
END $$;

-- The tenants that a person is a member of: what they choose from. What they may do there is asked of each.
CREATE FUNCTION control_plane.tenants_of_person(p_person uuid) RETURNS TABLE (id uuid, slug text, name text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT t.id, t.slug, t.name FROM control_plane.memberships m JOIN control_plane.tenants t ON t.id = m.tenant_id
   WHERE m.person_id = p_person AND m.removed_at IS NULL AND t.deleted_at IS NULL ORDER BY t.slug
$$;

-- A purged tenant's people go with everything else.
CREATE FUNCTION control_plane.purge_members() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  DELETE FROM control_plane.memberships x WHERE x.tenant_id = NEW.id;
  DELETE FROM control_plane.tenant_roles x WHERE x.tenant_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER purge_members AFTER UPDATE OF purged_at ON control_plane.tenants
  FOR EACH ROW WHEN (NEW.purged_at IS NOT NULL) EXECUTE FUNCTION control_plane.purge_members();

REVOKE ALL ON FUNCTION control_plane.find_member, control_plane.member_stands, control_plane.tenants_of_person,
  control_plane.purge_members FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.find_member, control_plane.member_stands TO keyfold_tenant;
GRANT EXECUTE ON FUNCTION control_plane.tenants_of_person TO keyfold_deployment;
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.tenants_of_person OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.purge_members OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
