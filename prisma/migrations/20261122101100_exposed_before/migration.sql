-- A value that several openers could open, of which one was removed after the other: each removal's list keeps it.
ALTER TABLE control_plane.sealed_values ADD COLUMN exposed_before integer[];

GRANT SELECT (exposed_before) ON control_plane.sealed_values TO keyfold_definer;

GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
SET ROLE keyfold_definer;
CREATE OR REPLACE FUNCTION control_plane.list_exposed(
  p_job integer, p_after_tenant uuid, p_after_secret uuid, p_after_number integer, p_limit integer
) RETURNS TABLE (tenant_id uuid, slug text, secret_id uuid, name text, number integer, state text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT d.tenant_id, t.slug, d.secret_id, s.name, d.number, v.state::text
    FROM control_plane.sealed_values d
    JOIN control_plane.tenants t ON t.id = d.tenant_id
    JOIN control_plane.secrets s ON s.tenant_id = d.tenant_id AND s.id = d.secret_id
    JOIN control_plane.versions v ON v.tenant_id = d.tenant_id AND v.secret_id = d.secret_id AND v.number = d.number
   WHERE (d.exposed = p_job OR p_job = ANY (d.exposed_before))
     AND (d.tenant_id, d.secret_id, d.number) > (p_after_tenant, p_after_secret, p_after_number)
   ORDER BY d.tenant_id, d.secret_id, d.number LIMIT p_limit
$$;
RESET ROLE;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
