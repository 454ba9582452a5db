-- Tenants whose keys open with a root key of their own and no other, and openers that are removed again.

-- The name of the tenant's own root key, as the deployment's configuration has it; null: the deployment's.
ALTER TABLE control_plane.tenant_keys ADD COLUMN root_key text CHECK (root_key ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$');
-- The number of the job that took an opener away which could open this value until then.
ALTER TABLE control_plane.sealed_values ADD COLUMN exposed integer CHECK (exposed > 0);

GRANT SELECT (root_key) ON control_plane.tenant_keys TO keyfold_definer;
GRANT SELECT (secret_id, exposed, number) ON control_plane.sealed_values TO keyfold_definer;
GRANT SELECT (tenant_id, id, name) ON control_plane.secrets TO keyfold_definer;
GRANT SELECT (tenant_id, secret_id, number, state) ON control_plane.versions TO keyfold_definer;

GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
SET ROLE keyfold_definer;

-- ---- what a rotation of the deployment's root key is about ----------------------------------------------------------
CREATE OR REPLACE FUNCTION control_plane.count_tenant_keys(p_root text, p_hybrid text, OUT keys bigint, OUT lacking bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT count(*), count(*) FILTER (WHERE w.tenant_id IS NULL)
    FROM control_plane.tenant_keys k
    LEFT JOIN control_plane.key_wraps w ON w.tenant_id = k.tenant_id AND w.purpose = k.purpose AND w.term = k.term
      AND w.opener = control_plane.opener_of(k.suite, p_root, p_hybrid)
   WHERE k.root_key IS NULL
$$;

CREATE OR REPLACE FUNCTION control_plane.tenants_lacking_wrap(p_root text, p_hybrid text, p_after uuid, p_limit integer)
  RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT DISTINCT k.tenant_id
    FROM control_plane.tenant_keys k
   WHERE k.tenant_id > p_after AND k.root_key IS NULL
     AND NOT EXISTS (SELECT FROM control_plane.key_wraps w
       WHERE w.tenant_id = k.tenant_id AND w.purpose = k.purpose AND w.term = k.term
         AND w.opener = control_plane.opener_of(k.suite, p_root, p_hybrid))
   ORDER BY k.tenant_id LIMIT p_limit
$$;

CREATE OR REPLACE FUNCTION control_plane.openers_missing(p_held text[]) RETURNS TABLE (opener text, keys bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT w.opener, count(*)
    FROM control_plane.key_wraps w
    JOIN control_plane.tenant_keys k USING (tenant_id, purpose, term)
   WHERE k.root_key IS NULL AND NOT (w.opener = ANY (p_held))
     AND NOT EXISTS (SELECT FROM control_plane.key_wraps h
       WHERE h.tenant_id = w.tenant_id AND h.purpose = w.purpose AND h.term = w.term AND h.opener = ANY (p_held))
   GROUP BY w.opener
$$;

-- Root keys of tenants' own, by name, and how many tenants each has.
CREATE FUNCTION control_plane.tenant_root_keys() RETURNS TABLE (name text, tenants bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT k.root_key, count(DISTINCT k.tenant_id) FROM control_plane.tenant_keys k WHERE k.root_key IS NOT NULL GROUP BY 1 ORDER BY 1
$$;

-- ---- jobs over tenants' keys, about one opener ------------------------------------------------------------------------
-- Whether some key of a tenant opens with this root key, or hybrid seed.
CREATE FUNCTION control_plane.opens_with(p_tenant uuid, p_opener text) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT EXISTS (SELECT FROM control_plane.key_wraps w WHERE w.tenant_id = p_tenant AND p_opener = ANY (control_plane.opener_parts(w.opener)))
$$;

CREATE FUNCTION control_plane.count_exposed(p_tenant uuid, p_opener text, OUT keys bigint, OUT sealed bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  WITH t AS (SELECT DISTINCT w.tenant_id FROM control_plane.key_wraps w
    WHERE (p_tenant IS NULL OR w.tenant_id = p_tenant) AND p_opener = ANY (control_plane.opener_parts(w.opener)))
  SELECT (SELECT count(*) FROM t JOIN control_plane.tenant_keys k USING (tenant_id) WHERE k.purpose = 'value'),
         (SELECT count(*) FROM t JOIN control_plane.sealed_values d USING (tenant_id) WHERE d.dek_wrap IS NOT NULL)
$$;

DROP FUNCTION control_plane.tenants_to_do(uuid, uuid, uuid, integer);
-- Tenants with keys that a job is not done with, after a tenant, by id; of one tenant, or of those that an opener opens,
-- where the job is about one.
CREATE FUNCTION control_plane.tenants_to_do(p_job uuid, p_only uuid, p_opener text, p_after uuid, p_limit integer) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT DISTINCT k.tenant_id
    FROM control_plane.tenant_keys k
   WHERE k.tenant_id > p_after AND (p_only IS NULL OR k.tenant_id = p_only)
     AND (p_opener IS NULL OR control_plane.opens_with(k.tenant_id, p_opener))
     AND NOT EXISTS (SELECT FROM control_plane.key_job_tenants d WHERE d.job_id = p_job AND d.tenant_id = k.tenant_id AND d.done)
   ORDER BY k.tenant_id LIMIT p_limit
$$;

-- Versions that an opener could open until a job took it away, by tenant, secret and number: references only.
CREATE FUNCTION control_plane.list_exposed(
  p_job integer, p_after_tenant uuid, p_after_secret uuid, p_after_number integer, p_limit integer
) RETURNS TABLE (tenant_id uuid, slug text, secret_id uuid, name text, number integer, state text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT d.tenant_id, t.slug, d.secret_id, s.name, d.number, v.state::text
    FROM control_plane.sealed_values d
    JOIN control_plane.tenants t ON t.id = d.tenant_id
    JOIN control_plane.secrets s ON s.tenant_id = d.tenant_id AND s.id = d.secret_id
    JOIN control_plane.versions v ON v.tenant_id = d.tenant_id AND v.secret_id = d.secret_id AND v.number = d.number
   WHERE d.exposed = p_job AND (d.tenant_id, d.secret_id, d.number) > (p_after_tenant, p_after_secret, p_after_number)
   ORDER BY d.tenant_id, d.secret_id, d.number LIMIT p_limit
$$;

REVOKE ALL ON FUNCTION control_plane.tenant_root_keys, control_plane.opens_with, control_plane.count_exposed,
  control_plane.tenants_to_do, control_plane.list_exposed FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.tenant_root_keys, control_plane.opens_with, control_plane.count_exposed,
  control_plane.tenants_to_do, control_plane.list_exposed TO keyfold_deployment;

RESET ROLE;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
