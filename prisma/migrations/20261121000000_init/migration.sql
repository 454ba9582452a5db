-- Keyfold's first schema. Read it in this order: roles, tables, what the database itself enforces,
-- row-level security, functions, grants.

CREATE SCHEMA IF NOT EXISTS control_plane;

-- ---- roles -------------------------------------------------------------------------------------------
-- Group roles without login. The application's login role inherits keyfold_tenant and may SET ROLE
-- keyfold_deployment; nobody who serves requests is a member of keyfold_definer, which owns the few
-- functions that look across tenants. Roles belong to the whole server, and its other databases may be at it too.
DO $$
DECLARE r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['keyfold_tenant', 'keyfold_deployment', 'keyfold_definer'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE', r);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
      END;
    END IF;
  END LOOP;
  -- To hand functions to keyfold_definer the owner must be able to become it.
  IF NOT pg_has_role(current_user, 'keyfold_definer', 'SET') THEN
    EXECUTE format('GRANT keyfold_definer TO %I WITH SET TRUE, INHERIT FALSE', current_user);
  END IF;
END $$;
GRANT USAGE ON SCHEMA control_plane TO keyfold_tenant, keyfold_deployment, keyfold_definer;

-- ---- types and small functions -----------------------------------------------------------------------
CREATE TYPE control_plane.secret_state AS ENUM ('live', 'empty', 'deleted');
CREATE TYPE control_plane.version_state AS ENUM ('pending', 'current', 'grace', 'kept', 'revoked', 'destroyed');

-- The clock that every deadline is judged by, in whole milliseconds as they are stored and authenticated.
-- Tests move it by replacing this one function.
CREATE FUNCTION control_plane.clock() RETURNS timestamptz
  LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = ''
  RETURN date_trunc('milliseconds', clock_timestamp());

-- The tenant of this transaction; an expired local setting is '' and not NULL.
CREATE FUNCTION control_plane.current_tenant() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('keyfold.tenant', true), '')::uuid;

