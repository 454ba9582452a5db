-- What one tenant's slow targets and receivers hold up is its own; and ended rotations do not stay for ever.

GRANT SELECT (started_at), DELETE ON control_plane.rotations TO keyfold_definer;
CREATE INDEX rotations_ended ON control_plane.rotations (finished_at) WHERE finished_at IS NOT NULL;

GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
SET ROLE keyfold_definer;

-- As before, but of each kind one tenant's first, then each one's second, and so on: who has a thousand due is not ahead of
-- who has one.
CREATE OR REPLACE FUNCTION control_plane.due_rotations(p_limit integer)
  RETURNS TABLE (tenant_id uuid, secret_id uuid, rotation_id uuid, what text)
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = '' AS $$
  (SELECT r.tenant_id, r.secret_id, r.id, 'continue' FROM control_plane.rotations r
     JOIN control_plane.secrets s ON s.tenant_id = r.tenant_id AND s.id = r.secret_id AND s.state <> 'deleted'
     JOIN control_plane.tenants t ON t.id = r.tenant_id AND t.deleted_at IS NULL
    WHERE r.finished_at IS NULL AND r.try_at <= control_plane.clock()
      AND (r.lease_until IS NULL OR r.lease_until <= control_plane.clock())
    ORDER BY row_number() OVER (PARTITION BY r.tenant_id ORDER BY r.try_at), r.try_at LIMIT p_limit)
  UNION ALL
  (SELECT p.tenant_id, p.secret_id, NULL, 'begin' FROM control_plane.rotation_policies p
     JOIN control_plane.secrets s ON s.tenant_id = p.tenant_id AND s.id = p.secret_id AND s.state <> 'deleted'
     JOIN control_plane.tenants t ON t.id = p.tenant_id AND t.deleted_at IS NULL
    WHERE p.rotator IS NOT NULL AND p.try_at <= control_plane.clock()
    ORDER BY row_number() OVER (PARTITION BY p.tenant_id ORDER BY p.try_at), p.try_at LIMIT p_limit)
  UNION ALL
  (SELECT r.tenant_id, r.secret_id, r.id, 'clean' FROM control_plane.rotations r
     JOIN control_plane.versions v ON v.tenant_id = r.tenant_id AND v.secret_id = r.secret_id AND v.number = r.version
      AND v.state IN ('kept', 'revoked', 'destroyed')
     JOIN control_plane.secrets s ON s.tenant_id = r.tenant_id AND s.id = r.secret_id AND s.state <> 'deleted'
     JOIN control_plane.tenants t ON t.id = r.tenant_id AND t.deleted_at IS NULL
    WHERE r.clean_at <= control_plane.clock() AND (r.lease_until IS NULL OR r.lease_until <= control_plane.clock())
      AND NOT EXISTS (SELECT FROM control_plane.rotations o
        WHERE o.tenant_id = r.tenant_id AND o.secret_id = r.secret_id AND o.finished_at IS NULL)
    ORDER BY row_number() OVER (PARTITION BY r.tenant_id ORDER BY r.clean_at), r.clean_at LIMIT p_limit)
  UNION ALL
  (SELECT p.tenant_id, p.secret_id, NULL, 'remind' FROM control_plane.rotation_policies p
     JOIN control_plane.secrets s ON s.tenant_id = p.tenant_id AND s.id = p.secret_id AND s.state <> 'deleted'
     JOIN control_plane.tenants t ON t.id = p.tenant_id AND t.deleted_at IS NULL
    WHERE p.remind_at <= control_plane.clock()
    ORDER BY row_number() OVER (PARTITION BY p.tenant_id ORDER BY p.remind_at), p.remind_at LIMIT p_limit)
$$;

