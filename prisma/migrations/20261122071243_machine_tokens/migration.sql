-- Service tokens: from which addresses they are taken, which token they replace, and when they were used last.

ALTER TABLE control_plane.service_tokens
  -- Ranges of addresses (CIDR) that its calls come from; null: from anywhere.
  ADD COLUMN ip_ranges jsonb CHECK (jsonb_typeof(ip_ranges) = 'array'),
  -- The token that this one replaces.
  ADD COLUMN rotated_from uuid,
  -- The federation rule that it was given out by, for minutes.
  ADD COLUMN federated_by uuid;
CREATE INDEX service_tokens_rotated_from ON control_plane.service_tokens (tenant_id, rotated_from) WHERE rotated_from IS NOT NULL;
CREATE INDEX service_tokens_expiry ON control_plane.service_tokens (expires_at) WHERE revoked_at IS NULL;

-- A token ends, or ends sooner, and changes in no other way.
CREATE FUNCTION control_plane.service_token_only_ends() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF OLD.revoked_at IS NULL AND NEW.revoked_at IS NULL
     AND NEW.expires_at < coalesce(OLD.expires_at, 'infinity'::timestamptz)
     AND to_jsonb(NEW) - '{expires_at,generation,mac}'::text[] = to_jsonb(OLD) - '{expires_at,generation,mac}'::text[] THEN
    RETURN NEW;
  END IF;
  IF OLD.revoked_at IS NOT NULL OR NEW.revoked_at IS NULL
     OR to_jsonb(NEW) - '{revoked_at,generation,mac}'::text[] IS DISTINCT FROM to_jsonb(OLD) - '{revoked_at,generation,mac}'::text[] THEN
    RAISE EXCEPTION 'a token only ends' USING ERRCODE = 'KF403';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER token_only_ends ON control_plane.service_tokens;
CREATE TRIGGER token_only_ends BEFORE UPDATE ON control_plane.service_tokens
  FOR EACH ROW EXECUTE FUNCTION control_plane.service_token_only_ends();

-- What is noted of tokens behind their calls' backs. It grants nothing, and so has no MAC.
CREATE TABLE control_plane.token_notes (
  tenant_id uuid NOT NULL,
  token_id uuid NOT NULL,
  last_used_at timestamptz(3),
  last_used_ip text,
  -- Of the reminders before its end, the last that was told: how many days ahead.
  reminded integer CHECK (reminded > 0),
  PRIMARY KEY (tenant_id, token_id),
  FOREIGN KEY (tenant_id, token_id) REFERENCES control_plane.service_tokens (tenant_id, id) ON DELETE CASCADE ON UPDATE CASCADE
);
ALTER TABLE control_plane.token_notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.token_notes FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON control_plane.token_notes TO keyfold_tenant
  USING (tenant_id = control_plane.current_tenant()) WITH CHECK (tenant_id = control_plane.current_tenant());
CREATE POLICY definer ON control_plane.token_notes TO keyfold_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON control_plane.token_notes TO keyfold_tenant;
GRANT SELECT (tenant_id, token_id, reminded) ON control_plane.token_notes TO keyfold_definer;

-- Writes when tokens were used last, many at once. p_ages: how many milliseconds ago, so that no process's own clock counts.
CREATE FUNCTION control_plane.record_token_uses(p_tenant uuid, p_tokens uuid[], p_ages double precision[], p_ips text[])
  RETURNS void LANGUAGE sql SET search_path = '' AS $$
  INSERT INTO control_plane.token_notes AS n (tenant_id, token_id, last_used_at, last_used_ip)
    SELECT s.tenant_id, s.id, control_plane.clock() - u.age * interval '1 millisecond', u.ip
      FROM unnest(p_tokens, p_ages, p_ips) AS u (token, age, ip)
      JOIN control_plane.service_tokens s ON s.tenant_id = p_tenant AND s.id = u.token
     ORDER BY s.id
  ON CONFLICT (tenant_id, token_id) DO UPDATE
    SET last_used_at = excluded.last_used_at, last_used_ip = excluded.last_used_ip
    WHERE n.last_used_at IS NULL OR n.last_used_at <= excluded.last_used_at
