-- Graces that know their consumers, and deleted secrets that are purged.

-- What the sweep has to do, across tenants; deleted tenants wait for their own purge.
--   'end'    a grace has ended by time
--   'warn'   one ends within an hour, and nobody was told
--   'held'   one that is held is past its deadline: it ends now, since no live consumer is on it any more, or whoever is
--            has not been told of for a day
--   'moved'  every live instance of every consumer has acknowledged a newer version, and that is what ends it
DROP FUNCTION control_plane.due_versions;
CREATE FUNCTION control_plane.due_versions(p_limit integer) RETURNS TABLE (tenant_id uuid, secret_id uuid, number integer, what text)
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = '' AS $$
  WITH moment AS MATERIALIZED (SELECT control_plane.clock() AS now),
  due AS (
    (SELECT v.tenant_id, v.secret_id, v.number, 'end' AS what FROM control_plane.versions v JOIN control_plane.tenants t ON t.id = v.tenant_id
      WHERE v.state = 'grace' AND v.held IS NULL AND v.open_until <= (SELECT now FROM moment) AND t.deleted_at IS NULL
      ORDER BY v.open_until LIMIT p_limit)
    UNION ALL
    (SELECT v.tenant_id, v.secret_id, v.number, 'warn' FROM control_plane.versions v JOIN control_plane.tenants t ON t.id = v.tenant_id
      WHERE v.state = 'grace' AND v.warned_at IS NULL AND t.deleted_at IS NULL
        AND v.open_until > (SELECT now FROM moment) AND v.open_until <= (SELECT now FROM moment) + interval '1 hour'
      ORDER BY v.open_until LIMIT p_limit)
    UNION ALL
    (SELECT v.tenant_id, v.secret_id, v.number, 'held' FROM control_plane.versions v JOIN control_plane.tenants t ON t.id = v.tenant_id
      WHERE v.state = 'grace' AND v.held AND v.open_until <= (SELECT now FROM moment) AND t.deleted_at IS NULL
        AND (v.warned_at IS NULL OR v.warned_at < v.open_until OR v.warned_at <= (SELECT now FROM moment) - interval '1 day'
          OR NOT EXISTS (SELECT FROM control_plane.consumer_instances i
            WHERE i.tenant_id = v.tenant_id AND i.secret_id = v.secret_id AND i.lease_until > (SELECT now FROM moment)
              AND coalesce(i.applied_version, i.read_version) <= v.number))
      ORDER BY v.open_until LIMIT p_limit)
    UNION ALL
    (SELECT v.tenant_id, v.secret_id, v.number, 'moved' FROM control_plane.versions v
      JOIN control_plane.secrets s ON s.tenant_id = v.tenant_id AND s.id = v.secret_id AND s.grace_policy = 'acknowledgement'
      JOIN control_plane.tenants t ON t.id = v.tenant_id
      WHERE v.state = 'grace' AND v.held IS NULL AND v.open_until > (SELECT now FROM moment) AND t.deleted_at IS NULL
        AND EXISTS (SELECT FROM control_plane.consumer_instances i
          WHERE i.tenant_id = v.tenant_id AND i.secret_id = v.secret_id AND i.lease_until > (SELECT now FROM moment))
        AND NOT EXISTS (SELECT FROM control_plane.consumer_instances i
          WHERE i.tenant_id = v.tenant_id AND i.secret_id = v.secret_id AND i.lease_until > (SELECT now FROM moment)
            AND (i.applied_version IS NULL OR i.applied_version <= v.number))
      LIMIT p_limit))
  SELECT * FROM due
$$;

-- Deleted secrets whose last day is over, across tenants.
CREATE FUNCTION control_plane.due_purges(p_limit integer) RETURNS TABLE (tenant_id uuid, secret_id uuid)
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = '' AS $$
  SELECT s.tenant_id, s.id FROM control_plane.secrets s JOIN control_plane.tenants t ON t.id = s.tenant_id
   WHERE s.state = 'deleted' AND s.purge_after <= control_plane.clock() AND t.deleted_at IS NULL
   ORDER BY s.purge_after LIMIT p_limit
$$;

-- Ends a deleted secret of this transaction's tenant: keys and bytes first, then its versions, then itself. Not before it
-- has been deleted for a day, whoever asks: a stolen token deletes, and what it deleted can still be brought back.
CREATE FUNCTION control_plane.purge_secret(p_tenant uuid, p_secret uuid) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE gone integer;
BEGIN
  IF p_tenant IS DISTINCT FROM control_plane.current_tenant() THEN
    RAISE EXCEPTION 'a secret is purged by its own tenant' USING ERRCODE = 'KF403';
  END IF;
  PERFORM FROM control_plane.secrets s
    WHERE s.tenant_id = p_tenant AND s.id = p_secret AND s.state = 'deleted'
      AND s.deleted_at <= control_plane.clock() - interval '1 day' FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'only a secret that has been deleted for a day is purged' USING ERRCODE = 'KF403';
  END IF;
  DELETE FROM control_plane.sealed_values d WHERE d.tenant_id = p_tenant AND d.secret_id = p_secret;
  DELETE FROM control_plane.versions v WHERE v.tenant_id = p_tenant AND v.secret_id = p_secret;
  GET DIAGNOSTICS gone = ROW_COUNT;
  DELETE FROM control_plane.secrets s WHERE s.tenant_id = p_tenant AND s.id = p_secret;
  RETURN gone;
END $$;

REVOKE ALL ON FUNCTION control_plane.due_versions, control_plane.due_purges, control_plane.purge_secret FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.due_versions, control_plane.due_purges TO keyfold_deployment;
GRANT EXECUTE ON FUNCTION control_plane.purge_secret TO keyfold_tenant;
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.due_versions OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.due_purges OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.purge_secret OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;

GRANT SELECT (tenant_id, id, state, deleted_at, purge_after, grace_policy), UPDATE (generation) ON control_plane.secrets TO keyfold_definer; -- FOR UPDATE needs it
GRANT SELECT (tenant_id, secret_id) ON control_plane.sealed_values TO keyfold_definer;
