-- The member of the current tenant who has an address: an id, for whoever was told the address already.
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
SET ROLE keyfold_definer;
CREATE FUNCTION control_plane.member_of_address(p_email text) RETURNS uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT p.id FROM control_plane.people p
    JOIN control_plane.memberships m ON m.person_id = p.id AND m.removed_at IS NULL
   WHERE p.email = lower(p_email) AND m.tenant_id = control_plane.current_tenant()
$$;
REVOKE ALL ON FUNCTION control_plane.member_of_address FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.member_of_address TO keyfold_tenant;
RESET ROLE;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