-- ---- the deployment's tables ---------------------------------------------------------------------------
CREATE TABLE control_plane.deployments (
  id uuid PRIMARY KEY,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX deployments_only_one ON control_plane.deployments ((true));

CREATE TABLE control_plane.root_keys (
  id text PRIMARY KEY,
  provider text NOT NULL,
  key_version text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  retired_at timestamptz(3)
);

CREATE TABLE control_plane.deployment_keys (
  purpose text NOT NULL CHECK (purpose IN ('integrity', 'token')),
  term integer NOT NULL CHECK (term > 0),
  check_value bytea NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (purpose, term)
);

CREATE TABLE control_plane.deployment_key_wraps (
  purpose text NOT NULL,
  term integer NOT NULL,
  opener text NOT NULL,
  provider text NOT NULL,
  suite smallint NOT NULL,
  wrapped bytea NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (purpose, term, opener),
  FOREIGN KEY (purpose, term) REFERENCES control_plane.deployment_keys (purpose, term) ON DELETE RESTRICT ON UPDATE CASCADE
);

CREATE TABLE control_plane.operator_tokens (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  digest bytea NOT NULL,
  hint text NOT NULL,
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  generation integer NOT NULL,
  mac bytea NOT NULL
);
CREATE UNIQUE INDEX operator_tokens_digest_key ON control_plane.operator_tokens (digest);

CREATE TABLE control_plane.sessions (
  id uuid PRIMARY KEY,
  digest bytea NOT NULL,
  tenant_id uuid,
  token_id uuid NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  ended_at timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  generation integer NOT NULL,
  mac bytea NOT NULL
);
CREATE UNIQUE INDEX sessions_digest_key ON control_plane.sessions (digest);

-- ---- the tenants' tables: every primary key and foreign key starts with the tenant ----------------------
CREATE TABLE control_plane.tenants (
  id uuid PRIMARY KEY,
  slug text COLLATE "C" NOT NULL CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
  created_at timestamptz(3) NOT NULL,
  created_by jsonb NOT NULL,
  deleted_at timestamptz(3),
  purged_at timestamptz(3),
  generation integer NOT NULL,
  mac bytea NOT NULL,
  CHECK (purged_at IS NULL OR deleted_at IS NOT NULL)
);
CREATE UNIQUE INDEX tenants_live_slug ON control_plane.tenants (slug) WHERE deleted_at IS NULL;

CREATE TABLE control_plane.projects (
  tenant_id uuid NOT NULL REFERENCES control_plane.tenants (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  id uuid NOT NULL,
  name text COLLATE "C" NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
  created_at timestamptz(3) NOT NULL,
  created_by jsonb NOT NULL,
  deleted_at timestamptz(3),
  generation integer NOT NULL,
  mac bytea NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX projects_live_name ON control_plane.projects (tenant_id, name) WHERE deleted_at IS NULL;

CREATE TABLE control_plane.environments (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  project_id uuid NOT NULL,
  name text COLLATE "C" NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
  created_at timestamptz(3) NOT NULL,
  created_by jsonb NOT NULL,
  deleted_at timestamptz(3),
  generation integer NOT NULL,
  mac bytea NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, project_id) REFERENCES control_plane.projects (tenant_id, id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX environments_project ON control_plane.environments (tenant_id, project_id, id);
CREATE UNIQUE INDEX environments_live_name ON control_plane.environments (tenant_id, project_id, name) WHERE deleted_at IS NULL;

CREATE TABLE control_plane.secrets (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  project_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  name text COLLATE "C" NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
  description text NOT NULL CHECK (char_length(description) <= 500),
  tags jsonb NOT NULL CHECK (jsonb_typeof(tags) = 'object'),
  state control_plane.secret_state NOT NULL,
  current_version integer,
  grace_seconds integer CHECK (grace_seconds BETWEEN 0 AND 7776000),
  created_at timestamptz(3) NOT NULL,
  created_by jsonb NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  deleted_at timestamptz(3),
  purge_after timestamptz(3),
  generation integer NOT NULL,
  mac bytea NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, project_id, environment_id) REFERENCES control_plane.environments (tenant_id, project_id, id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CHECK ((state = 'live') <= (current_version IS NOT NULL)),
  CHECK ((state = 'empty') <= (current_version IS NULL)),
  CHECK ((state = 'deleted') = (deleted_at IS NOT NULL)),
  CHECK ((state = 'deleted') = (purge_after IS NOT NULL))
);
-- A deleted secret frees its name at once.
CREATE UNIQUE INDEX secrets_live_name ON control_plane.secrets (tenant_id, project_id, environment_id, name)
  WHERE state <> 'deleted'::control_plane.secret_state;

-- Lists are by name, over all places that an actor may see.
CREATE INDEX secrets_by_name ON control_plane.secrets (tenant_id, name, id);

CREATE TABLE control_plane.versions (
  tenant_id uuid NOT NULL,
  secret_id uuid NOT NULL,
  number integer NOT NULL CHECK (number > 0),
  state control_plane.version_state NOT NULL,
  rotated_from integer CHECK (rotated_from < number),
  reason text CHECK (char_length(reason) <= 500),
  encoding text NOT NULL CHECK (encoding IN ('utf8', 'base64')),
  created_at timestamptz(3) NOT NULL,
  created_by jsonb NOT NULL,
  open_until timestamptz(3),
  revoked_at timestamptz(3),
  destroyed_at timestamptz(3),
  generation integer NOT NULL,
  mac bytea NOT NULL,
  PRIMARY KEY (tenant_id, secret_id, number),
  FOREIGN KEY (tenant_id, secret_id) REFERENCES control_plane.secrets (tenant_id, id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CHECK ((state = 'grace') <= (open_until IS NOT NULL)),
  CHECK ((state = 'revoked') <= (revoked_at IS NOT NULL)),
  CHECK ((state = 'destroyed') = (destroyed_at IS NOT NULL))
);
CREATE UNIQUE INDEX versions_one_current ON control_plane.versions (tenant_id, secret_id)
  WHERE state = 'current'::control_plane.version_state;
CREATE UNIQUE INDEX versions_one_pending ON control_plane.versions (tenant_id, secret_id)
  WHERE state = 'pending'::control_plane.version_state;

CREATE TABLE control_plane.sealed_values (
  tenant_id uuid NOT NULL,
  secret_id uuid NOT NULL,
  number integer NOT NULL,
  term integer NOT NULL CHECK (term > 0),
  sealed bytea,
  dek_wrap bytea,
  digest bytea,
  replaces bytea,
  generation integer NOT NULL,
  PRIMARY KEY (tenant_id, secret_id, number),
  FOREIGN KEY (tenant_id, secret_id, number) REFERENCES control_plane.versions (tenant_id, secret_id, number) ON DELETE RESTRICT ON UPDATE CASCADE,
  CHECK ((sealed IS NULL) = (dek_wrap IS NULL)),
  CHECK ((sealed IS NULL) = (digest IS NULL))
);
-- Sealed bytes do not compress; trying costs time on every write.
ALTER TABLE control_plane.sealed_values ALTER COLUMN sealed SET STORAGE EXTERNAL;

CREATE TABLE control_plane.tenant_keys (
  tenant_id uuid NOT NULL REFERENCES control_plane.tenants (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  purpose text NOT NULL CHECK (purpose IN ('value', 'digest')),
  term integer NOT NULL CHECK (term > 0),
  check_value bytea NOT NULL,
  created_at timestamptz(3) NOT NULL,
  generation integer NOT NULL,
  mac bytea NOT NULL,
  PRIMARY KEY (tenant_id, purpose, term)
);

CREATE TABLE control_plane.key_wraps (
  tenant_id uuid NOT NULL,
  purpose text NOT NULL,
  term integer NOT NULL,
  opener text NOT NULL,
  provider text NOT NULL,
  suite smallint NOT NULL,
  wrapped bytea NOT NULL,
  created_at timestamptz(3) NOT NULL,
  generation integer NOT NULL,
  mac bytea NOT NULL,
  PRIMARY KEY (tenant_id, purpose, term, opener),
  FOREIGN KEY (tenant_id, purpose, term) REFERENCES control_plane.tenant_keys (tenant_id, purpose, term) ON DELETE RESTRICT ON UPDATE CASCADE
);

CREATE TABLE control_plane.service_tokens (
  tenant_id uuid NOT NULL REFERENCES control_plane.tenants (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  id uuid NOT NULL,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
  digest bytea NOT NULL,
  hint text NOT NULL,
  scope jsonb NOT NULL,
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  created_by jsonb NOT NULL,
  generation integer NOT NULL,
  mac bytea NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX service_tokens_digest_key ON control_plane.service_tokens (digest);

CREATE TABLE control_plane.idempotency_keys (
  tenant_id uuid NOT NULL,
  digest bytea NOT NULL,
  request_digest bytea NOT NULL,
  answer jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, digest)
);
CREATE INDEX idempotency_keys_age ON control_plane.idempotency_keys (tenant_id, created_at);

CREATE TABLE control_plane.audit_batches (
  chain_id uuid NOT NULL,
  number bigint NOT NULL CHECK (number > 0),
  batch_id uuid NOT NULL,
  first_seq bigint NOT NULL CHECK (first_seq > 0),
  count integer NOT NULL CHECK (count > 0),
  epoch bigint NOT NULL CHECK (epoch >= 0),
  prev_hash bytea NOT NULL CHECK (octet_length(prev_hash) = 32),
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  leaves bytea NOT NULL CHECK (octet_length(leaves) = 32 * count),
  bodies bytea,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (chain_id, number),
  CHECK (hash = sha256(prev_hash || root))
);
CREATE UNIQUE INDEX audit_batches_batch_id ON control_plane.audit_batches (chain_id, batch_id);

-- ---- what the database itself enforces -------------------------------------------------------------------

-- A guarded row changes one generation at a time, so that no update is lost and none is replayed.
CREATE FUNCTION control_plane.next_generation() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF NEW.generation <> OLD.generation + 1 THEN
    RAISE EXCEPTION 'generation % does not follow %', NEW.generation, OLD.generation USING ERRCODE = 'KF409';
  END IF;
  RETURN NEW;
END $$;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['operator_tokens', 'sessions', 'tenants', 'projects', 'environments', 'secrets',
      'versions', 'sealed_values', 'tenant_keys', 'key_wraps', 'service_tokens'] LOOP
    EXECUTE format('CREATE TRIGGER a_next_generation BEFORE UPDATE ON control_plane.%I
      FOR EACH ROW EXECUTE FUNCTION control_plane.next_generation()', t);
  END LOOP;
END $$;

CREATE FUNCTION control_plane.secret_keeps_its_place() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF (NEW.tenant_id, NEW.id, NEW.project_id, NEW.environment_id, NEW.created_at, NEW.created_by)
     IS DISTINCT FROM (OLD.tenant_id, OLD.id, OLD.project_id, OLD.environment_id, OLD.created_at, OLD.created_by) THEN
    RAISE EXCEPTION 'a secret keeps its id, place and origin' USING ERRCODE = 'KF403';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER secret_keeps_its_place BEFORE UPDATE ON control_plane.secrets
  FOR EACH ROW EXECUTE FUNCTION control_plane.secret_keeps_its_place();

-- Numbers have no gaps. The secret's row is locked by whoever adds a version; the primary key settles races.
CREATE FUNCTION control_plane.version_number_follows() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
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
  RETURN NEW;
END $$;
CREATE TRIGGER version_number_follows BEFORE INSERT ON control_plane.versions
  FOR EACH ROW EXECUTE FUNCTION control_plane.version_number_follows();

-- A version never changes but for its state and what belongs to it, and the state only along these ways.
CREATE FUNCTION control_plane.version_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF (NEW.tenant_id, NEW.secret_id, NEW.number, NEW.rotated_from, NEW.reason, NEW.encoding, NEW.created_at, NEW.created_by)
     IS DISTINCT FROM
     (OLD.tenant_id, OLD.secret_id, OLD.number, OLD.rotated_from, OLD.reason, OLD.encoding, OLD.created_at, OLD.created_by) THEN
    RAISE EXCEPTION 'a version is immutable' USING ERRCODE = 'KF403';
  END IF;
  IF NEW.state <> OLD.state AND NOT (CASE OLD.state
      WHEN 'pending' THEN NEW.state IN ('current', 'destroyed')
      WHEN 'current' THEN NEW.state IN ('grace', 'kept', 'revoked', 'destroyed')
      WHEN 'grace' THEN NEW.state IN ('kept', 'revoked', 'destroyed')
      WHEN 'kept' THEN NEW.state IN ('revoked', 'destroyed')
      WHEN 'revoked' THEN NEW.state = 'destroyed'
      ELSE false END) THEN
    RAISE EXCEPTION 'a % version cannot become %', OLD.state, NEW.state USING ERRCODE = 'KF403';
  END IF;
  IF OLD.state = 'destroyed' THEN
    RAISE EXCEPTION 'a destroyed version does not change' USING ERRCODE = 'KF403';
  END IF;
  IF NEW.state = 'destroyed' AND EXISTS (SELECT FROM control_plane.sealed_values d
      WHERE d.tenant_id = NEW.tenant_id AND d.secret_id = NEW.secret_id AND d.number = NEW.number AND d.sealed IS NOT NULL) THEN
    RAISE EXCEPTION 'a version is destroyed after its bytes were erased' USING ERRCODE = 'KF403';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER version_moves BEFORE UPDATE ON control_plane.versions
  FOR EACH ROW EXECUTE FUNCTION control_plane.version_moves();

-- The secret's pointer and the versions' states agree when a transaction ends.
CREATE FUNCTION control_plane.pointer_agrees() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE s uuid; pointer integer; cur integer;
BEGIN
  -- An IF, not a CASE: plpgsql looks up every field that an expression names, taken or not.
  IF TG_TABLE_NAME = 'secrets' THEN s := NEW.id; ELSE s := NEW.secret_id; END IF;
  SELECT x.current_version INTO pointer FROM control_plane.secrets x WHERE x.tenant_id = NEW.tenant_id AND x.id = s;
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT v.number INTO cur FROM control_plane.versions v
    WHERE v.tenant_id = NEW.tenant_id AND v.secret_id = s AND v.state = 'current';
  IF pointer IS DISTINCT FROM cur THEN
    RAISE EXCEPTION 'the current pointer and the current version disagree' USING ERRCODE = 'KF403';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER pointer_agrees AFTER INSERT OR UPDATE ON control_plane.secrets
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION control_plane.pointer_agrees();
CREATE CONSTRAINT TRIGGER pointer_agrees AFTER INSERT OR UPDATE OF state ON control_plane.versions
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION control_plane.pointer_agrees();

-- Sealed bytes: rewrap (same value, new wrapper), re-encrypt (both new) or erase; each names the bytes that
-- it replaces; after an erase nothing.
CREATE FUNCTION control_plane.sealed_value_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
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
    IF NEW.digest IS DISTINCT FROM OLD.digest THEN
      RAISE EXCEPTION 'a value never changes, and so neither does its digest' USING ERRCODE = 'KF403';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER sealed_value_moves BEFORE UPDATE ON control_plane.sealed_values
  FOR EACH ROW EXECUTE FUNCTION control_plane.sealed_value_moves();

-- A revoked token stays revoked, an ended session ended, and neither is moved to another owner or widened.
CREATE FUNCTION control_plane.token_only_ends() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF OLD.revoked_at IS NOT NULL OR NEW.revoked_at IS NULL
     OR to_jsonb(NEW) - '{revoked_at,generation,mac}'::text[] IS DISTINCT FROM to_jsonb(OLD) - '{revoked_at,generation,mac}'::text[] THEN
    RAISE EXCEPTION 'a token only ends' USING ERRCODE = 'KF403';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER token_only_ends BEFORE UPDATE ON control_plane.service_tokens
  FOR EACH ROW EXECUTE FUNCTION control_plane.token_only_ends();
CREATE TRIGGER token_only_ends BEFORE UPDATE ON control_plane.operator_tokens
  FOR EACH ROW EXECUTE FUNCTION control_plane.token_only_ends();

CREATE FUNCTION control_plane.session_only_ends() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL
     OR to_jsonb(NEW) - '{ended_at,generation,mac}'::text[] IS DISTINCT FROM to_jsonb(OLD) - '{ended_at,generation,mac}'::text[] THEN
    RAISE EXCEPTION 'a session only ends' USING ERRCODE = 'KF403';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER session_only_ends BEFORE UPDATE ON control_plane.sessions
  FOR EACH ROW EXECUTE FUNCTION control_plane.session_only_ends();

-- An audit batch is written once. The one change there is: its bodies go, and their leaves stay.
CREATE FUNCTION control_plane.audit_is_append_only() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.bodies IS NOT NULL AND NEW.bodies IS NULL
       AND to_jsonb(NEW) - 'bodies' = to_jsonb(OLD) - 'bodies' THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'KF403';
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON control_plane.audit_batches
  FOR EACH ROW EXECUTE FUNCTION control_plane.audit_is_append_only();
CREATE TRIGGER audit_is_never_truncated BEFORE TRUNCATE ON control_plane.audit_batches
  FOR EACH STATEMENT EXECUTE FUNCTION control_plane.audit_is_append_only();

-- ---- row-level security: the second wall -------------------------------------------------------------------
DO $$
DECLARE t text; col text;
BEGIN
  FOREACH t IN ARRAY ARRAY['tenants', 'projects', 'environments', 'secrets', 'versions', 'sealed_values',
      'tenant_keys', 'key_wraps', 'service_tokens', 'idempotency_keys', 'audit_batches'] LOOP
    col := CASE t WHEN 'tenants' THEN 'id' WHEN 'audit_batches' THEN 'chain_id' ELSE 'tenant_id' END;
    EXECUTE format('ALTER TABLE control_plane.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE control_plane.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY one_tenant ON control_plane.%I TO keyfold_tenant
      USING (%I = control_plane.current_tenant()) WITH CHECK (%I = control_plane.current_tenant())', t, col, col);
    -- The few functions that look across tenants; what they may touch is said by grants below.
    EXECUTE format('CREATE POLICY definer ON control_plane.%I TO keyfold_definer USING (true) WITH CHECK (true)', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['deployments', 'root_keys', 'deployment_keys', 'deployment_key_wraps', 'operator_tokens', 'sessions'] LOOP
    EXECUTE format('ALTER TABLE control_plane.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE control_plane.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY the_deployment ON control_plane.%I TO keyfold_deployment, keyfold_definer USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;

-- ---- functions -----------------------------------------------------------------------------------------------

-- Appends one batch to a chain, and judges it: the only way into audit_batches.
--   p_expected_epoch  a read: insert only if the chain's epoch is still this one
--   p_raise           a change of rights, states or keys: the epoch grows by one
--   p_deadline        insert only before this moment, by the database's clock
--   p_token, p_operator  a token that must be alive now
--   p_session         the session that stands for the token: it must not have ended either
-- Answers 'appended', or why not ('epoch', 'deadline', 'token', or 'gone' for a purged tenant): then nothing was inserted.
CREATE FUNCTION control_plane.append_events(
  p_chain uuid, p_batch uuid, p_count integer, p_root bytea, p_leaves bytea, p_bodies bytea,
  p_expected_epoch bigint DEFAULT NULL, p_raise boolean DEFAULT false, p_deadline timestamptz DEFAULT NULL,
  p_token uuid DEFAULT NULL, p_operator boolean DEFAULT false, p_session uuid DEFAULT NULL,
  OUT outcome text, OUT batch_number bigint, OUT batch_first_seq bigint, OUT batch_epoch bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  last record;
  prev bytea;
  alive boolean;
  moment timestamptz;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(p_chain::text, 7));
  SELECT b.number, b.first_seq, b.count, b.epoch, b.hash INTO last
    FROM control_plane.audit_batches b WHERE b.chain_id = p_chain ORDER BY b.number DESC LIMIT 1;
  IF p_expected_epoch IS NOT NULL AND p_expected_epoch <> coalesce(last.epoch, 0) THEN
    outcome := 'epoch'; RETURN;
  END IF;
  -- What was under way when a tenant was purged leaves nothing behind. (A service token's tenant is looked at below.)
  IF (p_token IS NULL OR p_operator)
     AND EXISTS (SELECT FROM control_plane.tenants t WHERE t.id = p_chain AND t.purged_at IS NOT NULL) THEN
    outcome := 'gone'; RETURN;
  END IF;
  moment := control_plane.clock();
  IF p_deadline IS NOT NULL AND moment >= p_deadline THEN
    outcome := 'deadline'; RETURN;
  END IF;
  IF p_token IS NOT NULL THEN
    IF p_operator THEN
      SELECT o.revoked_at IS NULL AND (o.expires_at IS NULL OR o.expires_at > moment) INTO alive
        FROM control_plane.operator_tokens o WHERE o.id = p_token;
    ELSE
      SELECT s.revoked_at IS NULL AND (s.expires_at IS NULL OR s.expires_at > moment) AND t.deleted_at IS NULL INTO alive
        FROM control_plane.service_tokens s JOIN control_plane.tenants t ON t.id = s.tenant_id
       WHERE s.tenant_id = p_chain AND s.id = p_token;
    END IF;
    IF alive IS NOT TRUE THEN
      outcome := 'token'; RETURN;
    END IF;
  END IF;
  IF p_session IS NOT NULL THEN
    SELECT x.ended_at IS NULL AND x.expires_at > moment INTO alive FROM control_plane.sessions x WHERE x.id = p_session;
    IF alive IS NOT TRUE THEN
      outcome := 'token'; RETURN;
    END IF;
  END IF;
  prev := last.hash;
  IF prev IS NULL THEN
    SELECT sha256('keyfold/chain/v1'::bytea || '\x00'::bytea || uuid_send(d.id) || uuid_send(p_chain)) INTO STRICT prev
      FROM control_plane.deployments d;
  END IF;
  outcome := 'appended';
  batch_number := coalesce(last.number, 0) + 1;
  batch_first_seq := coalesce(last.first_seq + last.count, 1);
  batch_epoch := coalesce(last.epoch, 0);
  -- By a random step: after a failover or a restore that lost the last transactions, the same number must not come
  -- again with another meaning for a process that still remembers the old one.
  IF p_raise THEN
    batch_epoch := batch_epoch + 1 + ('x' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 6))::bit(24)::integer;
  END IF;
  INSERT INTO control_plane.audit_batches
      (chain_id, number, batch_id, first_seq, count, epoch, prev_hash, root, hash, leaves, bodies, created_at)
    VALUES (p_chain, batch_number, p_batch, batch_first_seq, p_count, batch_epoch, prev, p_root,
            sha256(prev || p_root), p_leaves, p_bodies, moment);
  -- A hint that caches are stale, nothing more: the next read is judged by the epoch all the same.
  IF p_raise THEN
    PERFORM pg_notify('keyfold_epoch', p_chain::text || ' ' || batch_epoch::text);
  END IF;
END $$;

-- Appends many readers' events, a batch for each of several tenants, in one transaction: one commit makes all durable.
-- Each is judged by its own epoch and deadline, and answered in its place. Without p_wait, a chain that somebody else
-- holds answers 'held' at once, so that no tenant waits for another; its events are then appended by themselves.
CREATE FUNCTION control_plane.append_reads(
  p_chains uuid[], p_batches uuid[], p_counts integer[], p_roots bytea[], p_leaves bytea[], p_bodies bytea[],
  p_epochs bigint[], p_deadlines timestamptz[], p_wait boolean
) RETURNS text[] LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  outcomes text[] := '{}';
  one text;
BEGIN
  FOR i IN 1 .. array_length(p_chains, 1) LOOP
    IF NOT p_wait AND NOT pg_try_advisory_xact_lock(hashtextextended(p_chains[i]::text, 7)) THEN
      one := 'held';
    ELSE
      SELECT a.outcome INTO one FROM control_plane.append_events(
        p_chains[i], p_batches[i], p_counts[i], p_roots[i], p_leaves[i], p_bodies[i], p_epochs[i], false, p_deadlines[i]) a;
    END IF;
    outcomes := outcomes || one;
  END LOOP;
  RETURN outcomes;
END $$;

-- A chain's epoch, for a reader who is about to build on what it reads.
CREATE FUNCTION control_plane.epoch_of(p_chain uuid) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT coalesce((SELECT b.epoch FROM control_plane.audit_batches b WHERE b.chain_id = p_chain ORDER BY b.number DESC LIMIT 1), 0)
$$;

-- Whose credential is this? The token's row, its tenant's, and the epoch of that tenant's chain, in one trip and one
-- snapshot: while the epoch stands, the token stands.
-- Rows are returned with their MACs, and the caller checks them.
CREATE FUNCTION control_plane.find_token(p_digest bytea) RETURNS TABLE (
  kind text, epoch bigint, now timestamptz,
  id uuid, tenant_id uuid, name text, digest bytea, hint text, scope jsonb, expires_at timestamptz, revoked_at timestamptz,
  created_at timestamptz, created_by jsonb, generation integer, mac bytea,
  t_slug text, t_name text, t_created_at timestamptz, t_created_by jsonb, t_deleted_at timestamptz, t_purged_at timestamptz,
  t_generation integer, t_mac bytea)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT 'service_token', control_plane.epoch_of(s.tenant_id), control_plane.clock(),
         s.id, s.tenant_id, s.name, s.digest, s.hint, s.scope, s.expires_at, s.revoked_at,
         s.created_at, s.created_by, s.generation, s.mac,
         t.slug, t.name, t.created_at, t.created_by, t.deleted_at, t.purged_at, t.generation, t.mac
    FROM control_plane.service_tokens s JOIN control_plane.tenants t ON t.id = s.tenant_id WHERE s.digest = p_digest
  UNION ALL
  SELECT 'operator', 0, control_plane.clock(),
         o.id, NULL, o.name, o.digest, o.hint, NULL, o.expires_at, o.revoked_at,
         o.created_at, NULL, o.generation, o.mac,
         NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM control_plane.operator_tokens o WHERE o.digest = p_digest
$$;

-- One secret, its place and one of its versions, in one trip, under row-level security: what every reveal and every
-- change of a secret starts with. The secret is named by id, or by name within a place; the place by ids or names (a
-- project that is not named follows from the environment's id); the version by number, or it is the current one.
--   in_lock    lock the secret's row until the transaction ends, and read it as it stands then
--   in_sealed  bring the sealed bytes too
-- Rows come with their MACs, and the caller checks them.
CREATE FUNCTION control_plane.load_secret(
  in_tenant uuid, in_secret uuid, in_project uuid, in_project_name text, in_environment uuid, in_environment_name text,
  in_name text, in_number integer, in_lock boolean, in_sealed boolean
) RETURNS TABLE (
  epoch bigint, now timestamptz, last_number integer,
  p_id uuid, p_name text, p_created_at timestamptz, p_created_by jsonb, p_deleted_at timestamptz, p_generation integer, p_mac bytea,
  e_id uuid, e_name text, e_created_at timestamptz, e_created_by jsonb, e_deleted_at timestamptz, e_generation integer, e_mac bytea,
  s_id uuid, s_name text, s_description text, s_tags jsonb, s_state text, s_current_version integer, s_grace_seconds integer,
  s_created_at timestamptz, s_created_by jsonb, s_updated_at timestamptz, s_deleted_at timestamptz, s_purge_after timestamptz,
  s_generation integer, s_mac bytea,
  v_number integer, v_state text, v_rotated_from integer, v_reason text, v_encoding text, v_created_at timestamptz,
  v_created_by jsonb, v_open_until timestamptz, v_revoked_at timestamptz, v_destroyed_at timestamptz,
  v_generation integer, v_mac bytea,
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
         s.created_at, s.created_by, s.updated_at, s.deleted_at, s.purge_after, s.generation, s.mac,
         v.number, v.state::text, v.rotated_from, v.reason, v.encoding, v.created_at,
         v.created_by, v.open_until, v.revoked_at, v.destroyed_at, v.generation, v.mac,
         d.term, CASE WHEN in_sealed THEN d.sealed END, d.dek_wrap, d.digest, d.generation
    FROM control_plane.secrets s
    JOIN control_plane.projects p ON p.tenant_id = s.tenant_id AND p.id = s.project_id
    JOIN control_plane.environments e ON e.tenant_id = s.tenant_id AND e.id = s.environment_id
    LEFT JOIN control_plane.versions v ON v.tenant_id = s.tenant_id AND v.secret_id = s.id
      AND v.number = coalesce(in_number, s.current_version)
    LEFT JOIN control_plane.sealed_values d ON d.tenant_id = v.tenant_id AND d.secret_id = v.secret_id AND d.number = v.number
   WHERE s.tenant_id = in_tenant AND s.id = found;
END $$;

-- A browser's session, and the digest of the token that it stands for.
CREATE FUNCTION control_plane.find_session(p_digest bytea) RETURNS TABLE (
  now timestamptz, id uuid, digest bytea, tenant_id uuid, token_id uuid, expires_at timestamptz, ended_at timestamptz,
  created_at timestamptz, generation integer, mac bytea, token_digest bytea)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT control_plane.clock(), x.id, x.digest, x.tenant_id, x.token_id, x.expires_at, x.ended_at,
         x.created_at, x.generation, x.mac,
         coalesce((SELECT s.digest FROM control_plane.service_tokens s WHERE s.tenant_id = x.tenant_id AND s.id = x.token_id),
                  (SELECT o.digest FROM control_plane.operator_tokens o WHERE x.tenant_id IS NULL AND o.id = x.token_id))
    FROM control_plane.sessions x WHERE x.digest = p_digest
$$;

CREATE FUNCTION control_plane.find_tenant(p_slug text) RETURNS uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT t.id FROM control_plane.tenants t WHERE t.slug = p_slug AND t.deleted_at IS NULL
$$;

-- Metadata of tenants, for operators: by slug, then id, after a cursor.
CREATE FUNCTION control_plane.list_tenants(p_after_slug text, p_after_id uuid, p_limit integer, p_deleted boolean)
  RETURNS SETOF control_plane.tenants LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT t.* FROM control_plane.tenants t
    WHERE (t.slug, t.id) > (p_after_slug COLLATE "C", p_after_id)
      AND (p_deleted OR t.deleted_at IS NULL) AND t.purged_at IS NULL
    ORDER BY t.slug, t.id LIMIT p_limit
$$;

-- Ends a tenant that was deleted: keys first, then everything it had; its events' bodies go, their leaves stay.
-- Answers the last batch of its chain, for the deployment's own log.
CREATE FUNCTION control_plane.purge_tenant(p_tenant uuid, OUT last_number bigint, OUT last_hash bytea)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  -- Whoever appends to this chain is done before, or finds it purged after.
  PERFORM pg_advisory_xact_lock(hashtextextended(p_tenant::text, 7));
  PERFORM FROM control_plane.tenants t WHERE t.id = p_tenant AND t.deleted_at IS NOT NULL AND t.purged_at IS NULL FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'only a deleted tenant is purged' USING ERRCODE = 'KF403';
  END IF;
  DELETE FROM control_plane.key_wraps x WHERE x.tenant_id = p_tenant;
  DELETE FROM control_plane.tenant_keys x WHERE x.tenant_id = p_tenant;
  DELETE FROM control_plane.sealed_values x WHERE x.tenant_id = p_tenant;
  DELETE FROM control_plane.versions x WHERE x.tenant_id = p_tenant;
  DELETE FROM control_plane.secrets x WHERE x.tenant_id = p_tenant;
  DELETE FROM control_plane.environments x WHERE x.tenant_id = p_tenant;
  DELETE FROM control_plane.projects x WHERE x.tenant_id = p_tenant;
  DELETE FROM control_plane.service_tokens x WHERE x.tenant_id = p_tenant;
  DELETE FROM control_plane.idempotency_keys x WHERE x.tenant_id = p_tenant;
  DELETE FROM control_plane.sessions x WHERE x.tenant_id = p_tenant;
  UPDATE control_plane.audit_batches b SET bodies = NULL
    WHERE b.chain_id = p_tenant AND b.bodies IS NOT NULL;
  SELECT b.number, b.hash INTO last_number, last_hash
    FROM control_plane.audit_batches b WHERE b.chain_id = p_tenant ORDER BY b.number DESC LIMIT 1;
END $$;

-- ---- grants --------------------------------------------------------------------------------------------------
-- First who may call what, then the new owner: of a function that is another's, nothing can be revoked any more, and
-- PostgreSQL says so in a warning only.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA control_plane FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.clock(), control_plane.current_tenant(),
  control_plane.append_events, control_plane.epoch_of, control_plane.find_token, control_plane.find_session, control_plane.find_tenant
  TO keyfold_tenant, keyfold_deployment, keyfold_definer;
GRANT EXECUTE ON FUNCTION control_plane.load_secret, control_plane.append_reads TO keyfold_tenant;
GRANT EXECUTE ON FUNCTION control_plane.list_tenants, control_plane.purge_tenant
  TO keyfold_deployment;

GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.append_events OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.epoch_of OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.find_token OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.find_session OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.find_tenant OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.list_tenants OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.purge_tenant OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;

GRANT SELECT ON control_plane.deployments, control_plane.operator_tokens, control_plane.sessions TO keyfold_definer;
GRANT SELECT ON control_plane.service_tokens, control_plane.tenants TO keyfold_definer;
GRANT UPDATE (generation) ON control_plane.tenants TO keyfold_definer; -- FOR UPDATE needs it
GRANT SELECT, INSERT ON control_plane.audit_batches TO keyfold_definer;
GRANT UPDATE (bodies) ON control_plane.audit_batches TO keyfold_definer;
GRANT SELECT (tenant_id), DELETE ON control_plane.key_wraps, control_plane.tenant_keys, control_plane.sealed_values,
  control_plane.versions, control_plane.secrets, control_plane.environments, control_plane.projects,
  control_plane.service_tokens, control_plane.idempotency_keys, control_plane.sessions TO keyfold_definer;

GRANT SELECT, INSERT, UPDATE ON control_plane.tenants, control_plane.projects, control_plane.environments,
  control_plane.secrets, control_plane.versions, control_plane.sealed_values, control_plane.tenant_keys,
  control_plane.key_wraps, control_plane.service_tokens TO keyfold_tenant;
GRANT SELECT, INSERT, DELETE ON control_plane.idempotency_keys TO keyfold_tenant;
GRANT SELECT ON control_plane.audit_batches TO keyfold_tenant;

GRANT SELECT, INSERT ON control_plane.deployments, control_plane.deployment_keys TO keyfold_deployment;
GRANT SELECT, INSERT, UPDATE ON control_plane.root_keys, control_plane.operator_tokens, control_plane.sessions TO keyfold_deployment;
GRANT SELECT, INSERT, DELETE ON control_plane.deployment_key_wraps TO keyfold_deployment;
