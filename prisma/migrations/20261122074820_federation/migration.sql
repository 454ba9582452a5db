-- Federation: by which rules a workload's token of another issuer is exchanged for a service token of minutes.
CREATE TABLE control_plane.federation_rules (
  tenant_id uuid NOT NULL REFERENCES control_plane.tenants (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  id uuid NOT NULL,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
  -- Who signs the tokens, whom they are for, and where the issuer's public keys come from.
  issuer text COLLATE "C" NOT NULL CHECK (char_length(issuer) BETWEEN 1 AND 2048),
  audience text NOT NULL CHECK (char_length(audience) BETWEEN 1 AND 1024),
  keys jsonb NOT NULL,
  -- What the claims must be.
  claims jsonb NOT NULL CHECK (jsonb_typeof(claims) = 'object'),
  -- What is given out for it: a scope, for so many seconds, to calls from these addresses.
  scope jsonb NOT NULL,
  life_seconds integer NOT NULL CHECK (life_seconds BETWEEN 60 AND 3600),
  ip_ranges jsonb CHECK (jsonb_typeof(ip_ranges) = 'array'),
  consumer_name text,
  consumer_kind text,
  -- The end of what its maker held.
  expires_at timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  created_by jsonb NOT NULL,
  deleted_at timestamptz(3),
  generation integer NOT NULL,
  mac bytea NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX federation_rules_live_name ON control_plane.federation_rules (tenant_id, name) WHERE deleted_at IS NULL;
CREATE INDEX federation_rules_issuer ON control_plane.federation_rules (tenant_id, issuer) WHERE deleted_at IS NULL;
CREATE INDEX service_tokens_federated_by ON control_plane.service_tokens (tenant_id, federated_by, expires_at) WHERE federated_by IS NOT NULL;

ALTER TABLE control_plane.federation_rules ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.federation_rules FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON control_plane.federation_rules TO keyfold_tenant
  USING (tenant_id = control_plane.current_tenant()) WITH CHECK (tenant_id = control_plane.current_tenant());
CREATE POLICY definer ON control_plane.federation_rules TO keyfold_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON control_plane.federation_rules TO keyfold_tenant;
GRANT SELECT (tenant_id), DELETE ON control_plane.federation_rules TO keyfold_definer;

CREATE TRIGGER a_next_generation BEFORE UPDATE ON control_plane.federation_rules
  FOR EACH ROW EXECUTE FUNCTION control_plane.next_generation();
-- A rule only ends: another one is another rule.
CREATE FUNCTION control_plane.federation_rule_only_ends() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF OLD.deleted_at IS NOT NULL OR NEW.deleted_at IS NULL
     OR to_jsonb(NEW) - '{deleted_at,generation,mac}'::text[] IS DISTINCT FROM to_jsonb(OLD) - '{deleted_at,generation,mac}'::text[] THEN
    RAISE EXCEPTION 'a federation rule only ends' USING ERRCODE = 'KF403';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER federation_rule_only_ends BEFORE UPDATE ON control_plane.federation_rules
  FOR EACH ROW EXECUTE FUNCTION control_plane.federation_rule_only_ends();

CREATE FUNCTION control_plane.purge_federation_rules() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  DELETE FROM control_plane.federation_rules x WHERE x.tenant_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER purge_federation_rules AFTER UPDATE OF purged_at ON control_plane.tenants
  FOR EACH ROW WHEN (NEW.purged_at IS NOT NULL) EXECUTE FUNCTION control_plane.purge_federation_rules();

-- Tokens that a rule gave out and that ended a week ago; answers how many went. The audit log keeps what they did.
CREATE FUNCTION control_plane.clean_federated_tokens(p_limit integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE gone integer;
BEGIN
  DELETE FROM control_plane.service_tokens s WHERE (s.tenant_id, s.id) IN (
    SELECT o.tenant_id, o.id FROM control_plane.service_tokens o
     WHERE o.federated_by IS NOT NULL AND o.expires_at < control_plane.clock() - interval '7 days' LIMIT p_limit);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

REVOKE ALL ON FUNCTION control_plane.federation_rule_only_ends, control_plane.purge_federation_rules,
  control_plane.clean_federated_tokens FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.clean_federated_tokens TO keyfold_deployment;
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.purge_federation_rules OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.clean_federated_tokens OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
