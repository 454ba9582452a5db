-- Wrap suite 2, hybrid-quantum: a term of a tenant key has a suite, and every wrap of it is of that suite. The opener of a
-- hybrid wrap names two things that it takes: a root key, and behind it "+xwing:" and the fingerprint of a hybrid seed.

-- ---- one suite for a term and all of its wraps --------------------------------------------------------------------
ALTER TABLE control_plane.tenant_keys
  ADD COLUMN suite smallint NOT NULL DEFAULT 1 CHECK (suite IN (1, 2));
CREATE UNIQUE INDEX tenant_keys_suite_key ON control_plane.tenant_keys (tenant_id, purpose, term, suite);

-- A wrap of another suite than its key's has nothing to refer to, and a key's suite does not change under its wraps.
ALTER TABLE control_plane.key_wraps
  DROP CONSTRAINT key_wraps_tenant_id_purpose_term_fkey,
  ADD CONSTRAINT key_wraps_tenant_id_purpose_term_suite_fkey FOREIGN KEY (tenant_id, purpose, term, suite)
    REFERENCES control_plane.tenant_keys (tenant_id, purpose, term, suite) ON DELETE RESTRICT ON UPDATE RESTRICT,
  ADD CONSTRAINT key_wraps_opener_is_of_suite CHECK ((suite = 2) = (opener ~ '.\+xwing:[0-9a-f]{16}$'));

GRANT SELECT (suite) ON control_plane.tenant_keys TO keyfold_definer;
GRANT SELECT (suite) ON control_plane.key_wraps TO keyfold_definer;

-- What follows are functions of the role that looks across tenants, some of them in the place of older ones.
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
SET ROLE keyfold_definer;

-- What an opener takes: one id, or a root key's and a hybrid seed's.
CREATE FUNCTION control_plane.opener_parts(p_opener text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_opener ~ '.\+xwing:[0-9a-f]{16}$' THEN ARRAY[left(p_opener, -23), right(p_opener, 22)] ELSE ARRAY[p_opener] END
$$;
-- The opener of a suite's wraps; null where it takes a hybrid seed and there is none.
CREATE FUNCTION control_plane.opener_of(p_suite smallint, p_root text, p_hybrid text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_suite = 2 THEN p_root || '+' || p_hybrid ELSE p_root END
$$;

-- ---- what was retired wraps nothing any more, neither alone nor as a part ---------------------------------------------
CREATE OR REPLACE FUNCTION control_plane.opener_is_not_retired() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE part text;
BEGIN
  FOREACH part IN ARRAY control_plane.opener_parts(NEW.opener) LOOP
    PERFORM pg_advisory_xact_lock_shared(hashtextextended(part, 11));
    IF EXISTS (SELECT FROM control_plane.root_keys r WHERE r.id = part AND r.retired_at IS NOT NULL) THEN
      RAISE EXCEPTION 'this root key was retired' USING ERRCODE = 'KF403';
    END IF;
  END LOOP;
  RETURN NEW;
END $$;

-- ---- what is looked at across tenants, with a hybrid seed beside the root key ------------------------------------------
DROP FUNCTION control_plane.count_tenant_keys(text);
CREATE FUNCTION control_plane.count_tenant_keys(p_root text, p_hybrid text, OUT keys bigint, OUT lacking bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT count(*), count(*) FILTER (WHERE w.tenant_id IS NULL)
    FROM control_plane.tenant_keys k
    LEFT JOIN control_plane.key_wraps w ON w.tenant_id = k.tenant_id AND w.purpose = k.purpose AND w.term = k.term
      AND w.opener = control_plane.opener_of(k.suite, p_root, p_hybrid)
$$;

DROP FUNCTION control_plane.tenants_lacking_wrap(text, uuid, integer);
CREATE FUNCTION control_plane.tenants_lacking_wrap(p_root text, p_hybrid text, p_after uuid, p_limit integer) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT DISTINCT k.tenant_id
    FROM control_plane.tenant_keys k
   WHERE k.tenant_id > p_after
     AND NOT EXISTS (SELECT FROM control_plane.key_wraps w
       WHERE w.tenant_id = k.tenant_id AND w.purpose = k.purpose AND w.term = k.term
         AND w.opener = control_plane.opener_of(k.suite, p_root, p_hybrid))
   ORDER BY k.tenant_id LIMIT p_limit
$$;

-- Tenants with a key that is wrapped under this root key, or to this hybrid seed.
CREATE OR REPLACE FUNCTION control_plane.tenants_wrapped(p_opener text, p_after uuid, p_limit integer) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT DISTINCT w.tenant_id
    FROM control_plane.key_wraps w
   WHERE w.tenant_id > p_after AND p_opener = ANY (control_plane.opener_parts(w.opener))
   ORDER BY w.tenant_id LIMIT p_limit
$$;

-- Takes away a tenant's wraps that take a root key or hybrid seed which is being retired, each only where the same key has
-- the wrap that stays.
DROP FUNCTION control_plane.drop_wraps(uuid, text, text);
CREATE FUNCTION control_plane.drop_wraps(p_tenant uuid, p_opener text, p_root text, p_hybrid text) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE gone integer;
BEGIN
  IF p_opener = p_root OR p_opener = p_hybrid THEN
    RAISE EXCEPTION 'a root key is not retired in favour of itself' USING ERRCODE = 'KF403';
  END IF;
  DELETE FROM control_plane.key_wraps w
   WHERE w.tenant_id = p_tenant AND p_opener = ANY (control_plane.opener_parts(w.opener))
     AND EXISTS (SELECT FROM control_plane.key_wraps k
       WHERE k.tenant_id = w.tenant_id AND k.purpose = w.purpose AND k.term = w.term
         AND k.opener = control_plane.opener_of(w.suite, p_root, p_hybrid));
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

-- Hybrid seeds without which some tenant key cannot be opened, given those that are held.
CREATE FUNCTION control_plane.hybrid_seeds_missing(p_held text[]) RETURNS TABLE (seed text, keys bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT right(w.opener, 22), count(*)
    FROM control_plane.key_wraps w
   WHERE w.suite = 2 AND NOT (right(w.opener, 22) = ANY (p_held))
     AND NOT EXISTS (SELECT FROM control_plane.key_wraps h
       WHERE h.tenant_id = w.tenant_id AND h.purpose = w.purpose AND h.term = w.term AND right(h.opener, 22) = ANY (p_held))
   GROUP BY 1
$$;

REVOKE ALL ON FUNCTION control_plane.opener_parts, control_plane.opener_of, control_plane.count_tenant_keys,
  control_plane.tenants_lacking_wrap, control_plane.drop_wraps, control_plane.hybrid_seeds_missing FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.count_tenant_keys, control_plane.tenants_lacking_wrap, control_plane.drop_wraps,
  control_plane.hybrid_seeds_missing TO keyfold_deployment;

RESET ROLE;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