-- Rotations that ended so long ago: all but each secret's last one, what still has something to end at its target, and
-- whose version still opens or is being made. Answers how many went.
CREATE FUNCTION control_plane.clean_rotations(p_age interval, p_limit integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE gone integer;
BEGIN
  DELETE FROM control_plane.rotations r WHERE (r.tenant_id, r.id) IN (
    SELECT o.tenant_id, o.id FROM control_plane.rotations o
     WHERE o.finished_at < control_plane.clock() - p_age AND o.clean_at IS NULL
       AND EXISTS (SELECT FROM control_plane.rotations n
         WHERE n.tenant_id = o.tenant_id AND n.secret_id = o.secret_id AND n.started_at > o.started_at)
       AND NOT EXISTS (SELECT FROM control_plane.versions v
         WHERE v.tenant_id = o.tenant_id AND v.secret_id = o.secret_id AND v.number = o.version
           AND v.state IN ('pending', 'current', 'grace'))
     LIMIT p_limit);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

-- As before, and of one tenant no more than its share: of each of p_tenants what is left of it, of every other p_share.
DROP FUNCTION control_plane.claim_deliveries(uuid[], integer, integer, interval);
CREATE FUNCTION control_plane.claim_deliveries(
  p_busy uuid[], p_each integer, p_limit integer, p_lease interval, p_tenants uuid[], p_left integer[], p_share integer
) RETURNS TABLE (tenant_id uuid, batch bigint, item integer, endpoint_id uuid, lease uuid, attempt integer)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  moment timestamptz := control_plane.clock();
  ours uuid := gen_random_uuid();
BEGIN
  RETURN QUERY
  -- From one endpoint with something waiting to the next, by the index: not over everything that waits.
  WITH RECURSIVE ends AS (
    (SELECT d.tenant_id, d.endpoint_id FROM control_plane.webhook_deliveries d WHERE d.state = 'waiting'
      ORDER BY d.tenant_id, d.endpoint_id LIMIT 1)
    UNION ALL
    SELECT n.tenant_id, n.endpoint_id FROM ends e CROSS JOIN LATERAL (
      SELECT d.tenant_id, d.endpoint_id FROM control_plane.webhook_deliveries d
       WHERE d.state = 'waiting' AND (d.tenant_id, d.endpoint_id) > (e.tenant_id, e.endpoint_id)
       ORDER BY d.tenant_id, d.endpoint_id LIMIT 1) n
  ), due AS (
    -- In no order, so that under pressure nobody is always the last.
    SELECT e.tenant_id, e.endpoint_id, random() AS place,
           CASE WHEN h.failing_since IS NULL THEN p_each ELSE 1 END AS at_once
      FROM ends e LEFT JOIN control_plane.webhook_health h ON h.tenant_id = e.tenant_id AND h.endpoint_id = e.endpoint_id
     WHERE e.endpoint_id <> ALL (p_busy) AND EXISTS (SELECT FROM control_plane.webhook_deliveries d
       WHERE d.state = 'waiting' AND d.tenant_id = e.tenant_id AND d.endpoint_id = e.endpoint_id AND d.due_at <= moment)
  ), shares AS (
    SELECT d.*, coalesce(l.places, p_share)
             - (sum(d.at_once) OVER (PARTITION BY d.tenant_id ORDER BY d.place) - d.at_once) AS places
      FROM due d LEFT JOIN unnest(p_tenants, p_left) AS l (tenant, places) ON l.tenant = d.tenant_id
  ), picked AS (
    SELECT p.* FROM (SELECT * FROM shares s WHERE s.places > 0 ORDER BY s.place) e
    CROSS JOIN LATERAL (
      SELECT d.tenant_id, d.batch, d.item, d.endpoint_id FROM control_plane.webhook_deliveries d
       WHERE d.state = 'waiting' AND d.tenant_id = e.tenant_id AND d.endpoint_id = e.endpoint_id AND d.due_at <= moment
       ORDER BY d.due_at LIMIT least(e.at_once, e.places) FOR UPDATE SKIP LOCKED) p
    LIMIT p_limit
  )
  UPDATE control_plane.webhook_deliveries d SET due_at = moment + p_lease, lease = ours, attempts = d.attempts + 1
    FROM picked p
   WHERE d.tenant_id = p.tenant_id AND d.batch = p.batch AND d.item = p.item AND d.endpoint_id = p.endpoint_id
     AND d.state = 'waiting' AND d.due_at <= moment
  RETURNING d.tenant_id, d.batch, d.item, d.endpoint_id, d.lease, d.attempts;
END $$;

REVOKE ALL ON FUNCTION control_plane.clean_rotations, control_plane.claim_deliveries FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.clean_rotations, control_plane.claim_deliveries TO keyfold_deployment;
RESET ROLE;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
