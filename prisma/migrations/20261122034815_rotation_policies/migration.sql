-- When secrets are due for rotation, and how far each rotation is.

-- A policy that asks for nothing (no schedule, no rotator, no expiry) is one that was removed.
CREATE TABLE control_plane.rotation_policies (
  tenant_id uuid NOT NULL,
  secret_id uuid NOT NULL,
  -- When: JSON of the schedule; null: not by time.
  schedule text,
  -- Whether a secret that is not rotated in time is a breach of a rule, and not of a habit.
  required boolean NOT NULL,
  -- Who is reminded, in words for people.
  owner text CHECK (char_length(owner) BETWEEN 1 AND 255),
  -- What makes the values: its kind and JSON of its settings; null: people do.
  rotator text CHECK (char_length(rotator) BETWEEN 1 AND 64),
  config text CHECK (char_length(config) <= 16384),
  expires_at timestamptz(3),
  -- What cron expressions are counted from, and days where there is no value yet.
  anchor_at timestamptz(3) NOT NULL,
  -- When the scheduler looks at it next; null: while a rotation is open, or never.
  try_at timestamptz(3),
  -- When somebody is reminded next, and how often that was done since the last rotation.
  remind_at timestamptz(3),
  reminded integer NOT NULL CHECK (reminded >= 0),
  set_at timestamptz(3) NOT NULL,
  set_by jsonb NOT NULL,
  generation integer NOT NULL CHECK (generation > 0),
  mac bytea NOT NULL,
  PRIMARY KEY (tenant_id, secret_id),
  FOREIGN KEY (tenant_id, secret_id) REFERENCES control_plane.secrets (tenant_id, id) ON DELETE CASCADE ON UPDATE CASCADE,
  CHECK ((rotator IS NULL) = (config IS NULL))
);
CREATE INDEX rotation_policies_due ON control_plane.rotation_policies (try_at) WHERE rotator IS NOT NULL;
CREATE INDEX rotation_policies_remind ON control_plane.rotation_policies (remind_at);

CREATE TABLE control_plane.rotations (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  secret_id uuid NOT NULL,
  -- The version that it makes; null until there is one.
  version integer,
  -- The rotator and its settings as they were when it began.
  kind text NOT NULL CHECK (char_length(kind) BETWEEN 1 AND 64),
  config text NOT NULL CHECK (char_length(config) <= 16384),
  phase text NOT NULL CHECK (phase IN ('make', 'set', 'test', 'switch', 'finish', 'undo', 'done', 'failed', 'abandoned')),
  -- What the rotator noted: JSON of references, never a value.
  notes text CHECK (char_length(notes) <= 4096),
  -- Why it is undone or has failed; what stood in its way last, and what the target called it.
  cause text,
  problem text,
  target_code text CHECK (char_length(target_code) <= 32),
  attempts integer NOT NULL CHECK (attempts >= 0),
  reason text CHECK (char_length(reason) <= 500),
  started_by jsonb NOT NULL,
  started_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  -- When its next step is tried; null: not by itself.
  try_at timestamptz(3),
  finished_at timestamptz(3),
  -- When the target is asked to end what its version can open, once that version has ended; null: never, or done.
  clean_at timestamptz(3),
  generation integer NOT NULL CHECK (generation > 0),
  mac bytea NOT NULL,
  -- Who works on it, and until when nobody else does. The MAC leaves both out: they grant nothing.
  lease_by uuid,
  lease_until timestamptz(3),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, secret_id) REFERENCES control_plane.secrets (tenant_id, id) ON DELETE CASCADE ON UPDATE CASCADE,
  CHECK ((finished_at IS NULL) = (phase NOT IN ('done', 'abandoned')))
);
CREATE UNIQUE INDEX rotations_one_open ON control_plane.rotations (tenant_id, secret_id) WHERE finished_at IS NULL;
CREATE INDEX rotations_of_secret ON control_plane.rotations (tenant_id, secret_id, started_at);
CREATE INDEX rotations_due ON control_plane.rotations (try_at) WHERE finished_at IS NULL;
CREATE INDEX rotations_clean ON control_plane.rotations (clean_at) WHERE clean_at IS NOT NULL;

