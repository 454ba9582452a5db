-- People: who signs in with an e-mail address and a password. They belong to the deployment, and to tenants by what
-- stands elsewhere; nothing here is published to other regions.

-- ---- people ------------------------------------------------------------------------------------------------------------
CREATE TABLE control_plane.people (
  id uuid PRIMARY KEY,
  email text COLLATE "C" NOT NULL CHECK (char_length(email) BETWEEN 3 AND 254 AND email = lower(email)),
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
  -- Whether this person runs the deployment.
  operator boolean NOT NULL,
  -- Argon2id, as docs/people.md says; null: signs in some other way.
  password text,
  -- Whether a password alone does not do. Stands here, and not only in the factors' own rows: who deletes those must
  -- not end what they asked for.
  factor_required boolean NOT NULL,
  suspended_at timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  created_by jsonb NOT NULL,
  generation integer NOT NULL,
  mac bytea NOT NULL
);
CREATE UNIQUE INDEX people_email_key ON control_plane.people (email);

-- What a person proves besides the password: an authenticator app's secret (sealed), a passkey, a recovery code (digest).
CREATE TABLE control_plane.person_factors (
  id uuid PRIMARY KEY,
  person_id uuid NOT NULL REFERENCES control_plane.people (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  kind text NOT NULL CHECK (kind IN ('totp', 'passkey', 'recovery')),
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
  sealed bytea,
  dek_wrap bytea,
  -- A recovery code's digest, or a passkey's credential id.
  digest bytea,
  public_key bytea,
  -- The last time step of an authenticator app, or a passkey's signature counter: what is not above it was used before.
  counter bigint NOT NULL CHECK (counter >= 0),
  confirmed_at timestamptz(3),
  used_at timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  generation integer NOT NULL,
  mac bytea NOT NULL,
  CHECK ((kind = 'totp') = (sealed IS NOT NULL AND dek_wrap IS NOT NULL)),
  CHECK ((kind = 'totp') = (digest IS NULL)),
  CHECK ((kind = 'passkey') = (public_key IS NOT NULL))
);
CREATE UNIQUE INDEX person_factors_digest_key ON control_plane.person_factors (digest);
CREATE UNIQUE INDEX person_factors_one_totp ON control_plane.person_factors (person_id) WHERE kind = 'totp';
CREATE INDEX person_factors_person ON control_plane.person_factors (person_id);

-- One-time links: the first operator's, invitations, resets. Only a digest of the secret in the link is here.
CREATE TABLE control_plane.person_links (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('operator', 'member', 'reset')),
  digest bytea NOT NULL,
  -- Whose; null: whoever opens it says who they are.
  email text COLLATE "C" CHECK (char_length(email) BETWEEN 3 AND 254 AND email = lower(email)),
  -- Whose second factors a reset takes away with the password.
  clears_factors boolean NOT NULL,
  -- What an invitation to a tenant gives.
  tenant_id uuid,
  "grant" jsonb,
  expires_at timestamptz(3) NOT NULL,
  used_at timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  created_by jsonb NOT NULL,
  generation integer NOT NULL,
  mac bytea NOT NULL,
  CHECK ((kind = 'member') = (tenant_id IS NOT NULL)),
  CHECK (kind = 'operator' OR email IS NOT NULL)
);
CREATE UNIQUE INDEX person_links_digest_key ON control_plane.person_links (digest);
CREATE INDEX person_links_oldest ON control_plane.person_links (expires_at);
CREATE INDEX person_links_email ON control_plane.person_links (email);
CREATE INDEX person_links_tenant ON control_plane.person_links (tenant_id);

-- What a browser was asked, until it answers: a passkey's challenge, a sign-in that is under way elsewhere.
CREATE TABLE control_plane.person_challenges (
  id uuid PRIMARY KEY,
  digest bytea NOT NULL,
  purpose text NOT NULL,
  person_id uuid,
  facts jsonb NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  generation integer NOT NULL,
  mac bytea NOT NULL
);
CREATE UNIQUE INDEX person_challenges_digest_key ON control_plane.person_challenges (digest);
CREATE INDEX person_challenges_oldest ON control_plane.person_challenges (expires_at);

-- Failed sign-ins, by a keyed digest of the address that was given: for people who exist and for ones who do not.
CREATE TABLE control_plane.sign_in_failures (
  digest bytea PRIMARY KEY,
  count integer NOT NULL CHECK (count > 0),
  since timestamptz(3) NOT NULL
);
CREATE INDEX sign_in_failures_oldest ON control_plane.sign_in_failures (since);

