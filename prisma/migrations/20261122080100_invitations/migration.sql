-- Invitations into a tenant are the tenant's own rows. Links of the deployment's are about people only.
DELETE FROM control_plane.person_links; -- one-time links of a day at most: whoever waits for one asks for another
ALTER TABLE control_plane.person_links
  DROP COLUMN tenant_id, DROP COLUMN "grant", DROP CONSTRAINT person_links_kind_check,
  ADD CONSTRAINT person_links_kind_check CHECK (kind IN ('operator', 'reset'));

CREATE TABLE control_plane.invitations (
  tenant_id uuid NOT NULL REFERENCES control_plane.tenants (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  id uuid NOT NULL,
  -- Of the secret in the link, which is stored nowhere.
  digest bytea NOT NULL,
  email text COLLATE "C" NOT NULL CHECK (char_length(email) BETWEEN 3 AND 254 AND email = lower(email)),
  -- As a membership's.
  grants jsonb NOT NULL CHECK (jsonb_typeof(grants) = 'array'),
  expires_at timestamptz(3) NOT NULL,
  accepted_at timestamptz(3),
  cancelled_at timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  created_by jsonb NOT NULL,
  generation integer NOT NULL CHECK (generation > 0),
  mac bytea NOT NULL,
  PRIMARY KEY (tenant_id, id),
  CHECK (accepted_at IS NULL OR cancelled_at IS NULL)
);
CREATE UNIQUE INDEX invitations_digest_key ON control_plane.invitations (digest);
CREATE UNIQUE INDEX invitations_one_open ON control_plane.invitations (tenant_id, email) WHERE accepted_at IS NULL AND cancelled_at IS NULL;

ALTER TABLE control_plane.invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON control_plane.invitations TO keyfold_tenant
  USING (tenant_id = control_plane.current_tenant()) WITH CHECK (tenant_id = control_plane.current_tenant());
CREATE POLICY definer ON control_plane.invitations TO keyfold_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON control_plane.invitations TO keyfold_tenant;
GRANT SELECT, DELETE ON control_plane.invitations TO keyfold_definer;
CREATE TRIGGER a_next_generation BEFORE UPDATE ON control_plane.invitations
  FOR EACH ROW EXECUTE FUNCTION control_plane.next_generation();

-- An invitation that was accepted or cancelled stays so, and what it gives never changes.
CREATE FUNCTION control_plane.invitation_only_ends() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF OLD.accepted_at IS NOT NULL OR OLD.cancelled_at IS NOT NULL
     OR to_jsonb(NEW) - '{accepted_at,cancelled_at,generation,mac}'::text[]
        IS DISTINCT FROM to_jsonb(OLD) - '{accepted_at,cancelled_at,generation,mac}'::text[] THEN
    RAISE EXCEPTION 'an invitation only ends' USING ERRCODE = 'KF403';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER invitation_only_ends BEFORE UPDATE ON control_plane.invitations
  FOR EACH ROW EXECUTE FUNCTION control_plane.invitation_only_ends();

-- Which invitation a link is of: where it is, and no more.
CREATE FUNCTION control_plane.find_invitation(p_digest bytea) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT i.tenant_id, i.id FROM control_plane.invitations i JOIN control_plane.tenants t ON t.id = i.tenant_id
   WHERE i.digest = p_digest AND t.deleted_at IS NULL
$$;
CREATE FUNCTION control_plane.purge_invitations() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  DELETE FROM control_plane.invitations x WHERE x.tenant_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER purge_invitations AFTER UPDATE OF purged_at ON control_plane.tenants
  FOR EACH ROW WHEN (NEW.purged_at IS NOT NULL) EXECUTE FUNCTION control_plane.purge_invitations();

REVOKE ALL ON FUNCTION control_plane.find_invitation, control_plane.purge_invitations,
  control_plane.invitation_only_ends FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.find_invitation TO keyfold_deployment;
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.find_invitation OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.purge_invitations OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;

SELECT control_plane.cover_for_backup();