$$;

-- Tokens that end within 14, 3 or 1 days and nobody was told: ids only. One that never lived that long, that was
-- replaced already, or that a federation rule gave out ends as it was meant to.
CREATE FUNCTION control_plane.due_token_reminders(p_limit integer)
  RETURNS TABLE (tenant_id uuid, token_id uuid, days integer)
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = '' AS $$
  SELECT s.tenant_id, s.id, ahead.days
    FROM control_plane.service_tokens s
    JOIN control_plane.tenants t ON t.id = s.tenant_id AND t.deleted_at IS NULL
    LEFT JOIN control_plane.token_notes n ON n.tenant_id = s.tenant_id AND n.token_id = s.id
   CROSS JOIN LATERAL (SELECT min(d) AS days FROM unnest(ARRAY[1, 3, 14]) d
      WHERE s.expires_at <= control_plane.clock() + d * interval '1 day' AND s.expires_at - s.created_at > d * interval '1 day') ahead
   WHERE s.revoked_at IS NULL AND s.federated_by IS NULL
     AND s.expires_at > control_plane.clock() AND s.expires_at <= control_plane.clock() + interval '14 days'
     AND ahead.days IS NOT NULL AND (n.reminded IS NULL OR n.reminded > ahead.days)
     AND NOT EXISTS (SELECT FROM control_plane.service_tokens o
       WHERE o.tenant_id = s.tenant_id AND o.rotated_from = s.id AND o.revoked_at IS NULL)
   ORDER BY s.expires_at LIMIT p_limit
$$;

DROP FUNCTION control_plane.find_token;
CREATE FUNCTION control_plane.find_token(p_digest bytea) RETURNS TABLE (
  kind text, epoch bigint, now timestamptz,
  id uuid, tenant_id uuid, name text, digest bytea, hint text, scope jsonb, expires_at timestamptz, revoked_at timestamptz,
  created_at timestamptz, created_by jsonb, consumer_name text, consumer_kind text,
  ip_ranges jsonb, rotated_from uuid, federated_by uuid, generation integer, mac bytea,
  t_slug text, t_name text, t_created_at timestamptz, t_created_by jsonb, t_deleted_at timestamptz, t_purged_at timestamptz,
  t_grace_seconds integer, t_generation integer, t_mac bytea)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT 'service_token', control_plane.epoch_of(s.tenant_id), control_plane.clock(),
         s.id, s.tenant_id, s.name, s.digest, s.hint, s.scope, s.expires_at, s.revoked_at,
         s.created_at, s.created_by, s.consumer_name, s.consumer_kind,
         s.ip_ranges, s.rotated_from, s.federated_by, s.generation, s.mac,
         t.slug, t.name, t.created_at, t.created_by, t.deleted_at, t.purged_at, t.grace_seconds, t.generation, t.mac
    FROM control_plane.service_tokens s JOIN control_plane.tenants t ON t.id = s.tenant_id WHERE s.digest = p_digest
  UNION ALL
  SELECT 'operator', 0, control_plane.clock(),
         o.id, NULL, o.name, o.digest, o.hint, NULL, o.expires_at, o.revoked_at,
         o.created_at, NULL, NULL, NULL,
         NULL, NULL, NULL, o.generation, o.mac,
         NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM control_plane.operator_tokens o WHERE o.digest = p_digest
$$;

REVOKE ALL ON FUNCTION control_plane.service_token_only_ends, control_plane.record_token_uses,
  control_plane.due_token_reminders, control_plane.find_token FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.record_token_uses TO keyfold_tenant;
GRANT EXECUTE ON FUNCTION control_plane.due_token_reminders TO keyfold_deployment;
GRANT EXECUTE ON FUNCTION control_plane.find_token TO keyfold_tenant, keyfold_deployment, keyfold_definer;
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.due_token_reminders OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.find_token OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
