-- New terms of tenant keys, and the jobs that move everything to them: which root key's version made a wrap, in which round
-- a key or a DEK was made, and the walls that let an old term come to its end while everything runs.

-- ---- what is remembered ----------------------------------------------------------------------------------------
-- Null on rows from before.
ALTER TABLE control_plane.key_wraps ADD COLUMN key_version text;
ALTER TABLE control_plane.deployment_key_wraps ADD COLUMN key_version text;

-- The number of the job that made the term; null for what a tenant began with.
ALTER TABLE control_plane.tenant_keys ADD COLUMN round integer CHECK (round > 0);

-- The term of the digest key, and the round in which the DEK was made: 0, that of its term, or of the job that re-encrypted it.
ALTER TABLE control_plane.sealed_values
  ADD COLUMN digest_term integer NOT NULL DEFAULT 1 CHECK (digest_term > 0),
  ADD COLUMN round integer NOT NULL DEFAULT 0 CHECK (round >= 0);

-- ---- jobs over one tenant, one secret, or everything --------------------------------------------------------------
ALTER TABLE control_plane.key_jobs
  -- Jobs in the order in which they began, whatever the clock says.
  ADD COLUMN number serial NOT NULL,
  ADD COLUMN tenant_id uuid,
  ADD COLUMN secret_id uuid,
  ADD COLUMN digests boolean NOT NULL DEFAULT false,
  ALTER COLUMN opener DROP NOT NULL,
  DROP CONSTRAINT key_jobs_kind_check,
  ADD CONSTRAINT key_jobs_kind_check CHECK (kind IN ('rotate', 'verify', 'retire', 'rotate_tenant', 're_encrypt', 'remove_opener')),
  ADD CONSTRAINT key_jobs_opener_check CHECK ((opener IS NULL) = (kind IN ('rotate_tenant', 're_encrypt'))),
  ADD CONSTRAINT key_jobs_secret_check CHECK (secret_id IS NULL OR (tenant_id IS NOT NULL AND kind = 're_encrypt'));
CREATE UNIQUE INDEX key_jobs_number_key ON control_plane.key_jobs (number);
DROP INDEX control_plane.key_jobs_one_open;
CREATE UNIQUE INDEX key_jobs_one_open ON control_plane.key_jobs (kind, tenant_id, secret_id) NULLS NOT DISTINCT WHERE finished_at IS NULL;
GRANT USAGE ON SEQUENCE control_plane.key_jobs_number_seq TO keyfold_deployment;

-- How far a job is with one tenant: helpers share its versions by moving the cursor, and what one of them was killed over
-- is found again when all is looked through once more before `done`.
CREATE TABLE control_plane.key_job_tenants (
  job_id uuid NOT NULL REFERENCES control_plane.key_jobs (id) ON DELETE CASCADE ON UPDATE CASCADE,
  tenant_id uuid NOT NULL,
  -- The last version that somebody took on.
  secret_id uuid,
  version integer,
  done boolean NOT NULL,
  PRIMARY KEY (job_id, tenant_id),
  CHECK ((secret_id IS NULL) = (version IS NULL))
);
ALTER TABLE control_plane.key_job_tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.key_job_tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY the_deployment ON control_plane.key_job_tenants TO keyfold_deployment, keyfold_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON control_plane.key_job_tenants TO keyfold_deployment;
GRANT SELECT ON control_plane.key_job_tenants TO keyfold_definer;

-- ---- terms follow each other, and only the newest one takes on anything ---------------------------------------------
-- Whoever seals holds the tenant's lock shared until the commit; who adds a term holds it alone. So once a term is there,
-- nothing comes under the one before it any more, from whatever process and however old the keys are that it remembers.
CREATE FUNCTION control_plane.term_follows() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE last integer;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(NEW.tenant_id::text, 13));
  SELECT max(k.term) INTO last FROM control_plane.tenant_keys k
    WHERE k.tenant_id = NEW.tenant_id AND k.purpose = NEW.purpose;
  IF NEW.term <> coalesce(last, 0) + 1 THEN
    RAISE EXCEPTION 'term % does not follow %', NEW.term, coalesce(last, 0) USING ERRCODE = 'KF409';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER term_follows BEFORE INSERT ON control_plane.tenant_keys
  FOR EACH ROW EXECUTE FUNCTION control_plane.term_follows();

CREATE FUNCTION control_plane.sealed_under_newest_term() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE newest record;
BEGIN
  IF NEW.sealed IS NULL THEN RETURN NEW; END IF;
  PERFORM pg_advisory_xact_lock_shared(hashtextextended(NEW.tenant_id::text, 13));
  SELECT max(k.term) FILTER (WHERE k.purpose = 'value') AS value_term, max(k.term) FILTER (WHERE k.purpose = 'digest') AS digest_term
    INTO newest FROM control_plane.tenant_keys k WHERE k.tenant_id = NEW.tenant_id;
  IF NEW.term IS DISTINCT FROM newest.value_term THEN
    RAISE EXCEPTION 'term % is closed', NEW.term USING ERRCODE = 'KF410';
  END IF;
  IF (TG_OP = 'INSERT' OR NEW.digest IS DISTINCT FROM OLD.digest) AND NEW.digest_term IS DISTINCT FROM newest.digest_term THEN
    RAISE EXCEPTION 'digest term % is closed', NEW.digest_term USING ERRCODE = 'KF410';
  END IF;
  RETURN NEW;
END $$;