-- ---- sessions: a token's, or a person's ----------------------------------------------------------------------------------
ALTER TABLE control_plane.sessions
  ALTER COLUMN token_id DROP NOT NULL,
  ADD COLUMN person_id uuid REFERENCES control_plane.people (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  -- When a second factor was proved last.
  ADD COLUMN factor_at timestamptz(3),
  ADD COLUMN ip text,
  ADD COLUMN user_agent text,
  ADD CONSTRAINT sessions_whose CHECK ((token_id IS NULL) <> (person_id IS NULL));
CREATE INDEX sessions_person ON control_plane.sessions (person_id);

-- ---- walls ---------------------------------------------------------------------------------------------------------------
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['people', 'person_factors', 'person_links', 'person_challenges', 'sign_in_failures'] LOOP
    EXECUTE format('ALTER TABLE control_plane.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE control_plane.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY the_deployment ON control_plane.%I TO keyfold_deployment, keyfold_definer USING (true) WITH CHECK (true)', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['people', 'person_factors', 'person_links'] LOOP
    EXECUTE format('CREATE TRIGGER a_next_generation BEFORE UPDATE ON control_plane.%I
      FOR EACH ROW EXECUTE FUNCTION control_plane.next_generation()', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE ON control_plane.people, control_plane.person_links TO keyfold_deployment;
GRANT SELECT, INSERT, UPDATE, DELETE ON control_plane.person_factors TO keyfold_deployment;
GRANT SELECT, INSERT, DELETE ON control_plane.person_challenges TO keyfold_deployment;
GRANT SELECT, INSERT, UPDATE, DELETE ON control_plane.sign_in_failures TO keyfold_deployment;
GRANT SELECT ON control_plane.people TO keyfold_definer;

-- A link that was used stays used, and says for ever what it was.
CREATE FUNCTION control_plane.link_only_ends() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF OLD.used_at IS NOT NULL OR NEW.used_at IS NULL
     OR to_jsonb(NEW) - '{used_at,generation,mac}'::text[] IS DISTINCT FROM to_jsonb(OLD) - '{used_at,generation,mac}'::text[] THEN
    RAISE EXCEPTION 'a link only ends' USING ERRCODE = 'KF403';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION control_plane.link_only_ends FROM PUBLIC;
CREATE TRIGGER link_only_ends BEFORE UPDATE ON control_plane.person_links
  FOR EACH ROW EXECUTE FUNCTION control_plane.link_only_ends();

-- ---- functions -----------------------------------------------------------------------------------------------------------
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
SET ROLE keyfold_definer;
DROP FUNCTION control_plane.find_session(bytea);
-- A browser's session with the digest of the token that it stands for, or the person whose it is.
CREATE FUNCTION control_plane.find_session(p_digest bytea) RETURNS TABLE (
  now timestamptz, id uuid, digest bytea, tenant_id uuid, token_id uuid, expires_at timestamptz, ended_at timestamptz,
  created_at timestamptz, generation integer, mac bytea, token_digest bytea,
  person_id uuid, factor_at timestamptz, ip text, user_agent text,
  p_email text, p_name text, p_operator boolean, p_password text, p_factor_required boolean, p_suspended_at timestamptz,
  p_created_at timestamptz, p_created_by jsonb, p_generation integer, p_mac bytea)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT control_plane.clock(), x.id, x.digest, x.tenant_id, x.token_id, x.expires_at, x.ended_at,
         x.created_at, x.generation, x.mac,
         coalesce((SELECT s.digest FROM control_plane.service_tokens s WHERE s.tenant_id = x.tenant_id AND s.id = x.token_id),
                  (SELECT o.digest FROM control_plane.operator_tokens o WHERE x.tenant_id IS NULL AND o.id = x.token_id)),
         x.person_id, x.factor_at, x.ip, x.user_agent,
         p.email, p.name, p.operator, p.password, p.factor_required, p.suspended_at,
         p.created_at, p.created_by, p.generation, p.mac
    FROM control_plane.sessions x LEFT JOIN control_plane.people p ON p.id = x.person_id WHERE x.digest = p_digest
$$;
REVOKE ALL ON FUNCTION control_plane.find_session FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.find_session TO keyfold_tenant, keyfold_deployment;

-- Forgets what has expired: links a month after, questions and counts of failures at once.
CREATE FUNCTION control_plane.clean_people(p_limit integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE gone integer; all_gone integer := 0;
BEGIN
  DELETE FROM control_plane.person_challenges x USING (SELECT o.id FROM control_plane.person_challenges o
    WHERE o.expires_at < control_plane.clock() ORDER BY o.expires_at LIMIT p_limit) old WHERE x.id = old.id;
  GET DIAGNOSTICS gone = ROW_COUNT;
  all_gone := greatest(all_gone, gone);
  DELETE FROM control_plane.sign_in_failures x USING (SELECT o.digest FROM control_plane.sign_in_failures o
    WHERE o.since < control_plane.clock() - interval '15 minutes' ORDER BY o.since LIMIT p_limit) old WHERE x.digest = old.digest;
  GET DIAGNOSTICS gone = ROW_COUNT;
  all_gone := greatest(all_gone, gone);
  DELETE FROM control_plane.person_links x USING (SELECT o.id FROM control_plane.person_links o
    WHERE o.expires_at < control_plane.clock() - interval '30 days' ORDER BY o.expires_at LIMIT p_limit) old WHERE x.id = old.id;
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN greatest(all_gone, gone);
END $$;
REVOKE ALL ON FUNCTION control_plane.clean_people FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.clean_people TO keyfold_deployment;
RESET ROLE;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
GRANT SELECT (id, expires_at), DELETE ON control_plane.person_challenges, control_plane.person_links TO keyfold_definer;
GRANT SELECT (digest, since), DELETE ON control_plane.sign_in_failures TO keyfold_definer;

SELECT control_plane.cover_for_backup();
