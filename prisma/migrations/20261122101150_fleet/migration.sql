-- Which tenants lack a key that a product needs: ids and names, for operators.
CREATE FUNCTION control_plane.list_fleet(
  p_names text[], p_project text, p_environment text, p_after_slug text, p_after uuid, p_limit integer, p_lacking boolean
) RETURNS TABLE (id uuid, slug text, name text, present text[])
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT t.id, t.slug, t.name, f.present
    FROM control_plane.tenants t
    CROSS JOIN LATERAL (
      SELECT ARRAY(
        SELECT s.name::text FROM control_plane.projects p
          JOIN control_plane.environments e
            ON e.tenant_id = p.tenant_id AND e.project_id = p.id AND e.name = p_environment AND e.deleted_at IS NULL
          JOIN control_plane.secrets s
            ON s.tenant_id = p.tenant_id AND s.project_id = p.id AND s.environment_id = e.id AND s.name = ANY (p_names)
           AND s.state = 'live'
         WHERE p.tenant_id = t.id AND p.name = p_project AND p.deleted_at IS NULL) AS present) f
   WHERE t.deleted_at IS NULL AND (t.slug, t.id) > (p_after_slug, p_after)
     AND (NOT p_lacking OR cardinality(f.present) < cardinality(p_names))
   ORDER BY t.slug, t.id LIMIT p_limit
$$;
REVOKE ALL ON FUNCTION control_plane.list_fleet FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.list_fleet TO keyfold_deployment;
GRANT SELECT (tenant_id, id, name, deleted_at) ON control_plane.projects TO keyfold_definer;
GRANT SELECT (tenant_id, id, project_id, name, deleted_at) ON control_plane.environments TO keyfold_definer;
GRANT SELECT (tenant_id, project_id, environment_id, name, state) ON control_plane.secrets TO keyfold_definer;
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.list_fleet OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