-- What a rotation was begun with stays, and what has ended does not begin again.
CREATE FUNCTION control_plane.rotation_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF (NEW.tenant_id, NEW.id, NEW.secret_id, NEW.kind, NEW.config, NEW.started_by, NEW.started_at)
     IS DISTINCT FROM (OLD.tenant_id, OLD.id, OLD.secret_id, OLD.kind, OLD.config, OLD.started_by, OLD.started_at) THEN
    RAISE EXCEPTION 'what a rotation was begun with stays' USING ERRCODE = 'KF403';
  END IF;
  IF OLD.finished_at IS NOT NULL AND (NEW.finished_at, NEW.phase, NEW.version, NEW.notes)
     IS DISTINCT FROM (OLD.finished_at, OLD.phase, OLD.version, OLD.notes) THEN
    RAISE EXCEPTION 'a rotation that has ended does not change' USING ERRCODE = 'KF403';
  END IF;
  IF OLD.version IS NOT NULL AND NEW.version IS DISTINCT FROM OLD.version THEN
    RAISE EXCEPTION 'a rotation makes one version' USING ERRCODE = 'KF403';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER rotation_moves BEFORE UPDATE ON control_plane.rotations
  FOR EACH ROW EXECUTE FUNCTION control_plane.rotation_moves();

ALTER TABLE control_plane.rotation_policies ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.rotation_policies FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON control_plane.rotation_policies TO keyfold_tenant
  USING (tenant_id = control_plane.current_tenant()) WITH CHECK (tenant_id = control_plane.current_tenant());
CREATE POLICY definer ON control_plane.rotation_policies TO keyfold_definer USING (true) WITH CHECK (true);
ALTER TABLE control_plane.rotations ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.rotations FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON control_plane.rotations TO keyfold_tenant
  USING (tenant_id = control_plane.current_tenant()) WITH CHECK (tenant_id = control_plane.current_tenant());
CREATE POLICY definer ON control_plane.rotations TO keyfold_definer USING (true) WITH CHECK (true);

GRANT SELECT, INSERT, UPDATE ON control_plane.rotation_policies TO keyfold_tenant;
GRANT SELECT, INSERT, UPDATE ON control_plane.rotations TO keyfold_tenant;
GRANT SELECT (tenant_id, secret_id, schedule, rotator, expires_at, try_at, remind_at) ON control_plane.rotation_policies TO keyfold_definer;
GRANT SELECT (tenant_id, id, secret_id, version, phase, try_at, finished_at, clean_at, lease_until) ON control_plane.rotations TO keyfold_definer;
GRANT SELECT (tenant_id, id, state) ON control_plane.secrets TO keyfold_definer;
GRANT SELECT (id, deleted_at) ON control_plane.tenants TO keyfold_definer;
GRANT SELECT (tenant_id, secret_id, number, state) ON control_plane.versions TO keyfold_definer;

