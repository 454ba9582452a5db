-- Whether the dispatcher has anything to do: a message to hand over, or a delivery that waits. It asks after every change of
-- every tenant, and where nobody has webhooks the answer is no, in one statement and two looks at an index.
CREATE FUNCTION control_plane.webhooks_waiting() RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT EXISTS (SELECT FROM control_plane.tenant_messages m WHERE NOT m.routed)
      OR EXISTS (SELECT FROM control_plane.webhook_deliveries d WHERE d.state = 'waiting')
$$;
REVOKE ALL ON FUNCTION control_plane.webhooks_waiting FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.webhooks_waiting TO keyfold_tenant, keyfold_deployment;
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.webhooks_waiting OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