-- Sealed bytes: rewrap (same value, new wrapper), re-encrypt (both new) or erase; each names the bytes that it replaces;
-- after an erase nothing. A digest changes with its term only: the value stays, the key that digests it is another.
CREATE OR REPLACE FUNCTION control_plane.sealed_value_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
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
    IF NEW.digest IS DISTINCT FROM OLD.digest AND NEW.digest_term <= OLD.digest_term THEN
      RAISE EXCEPTION 'a value never changes, and so neither does its digest but with its term' USING ERRCODE = 'KF403';
    END IF;
    IF NEW.digest_term <> OLD.digest_term AND NEW.digest = OLD.digest THEN
      RAISE EXCEPTION 'another term makes another digest' USING ERRCODE = 'KF403';
    END IF;
    IF NEW.term < OLD.term OR NEW.round < OLD.round THEN
      RAISE EXCEPTION 'terms and rounds only grow' USING ERRCODE = 'KF403';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER sealed_under_newest_term BEFORE INSERT OR UPDATE ON control_plane.sealed_values
  FOR EACH ROW EXECUTE FUNCTION control_plane.sealed_under_newest_term();

-- ---- what is looked at and done across tenants ------------------------------------------------------------------------

-- How much a job has before it: keys of the purpose "value" and sealed values, of one tenant or secret, or of all.
CREATE FUNCTION control_plane.count_sealed(p_tenant uuid, p_secret uuid, OUT keys bigint, OUT sealed bigint)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  IF p_tenant IS NULL THEN
    SELECT count(*) INTO keys FROM control_plane.tenant_keys k WHERE k.purpose = 'value';
    SELECT count(*) INTO sealed FROM control_plane.sealed_values d WHERE d.dek_wrap IS NOT NULL;
  ELSIF p_secret IS NULL THEN
    SELECT count(*) INTO keys FROM control_plane.tenant_keys k WHERE k.tenant_id = p_tenant AND k.purpose = 'value';
    SELECT count(*) INTO sealed FROM control_plane.sealed_values d WHERE d.tenant_id = p_tenant AND d.dek_wrap IS NOT NULL;
  ELSE
    keys := 0;
    SELECT count(*) INTO sealed FROM control_plane.sealed_values d
      WHERE d.tenant_id = p_tenant AND d.secret_id = p_secret AND d.dek_wrap IS NOT NULL;
  END IF;
END $$;

-- Tenants with keys that a job is not done with (or that one tenant, where it is one), after a tenant, by id.
CREATE FUNCTION control_plane.tenants_to_do(p_job uuid, p_only uuid, p_after uuid, p_limit integer) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT DISTINCT k.tenant_id
    FROM control_plane.tenant_keys k
   WHERE k.tenant_id > p_after AND (p_only IS NULL OR k.tenant_id = p_only)
     AND NOT EXISTS (SELECT FROM control_plane.key_job_tenants d WHERE d.job_id = p_job AND d.tenant_id = k.tenant_id AND d.done)
   ORDER BY k.tenant_id LIMIT p_limit
$$;

-- Ends the terms before the newest one, of those that nothing is kept under any more. Nothing comes under them again: see
-- sealed_under_newest_term(). Answers how many went.
CREATE FUNCTION control_plane.drop_old_terms(p_tenant uuid) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  old record;
  gone integer := 0;
BEGIN
  FOR old IN
    SELECT k.purpose, k.term FROM control_plane.tenant_keys k
     WHERE k.tenant_id = p_tenant
       AND EXISTS (SELECT FROM control_plane.tenant_keys n WHERE n.tenant_id = p_tenant AND n.purpose = k.purpose AND n.term > k.term)
       AND EXISTS (SELECT FROM control_plane.key_wraps w JOIN control_plane.tenant_keys n USING (tenant_id, purpose, term)
             WHERE n.tenant_id = p_tenant AND n.purpose = k.purpose AND n.term > k.term)
     ORDER BY k.purpose, k.term
  LOOP
    CONTINUE WHEN EXISTS (SELECT FROM control_plane.sealed_values d
       WHERE d.tenant_id = p_tenant AND d.dek_wrap IS NOT NULL
         AND CASE old.purpose WHEN 'value' THEN d.term ELSE d.digest_term END = old.term);
    DELETE FROM control_plane.key_wraps w WHERE w.tenant_id = p_tenant AND w.purpose = old.purpose AND w.term = old.term;
    DELETE FROM control_plane.tenant_keys k WHERE k.tenant_id = p_tenant AND k.purpose = old.purpose AND k.term = old.term;
    gone := gone + 1;
  END LOOP;
  RETURN gone;
END $$;

REVOKE ALL ON FUNCTION control_plane.term_follows, control_plane.sealed_under_newest_term, control_plane.count_sealed,
  control_plane.tenants_to_do, control_plane.drop_old_terms FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.count_sealed, control_plane.tenants_to_do, control_plane.drop_old_terms TO keyfold_deployment;

GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
SET ROLE keyfold_definer;
-- As before, and alone with the tenant's terms: one that is being added while the others are destroyed goes with them.
CREATE OR REPLACE FUNCTION control_plane.shred_tenant_keys(p_tenant uuid, p_shred uuid) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM control_plane.tenant_shreds s
      WHERE s.tenant_id = p_tenant AND s.id = p_shred AND s.state = 'waiting' AND s.due_at <= control_plane.clock()) THEN
    RAISE EXCEPTION 'no shredding of this tenant is due' USING ERRCODE = 'KF403';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended(p_tenant::text, 13));
  PERFORM control_plane.destroy_tenant_keys(p_tenant);
END $$;
RESET ROLE;
ALTER FUNCTION control_plane.count_sealed OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.tenants_to_do OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.drop_old_terms OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;

-- Wrapped keys only, never a sealed value or a digest.
GRANT SELECT (secret_id, term, digest_term, dek_wrap) ON control_plane.sealed_values TO keyfold_definer;
