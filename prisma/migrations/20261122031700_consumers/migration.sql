-- Who uses a secret: every workload that reads it, and each of its live instances. Metadata that grants nothing; it can
-- only end a grace sooner, or keep one that its version's own row says is held, and so it needs no MAC.

CREATE TABLE control_plane.consumers (
  tenant_id uuid NOT NULL,
  secret_id uuid NOT NULL,
  -- Whoever made the token says what its holder is called.
  name text COLLATE "C" NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
  kind text NOT NULL CHECK (kind IN ('edge_function', 'worker', 'webhook', 'service', 'ci', 'other')),
  declared_at timestamptz(3),
  declared_by jsonb,
  first_read_at timestamptz(3),
  last_read_at timestamptz(3),
  -- The version of its last read.
  last_version integer,
  PRIMARY KEY (tenant_id, secret_id, name),
  -- They go with their secret.
  FOREIGN KEY (tenant_id, secret_id) REFERENCES control_plane.secrets (tenant_id, id) ON DELETE CASCADE ON UPDATE CASCADE,
  CHECK ((declared_at IS NULL) = (declared_by IS NULL)),
  CHECK ((first_read_at IS NULL) = (last_read_at IS NULL) AND (first_read_at IS NULL) = (last_version IS NULL))
);

CREATE TABLE control_plane.consumer_instances (
  tenant_id uuid NOT NULL,
  secret_id uuid NOT NULL,
  consumer text COLLATE "C" NOT NULL,
  -- What a process calls itself; empty: whoever named none.
  instance text COLLATE "C" NOT NULL CHECK (char_length(instance) <= 64),
  read_version integer,
  read_at timestamptz(3),
  -- What it said that its application uses.
  applied_version integer,
  applied_at timestamptz(3),
  -- It counts as alive until then.
  lease_until timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, secret_id, consumer, instance),
  FOREIGN KEY (tenant_id, secret_id, consumer) REFERENCES control_plane.consumers (tenant_id, secret_id, name) ON DELETE CASCADE ON UPDATE CASCADE,
  CHECK ((read_version IS NULL) = (read_at IS NULL)),
  CHECK ((applied_version IS NULL) = (applied_at IS NULL)),
  CHECK (read_version IS NOT NULL OR applied_version IS NOT NULL)
);
CREATE INDEX consumer_instances_lease ON control_plane.consumer_instances (lease_until);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['consumers', 'consumer_instances'] LOOP
    EXECUTE format('ALTER TABLE control_plane.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE control_plane.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY one_tenant ON control_plane.%I TO keyfold_tenant
      USING (tenant_id = control_plane.current_tenant()) WITH CHECK (tenant_id = control_plane.current_tenant())', t);
    EXECUTE format('CREATE POLICY definer ON control_plane.%I TO keyfold_definer USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON control_plane.consumers, control_plane.consumer_instances TO keyfold_tenant;
GRANT SELECT (tenant_id, secret_id, consumer, instance, lease_until, read_version, applied_version), DELETE
  ON control_plane.consumer_instances TO keyfold_definer;

-- Writes what a process noted of its reads, many at once; answers the consumers that were never seen before.
--   p_ages      how many milliseconds ago each was, so that no process's own clock counts
--   p_lease     how long an instance counts as alive after a read, in seconds; p_anonymous the same where none is named
--   p_most      how many instances of a consumer are told apart; what is beyond counts as unnamed
-- Reads of secrets that are gone are left out.
CREATE FUNCTION control_plane.record_reads(
  p_tenant uuid, p_secrets uuid[], p_consumers text[], p_kinds text[], p_instances text[], p_versions integer[], p_ages double precision[],
  p_lease integer, p_anonymous integer, p_most integer
) RETURNS TABLE (secret_id uuid, project_id uuid, environment_id uuid, secret_name text, consumer text, kind text, version integer)
  LANGUAGE plpgsql SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  moment timestamptz := control_plane.clock();
BEGIN
  RETURN QUERY
  WITH reads AS (
    SELECT r.secret, r.consumer, r.kind, r.version, moment - r.age * interval '1 millisecond' AS at
      FROM unnest(p_secrets, p_consumers, p_kinds, p_versions, p_ages) AS r (secret, consumer, kind, version, age)
  ), seen AS (
    INSERT INTO control_plane.consumers AS c (tenant_id, secret_id, name, kind, first_read_at, last_read_at, last_version)
      SELECT p_tenant, r.secret, r.consumer, (array_agg(r.kind ORDER BY r.at DESC))[1], min(r.at), max(r.at),
             (array_agg(r.version ORDER BY r.at DESC))[1]
        FROM reads r JOIN control_plane.secrets s ON s.tenant_id = p_tenant AND s.id = r.secret
       GROUP BY r.secret, r.consumer ORDER BY r.secret, r.consumer
      ON CONFLICT (tenant_id, secret_id, name) DO UPDATE SET
        kind = CASE WHEN excluded.kind = 'other' THEN c.kind ELSE excluded.kind END,
        first_read_at = coalesce(c.first_read_at, excluded.first_read_at),
        last_read_at = greatest(c.last_read_at, excluded.last_read_at),
        last_version = CASE WHEN c.last_read_at > excluded.last_read_at THEN c.last_version ELSE excluded.last_version END
      RETURNING c.secret_id, c.name, c.kind, c.last_version, c.xmax = 0 AS fresh
  )
  SELECT seen.secret_id, s.project_id, s.environment_id, s.name, seen.name, seen.kind, seen.last_version
    FROM seen JOIN control_plane.secrets s ON s.tenant_id = p_tenant AND s.id = seen.secret_id WHERE seen.fresh;

  INSERT INTO control_plane.consumer_instances AS i (tenant_id, secret_id, consumer, instance, read_version, read_at, lease_until)
    SELECT p_tenant, f.secret, f.consumer, f.instance, (array_agg(f.version ORDER BY f.at DESC))[1], max(f.at),
           max(f.at) + CASE WHEN f.instance = '' THEN p_anonymous ELSE p_lease END * interval '1 second'
      FROM (
        SELECT r.secret, r.consumer, r.version, moment - r.age * interval '1 millisecond' AS at,
               CASE WHEN r.instance = ''
                      OR EXISTS (SELECT FROM control_plane.consumer_instances o WHERE o.tenant_id = p_tenant
                        AND o.secret_id = r.secret AND o.consumer = r.consumer AND o.instance = r.instance)
                      OR (SELECT count(*) FROM control_plane.consumer_instances o WHERE o.tenant_id = p_tenant
                        AND o.secret_id = r.secret AND o.consumer = r.consumer)
                         + row_number() OVER (PARTITION BY r.secret, r.consumer ORDER BY r.instance) <= p_most
                    THEN r.instance ELSE '' END AS instance
          FROM unnest(p_secrets, p_consumers, p_instances, p_versions, p_ages) AS r (secret, consumer, instance, version, age)
          JOIN control_plane.consumers c ON c.tenant_id = p_tenant AND c.secret_id = r.secret AND c.name = r.consumer
      ) f
     GROUP BY f.secret, f.consumer, f.instance ORDER BY f.secret, f.consumer, f.instance
    ON CONFLICT (tenant_id, secret_id, consumer, instance) DO UPDATE SET
      read_version = CASE WHEN i.read_at > excluded.read_at THEN i.read_version ELSE excluded.read_version END,
      read_at = greatest(i.read_at, excluded.read_at),
      lease_until = greatest(i.lease_until, excluded.lease_until);
END $$;

-- Instances whose lease ended a day ago; answers how many went.
CREATE FUNCTION control_plane.clean_consumer_instances(p_limit integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE gone integer;
BEGIN
  DELETE FROM control_plane.consumer_instances i WHERE (i.tenant_id, i.secret_id, i.consumer, i.instance) IN (
    SELECT o.tenant_id, o.secret_id, o.consumer, o.instance FROM control_plane.consumer_instances o
     WHERE o.lease_until < control_plane.clock() - interval '1 day' LIMIT p_limit);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

REVOKE ALL ON FUNCTION control_plane.record_reads, control_plane.clean_consumer_instances FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.record_reads TO keyfold_tenant;
GRANT EXECUTE ON FUNCTION control_plane.clean_consumer_instances TO keyfold_deployment;
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.clean_consumer_instances OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