-- What the scheduler has to do, across tenants: ids only.
CREATE FUNCTION control_plane.due_rotations(p_limit integer)
  RETURNS TABLE (tenant_id uuid, secret_id uuid, rotation_id uuid, what text)
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = '' AS $$
  (SELECT r.tenant_id, r.secret_id, r.id, 'continue' FROM control_plane.rotations r
     JOIN control_plane.secrets s ON s.tenant_id = r.tenant_id AND s.id = r.secret_id AND s.state <> 'deleted'
     JOIN control_plane.tenants t ON t.id = r.tenant_id AND t.deleted_at IS NULL
    WHERE r.finished_at IS NULL AND r.try_at <= control_plane.clock()
      AND (r.lease_until IS NULL OR r.lease_until <= control_plane.clock())
    ORDER BY r.try_at LIMIT p_limit)
  UNION ALL
  (SELECT p.tenant_id, p.secret_id, NULL, 'begin' FROM control_plane.rotation_policies p
     JOIN control_plane.secrets s ON s.tenant_id = p.tenant_id AND s.id = p.secret_id AND s.state <> 'deleted'
     JOIN control_plane.tenants t ON t.id = p.tenant_id AND t.deleted_at IS NULL
    WHERE p.rotator IS NOT NULL AND p.try_at <= control_plane.clock()
    ORDER BY p.try_at LIMIT p_limit)
  UNION ALL
  (SELECT r.tenant_id, r.secret_id, r.id, 'clean' FROM control_plane.rotations r
     JOIN control_plane.versions v ON v.tenant_id = r.tenant_id AND v.secret_id = r.secret_id AND v.number = r.version
      AND v.state IN ('kept', 'revoked', 'destroyed')
     JOIN control_plane.secrets s ON s.tenant_id = r.tenant_id AND s.id = r.secret_id AND s.state <> 'deleted'
     JOIN control_plane.tenants t ON t.id = r.tenant_id AND t.deleted_at IS NULL
    WHERE r.clean_at <= control_plane.clock() AND (r.lease_until IS NULL OR r.lease_until <= control_plane.clock())
      AND NOT EXISTS (SELECT FROM control_plane.rotations o
        WHERE o.tenant_id = r.tenant_id AND o.secret_id = r.secret_id AND o.finished_at IS NULL)
    ORDER BY r.clean_at LIMIT p_limit)
  UNION ALL
  (SELECT p.tenant_id, p.secret_id, NULL, 'remind' FROM control_plane.rotation_policies p
     JOIN control_plane.secrets s ON s.tenant_id = p.tenant_id AND s.id = p.secret_id AND s.state <> 'deleted'
     JOIN control_plane.tenants t ON t.id = p.tenant_id AND t.deleted_at IS NULL
    WHERE p.remind_at <= control_plane.clock()
    ORDER BY p.remind_at LIMIT p_limit)
$$;

-- How much is due where: numbers for operators, who see no tenant's secrets.
CREATE FUNCTION control_plane.count_rotations()
  RETURNS TABLE (tenant_id uuid, policies integer, due integer, running integer, failed integer)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT t.id, coalesce(p.policies, 0), coalesce(p.due, 0), coalesce(r.running, 0), coalesce(r.failed, 0)
    FROM control_plane.tenants t
    LEFT JOIN (SELECT x.tenant_id, count(*)::int AS policies,
                      count(*) FILTER (WHERE x.try_at <= control_plane.clock())::int AS due
                 FROM control_plane.rotation_policies x
                 JOIN control_plane.secrets s ON s.tenant_id = x.tenant_id AND s.id = x.secret_id AND s.state <> 'deleted'
                WHERE x.schedule IS NOT NULL OR x.rotator IS NOT NULL OR x.expires_at IS NOT NULL
                GROUP BY x.tenant_id) p ON p.tenant_id = t.id
    LEFT JOIN (SELECT x.tenant_id, count(*) FILTER (WHERE x.phase NOT IN ('failed', 'undo'))::int AS running,
                      count(*) FILTER (WHERE x.phase IN ('failed', 'undo'))::int AS failed
                 FROM control_plane.rotations x
                 JOIN control_plane.secrets s ON s.tenant_id = x.tenant_id AND s.id = x.secret_id AND s.state <> 'deleted'
                WHERE x.finished_at IS NULL GROUP BY x.tenant_id) r ON r.tenant_id = t.id
   WHERE t.deleted_at IS NULL AND (p.tenant_id IS NOT NULL OR r.tenant_id IS NOT NULL)
   ORDER BY t.id
$$;

REVOKE ALL ON FUNCTION control_plane.due_rotations, control_plane.count_rotations, control_plane.rotation_moves FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.due_rotations, control_plane.count_rotations TO keyfold_deployment;
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.due_rotations OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.count_rotations OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
