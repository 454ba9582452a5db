-- Links by which somebody without any right hands in a value, or is shown one: once.
CREATE TABLE control_plane.value_links (
  tenant_id uuid NOT NULL REFERENCES control_plane.tenants (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('request', 'share')),
  -- Of the secret behind the "#", which is stored nowhere.
  digest bytea NOT NULL,
  project_id uuid,
  environment_id uuid,
  name text,
  secret_id uuid,
  version integer CHECK (version > 0),
  label text NOT NULL,
  note text NOT NULL,
  origins jsonb NOT NULL CHECK (jsonb_typeof(origins) = 'array'),
  write_only boolean NOT NULL,
  agreed boolean NOT NULL,
  encoding text NOT NULL CHECK (encoding IN ('utf8', 'base64')),
  expires_at timestamptz(3) NOT NULL,
  used_at timestamptz(3),
  revoked_at timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  created_by jsonb NOT NULL,
  -- What it shares: opens with the link's secret only.
  sealed bytea,
  dek_wrap bytea,
  generation integer NOT NULL CHECK (generation > 0),
  mac bytea NOT NULL,
  PRIMARY KEY (tenant_id, id),
  CHECK (used_at IS NULL OR revoked_at IS NULL),
  CHECK ((sealed IS NULL) = (dek_wrap IS NULL)),
  CHECK (sealed IS NULL OR kind = 'share'),
  -- What has ended shares nothing.
  CHECK (sealed IS NULL OR (used_at IS NULL AND revoked_at IS NULL))
);
CREATE UNIQUE INDEX value_links_id_key ON control_plane.value_links (id);
CREATE INDEX value_links_newest ON control_plane.value_links (tenant_id, created_at DESC, id DESC);

ALTER TABLE control_plane.value_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.value_links FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON control_plane.value_links TO keyfold_tenant
  USING (tenant_id = control_plane.current_tenant()) WITH CHECK (tenant_id = control_plane.current_tenant());
CREATE POLICY definer ON control_plane.value_links TO keyfold_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON control_plane.value_links TO keyfold_tenant;
GRANT SELECT, DELETE, UPDATE (sealed, dek_wrap) ON control_plane.value_links TO keyfold_definer;
-- Erasing what is shared is no generation of the link: its MAC says nothing about the sealed bytes, which authenticate themselves.
CREATE TRIGGER a_next_generation BEFORE UPDATE OF used_at, revoked_at, generation, mac ON control_plane.value_links
  FOR EACH ROW EXECUTE FUNCTION control_plane.next_generation();

-- A link that was used or revoked stays so; what it is about never changes; what it shares is only ever erased.
CREATE FUNCTION control_plane.value_link_only_ends() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF to_jsonb(NEW) - '{used_at,revoked_at,secret_id,version,sealed,dek_wrap,generation,mac}'::text[]
     IS DISTINCT FROM to_jsonb(OLD) - '{used_at,revoked_at,secret_id,version,sealed,dek_wrap,generation,mac}'::text[]
     OR (NEW.sealed IS NOT NULL AND (NEW.sealed, NEW.dek_wrap) IS DISTINCT FROM (OLD.sealed, OLD.dek_wrap))
     OR ((OLD.used_at IS NOT NULL OR OLD.revoked_at IS NOT NULL) AND NEW.generation <> OLD.generation)
     OR ((OLD.kind = 'share' OR NEW.used_at IS NULL)
         AND (NEW.secret_id, NEW.version) IS DISTINCT FROM (OLD.secret_id, OLD.version)) THEN
    RAISE EXCEPTION 'a link only ends' USING ERRCODE = 'KF403';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER value_link_only_ends BEFORE UPDATE ON control_plane.value_links
  FOR EACH ROW EXECUTE FUNCTION control_plane.value_link_only_ends();

-- Which tenant a link is of. A link from before a restore could have been used since the backup, and is none.
CREATE FUNCTION control_plane.find_value_link(p_id uuid) RETURNS uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT l.tenant_id FROM control_plane.value_links l JOIN control_plane.tenants t ON t.id = l.tenant_id
   WHERE l.id = p_id AND t.deleted_at IS NULL
     AND NOT EXISTS (SELECT 1 FROM control_plane.restores r WHERE r.started_at >= l.created_at)
$$;

-- What a link shares of a version goes with that version, and with the tenant's keys.
CREATE FUNCTION control_plane.erase_shared_version() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  UPDATE control_plane.value_links l SET sealed = NULL, dek_wrap = NULL
   WHERE l.tenant_id = NEW.tenant_id AND l.secret_id = NEW.secret_id AND l.version = NEW.number AND l.sealed IS NOT NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER erase_shared_version AFTER UPDATE ON control_plane.versions
  FOR EACH ROW WHEN (NEW.state = 'destroyed' AND OLD.state <> 'destroyed') EXECUTE FUNCTION control_plane.erase_shared_version();

CREATE FUNCTION control_plane.erase_shared_of_tenant() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  UPDATE control_plane.value_links l SET sealed = NULL, dek_wrap = NULL WHERE l.tenant_id = NEW.tenant_id AND l.sealed IS NOT NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER erase_shared_of_tenant AFTER UPDATE OF destroyed_at ON control_plane.tenant_shreds
  FOR EACH ROW WHEN (NEW.destroyed_at IS NOT NULL) EXECUTE FUNCTION control_plane.erase_shared_of_tenant();

CREATE FUNCTION control_plane.purge_value_links() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  DELETE FROM control_plane.value_links x WHERE x.tenant_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER purge_value_links AFTER UPDATE OF purged_at ON control_plane.tenants
  FOR EACH ROW WHEN (NEW.purged_at IS NOT NULL) EXECUTE FUNCTION control_plane.purge_value_links();

-- Erases what expired links share, and forgets links a month after their end; answers how many went.
CREATE FUNCTION control_plane.clean_value_links(p_limit integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE erased integer; gone integer;
BEGIN
  UPDATE control_plane.value_links l SET sealed = NULL, dek_wrap = NULL WHERE (l.tenant_id, l.id) IN (
    SELECT o.tenant_id, o.id FROM control_plane.value_links o
     WHERE o.sealed IS NOT NULL AND o.expires_at < control_plane.clock() LIMIT p_limit FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS erased = ROW_COUNT;
  DELETE FROM control_plane.value_links l WHERE (l.tenant_id, l.id) IN (
    SELECT o.tenant_id, o.id FROM control_plane.value_links o
     WHERE least(o.expires_at, o.used_at, o.revoked_at) < control_plane.clock() - interval '30 days' LIMIT p_limit FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN greatest(erased, gone);
END $$;

REVOKE ALL ON FUNCTION control_plane.find_value_link, control_plane.clean_value_links, control_plane.purge_value_links,
  control_plane.erase_shared_version, control_plane.erase_shared_of_tenant, control_plane.value_link_only_ends FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.find_value_link, control_plane.clean_value_links TO keyfold_deployment;
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.find_value_link OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.clean_value_links OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.purge_value_links OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.erase_shared_version OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.erase_shared_of_tenant OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;

SELECT control_plane.cover_for_backup();
