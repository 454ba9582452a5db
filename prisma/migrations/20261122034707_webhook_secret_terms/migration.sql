-- Signing secrets follow their tenant's terms: they move to the newest one, and no term ends while one is kept under it.

CREATE OR REPLACE FUNCTION control_plane.webhook_secret_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE newest integer;
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.sealed IS NULL AND NEW.sealed IS NOT NULL THEN
    RAISE EXCEPTION 'erased bytes do not come back' USING ERRCODE = 'KF403';
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.sealed IS NOT NULL AND NEW.sealed IS DISTINCT FROM OLD.sealed THEN
    RAISE EXCEPTION 'a signing secret never changes' USING ERRCODE = 'KF403';
  END IF;
  IF NEW.sealed IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended(NEW.tenant_id::text, 13));
    SELECT max(k.term) INTO newest FROM control_plane.tenant_keys k WHERE k.tenant_id = NEW.tenant_id AND k.purpose = 'value';
    IF NEW.term IS DISTINCT FROM newest THEN
      RAISE EXCEPTION 'term % is closed', NEW.term USING ERRCODE = 'KF410';
    END IF;
  END IF;
  RETURN NEW;
END $$;

GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
SET ROLE keyfold_definer;
-- As before, and not of a term that a signing secret is kept under.
CREATE OR REPLACE FUNCTION control_plane.drop_old_terms(p_tenant uuid) RETURNS integer
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
    CONTINUE WHEN old.purpose = 'value' AND EXISTS (SELECT FROM control_plane.webhook_secrets s
       WHERE s.tenant_id = p_tenant AND s.dek_wrap IS NOT NULL AND s.term = old.term);
    DELETE FROM control_plane.key_wraps w WHERE w.tenant_id = p_tenant AND w.purpose = old.purpose AND w.term = old.term;
    DELETE FROM control_plane.tenant_keys k WHERE k.tenant_id = p_tenant AND k.purpose = old.purpose AND k.term = old.term;
    gone := gone + 1;
  END LOOP;
  RETURN gone;
END $$;
RESET ROLE;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
-- Wrapped keys only, never what they open.
GRANT SELECT (term, dek_wrap) ON control_plane.webhook_secrets TO keyfold_definer;

-- A tenant's signing secrets that are kept under older terms, under row-level security.
CREATE FUNCTION control_plane.signing_secrets_below(in_tenant uuid, in_term integer)
  RETURNS TABLE (endpoint_id uuid, number integer, term integer, dek_wrap bytea)
  LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  PERFORM set_config('keyfold.tenant', in_tenant::text, true);
  RETURN QUERY SELECT s.endpoint_id, s.number, s.term, s.dek_wrap FROM control_plane.webhook_secrets s
    WHERE s.tenant_id = in_tenant AND s.dek_wrap IS NOT NULL AND s.term < in_term;
END $$;
REVOKE ALL ON FUNCTION control_plane.signing_secrets_below FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.signing_secrets_below TO keyfold_tenant;
