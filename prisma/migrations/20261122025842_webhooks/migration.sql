-- Webhooks: endpoints, the secrets that sign what they are sent, and what is to be delivered to whom.

-- ---- tables --------------------------------------------------------------------------------------------------
-- Where a tenant's messages go. A row that lets something out, and so one with a MAC.
CREATE TABLE control_plane.webhook_endpoints (
  tenant_id uuid NOT NULL REFERENCES control_plane.tenants (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  id uuid NOT NULL,
  url text NOT NULL CHECK (char_length(url) <= 2048),
  description text NOT NULL CHECK (char_length(description) <= 500),
  -- What it wants: kinds, projects, environments, a prefix of names.
  filter jsonb NOT NULL CHECK (jsonb_typeof(filter) = 'object'),
  -- What whoever configured it may see, and until when: what it gets, whatever it wants.
  scope jsonb NOT NULL CHECK (jsonb_typeof(scope) = 'object'),
  expires_at timestamptz(3),
  disabled_at timestamptz(3),
  disabled_reason text CHECK (disabled_reason IN ('by_hand', 'failing', 'gone')),
  -- The secret that signs, and until when the one before it signs too.
  secret_number integer NOT NULL CHECK (secret_number > 0),
  previous_until timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  created_by jsonb NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  deleted_at timestamptz(3),
  generation integer NOT NULL,
  mac bytea NOT NULL,
  PRIMARY KEY (tenant_id, id),
  CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
);
CREATE TRIGGER a_next_generation BEFORE UPDATE ON control_plane.webhook_endpoints
  FOR EACH ROW EXECUTE FUNCTION control_plane.next_generation();

-- Signing secrets, sealed as values are: under a DEK of their own, wrapped under the tenant's key, bound to their place.
CREATE TABLE control_plane.webhook_secrets (
  tenant_id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  number integer NOT NULL CHECK (number > 0),
  term integer NOT NULL CHECK (term > 0),
  sealed bytea,
  dek_wrap bytea,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, endpoint_id, number),
  FOREIGN KEY (tenant_id, endpoint_id) REFERENCES control_plane.webhook_endpoints (tenant_id, id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CHECK ((sealed IS NULL) = (dek_wrap IS NULL))
);

-- Nothing comes under a term that another one follows: whoever ends old terms could not know of it.
CREATE FUNCTION control_plane.webhook_secret_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE newest integer;
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.sealed IS NULL AND NEW.sealed IS NOT NULL THEN
    RAISE EXCEPTION 'erased bytes do not come back' USING ERRCODE = 'KF403';
  END IF;
  IF NEW.sealed IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended(NEW.tenant_id::text, 13));
    SELECT max(k.term) INTO newest FROM control_plane.tenant_keys k WHERE k.tenant_id = NEW.tenant_id AND k.purpose = 'value';
    IF NEW.term IS DISTINCT FROM newest THEN
      RAISE EXCEPTION 'term % is not the newest', NEW.term USING ERRCODE = 'KF409';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER webhook_secret_moves BEFORE INSERT OR UPDATE ON control_plane.webhook_secrets
  FOR EACH ROW EXECUTE FUNCTION control_plane.webhook_secret_moves();

-- One message for one endpoint, until it was taken or given up; and its log. Grants nothing: what goes out, and whether,
-- is read from the message and the endpoint at the moment of sending.
CREATE TABLE control_plane.webhook_deliveries (
  tenant_id uuid NOT NULL,
  batch bigint NOT NULL,
  item integer NOT NULL,
  endpoint_id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
  attempts integer NOT NULL CHECK (attempts >= 0),
  -- When to try next. Whoever takes it sets this to when its lease ends: one that dies loses nothing.
  due_at timestamptz(3) NOT NULL,
  lease uuid,
  -- [{at, attempt, status, failure, ms}], the last of them; no bodies.
  log jsonb NOT NULL CHECK (jsonb_typeof(log) = 'array'),
  created_at timestamptz(3) NOT NULL,
  finished_at timestamptz(3),
  PRIMARY KEY (tenant_id, batch, item, endpoint_id),
  FOREIGN KEY (tenant_id, batch, item) REFERENCES control_plane.tenant_messages (tenant_id, batch, item) ON DELETE CASCADE ON UPDATE CASCADE,
  FOREIGN KEY (tenant_id, endpoint_id) REFERENCES control_plane.webhook_endpoints (tenant_id, id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CHECK ((state = 'waiting') = (finished_at IS NULL))
);
CREATE INDEX webhook_deliveries_due ON control_plane.webhook_deliveries (tenant_id, endpoint_id, due_at) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_log ON control_plane.webhook_deliveries (tenant_id, endpoint_id, batch, item);

-- How an endpoint has been doing. Apart from its row, which changes when people change it.
CREATE TABLE control_plane.webhook_health (
  tenant_id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  -- Null: the last attempt was taken.
  failing_since timestamptz(3),
  failures integer NOT NULL CHECK (failures >= 0),
  last_success_at timestamptz(3),
  PRIMARY KEY (tenant_id, endpoint_id),
  FOREIGN KEY (tenant_id, endpoint_id) REFERENCES control_plane.webhook_endpoints (tenant_id, id) ON DELETE RESTRICT ON UPDATE CASCADE
);

-- Whether a message was handed to the endpoints that want it. Most tenants have none, and then there is nothing to do.
ALTER TABLE control_plane.tenant_messages ADD COLUMN routed boolean NOT NULL DEFAULT true;
CREATE INDEX tenant_messages_to_route ON control_plane.tenant_messages (tenant_id, batch, item) WHERE NOT routed;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['webhook_endpoints', 'webhook_secrets', 'webhook_deliveries', 'webhook_health'] LOOP
    EXECUTE format('ALTER TABLE control_plane.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE control_plane.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY one_tenant ON control_plane.%I TO keyfold_tenant
      USING (tenant_id = control_plane.current_tenant()) WITH CHECK (tenant_id = control_plane.current_tenant())', t);
    EXECUTE format('CREATE POLICY definer ON control_plane.%I TO keyfold_definer USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;

-- ---- the outbox hands over -------------------------------------------------------------------------------------
CREATE OR REPLACE FUNCTION control_plane.append_change(
  p_chain uuid, p_batch uuid, p_count integer, p_root bytea, p_leaves bytea, p_bodies bytea,
  p_expected_epoch bigint, p_raise boolean, p_deadline timestamptz, p_token uuid, p_operator boolean, p_session uuid,
  p_messages jsonb, OUT outcome text
) LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  number bigint;
  nobody boolean;
BEGIN
  SELECT a.outcome, a.batch_number INTO outcome, number FROM control_plane.append_events(
    p_chain, p_batch, p_count, p_root, p_leaves, p_bodies, p_expected_epoch, p_raise, p_deadline, p_token, p_operator, p_session) a;
  IF outcome <> 'appended' THEN RETURN; END IF;
  -- Under the chain's lock, as the change that makes an endpoint is: what comes after it goes to it.
  nobody := NOT EXISTS (SELECT FROM control_plane.webhook_endpoints e
    WHERE e.tenant_id = p_chain AND e.deleted_at IS NULL AND e.disabled_at IS NULL);
  INSERT INTO control_plane.tenant_messages
      (tenant_id, batch, item, batch_id, kind, secret_id, project_id, environment_id, name, data, created_at, routed)
    SELECT p_chain, number, m.at, p_batch, m.row ->> 'kind', (m.row ->> 'secret')::uuid, (m.row ->> 'project')::uuid,
           (m.row ->> 'environment')::uuid, m.row ->> 'name', m.row -> 'data', control_plane.clock(), nobody
      FROM jsonb_array_elements(p_messages) WITH ORDINALITY AS m (row, at);
END $$;

-- ---- what the dispatcher asks across tenants: ids ------------------------------------------------------------------

-- Tenants with messages that were not handed over yet.
CREATE FUNCTION control_plane.tenants_to_route(p_limit integer) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT DISTINCT m.tenant_id FROM control_plane.tenant_messages m WHERE NOT m.routed LIMIT p_limit
$$;

-- Takes deliveries that are due, under a lease: from every endpoint some, so that none waits behind another's; from one
-- that is failing a single one. Endpoints that are served as far as they may be already are left out.
CREATE FUNCTION control_plane.claim_deliveries(p_busy uuid[], p_each integer, p_limit integer, p_lease interval)
  RETURNS TABLE (tenant_id uuid, batch bigint, item integer, endpoint_id uuid, lease uuid, attempt integer)
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
  ), picked AS (
    SELECT p.* FROM (
      -- In no order, so that under pressure nobody is always the last.
      SELECT e.tenant_id, e.endpoint_id, CASE WHEN h.failing_since IS NULL THEN p_each ELSE 1 END AS at_once
        FROM ends e LEFT JOIN control_plane.webhook_health h ON h.tenant_id = e.tenant_id AND h.endpoint_id = e.endpoint_id
       WHERE e.endpoint_id <> ALL (p_busy) ORDER BY random()) e
    CROSS JOIN LATERAL (
      SELECT d.tenant_id, d.batch, d.item, d.endpoint_id FROM control_plane.webhook_deliveries d
       WHERE d.state = 'waiting' AND d.tenant_id = e.tenant_id AND d.endpoint_id = e.endpoint_id AND d.due_at <= moment
       ORDER BY d.due_at LIMIT e.at_once FOR UPDATE SKIP LOCKED) p
    LIMIT p_limit
  )
  UPDATE control_plane.webhook_deliveries d SET due_at = moment + p_lease, lease = ours, attempts = d.attempts + 1
    FROM picked p
   WHERE d.tenant_id = p.tenant_id AND d.batch = p.batch AND d.item = p.item AND d.endpoint_id = p.endpoint_id
     AND d.state = 'waiting' AND d.due_at <= moment
  RETURNING d.tenant_id, d.batch, d.item, d.endpoint_id, d.lease, d.attempts;
END $$;

-- ---- what it asks within one tenant, in one trip each ------------------------------------------------------------
CREATE FUNCTION control_plane.load_delivery(in_tenant uuid, in_endpoint uuid, in_batch bigint, in_item integer)
  RETURNS TABLE (
    now timestamptz, live boolean,
    id uuid, url text, description text, filter jsonb, scope jsonb, expires_at timestamptz, disabled_at timestamptz,
    disabled_reason text, secret_number integer, previous_until timestamptz, created_at timestamptz, created_by jsonb,
    updated_at timestamptz, deleted_at timestamptz, generation integer, mac bytea,
    m_batch_id uuid, m_kind text, m_secret_id uuid, m_project_id uuid, m_environment_id uuid, m_name text, m_data jsonb,
    m_created_at timestamptz, secrets jsonb)
  LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = 'force_generic_plan' AS $$
BEGIN
  PERFORM set_config('keyfold.tenant', in_tenant::text, true);
  RETURN QUERY
  SELECT control_plane.clock(), t.deleted_at IS NULL,
         e.id, e.url, e.description, e.filter, e.scope, e.expires_at, e.disabled_at,
         e.disabled_reason, e.secret_number, e.previous_until, e.created_at, e.created_by,
         e.updated_at, e.deleted_at, e.generation, e.mac,
         m.batch_id, m.kind, m.secret_id, m.project_id, m.environment_id, m.name, m.data, m.created_at,
         (SELECT jsonb_agg(jsonb_build_object('number', s.number, 'term', s.term, 'sealed', encode(s.sealed, 'hex'),
                                              'wrap', encode(s.dek_wrap, 'hex')) ORDER BY s.number DESC)
            FROM control_plane.webhook_secrets s
           WHERE s.tenant_id = e.tenant_id AND s.endpoint_id = e.id AND s.number >= e.secret_number - 1 AND s.sealed IS NOT NULL)
    FROM control_plane.webhook_endpoints e
    JOIN control_plane.tenants t ON t.id = e.tenant_id
    JOIN control_plane.tenant_messages m ON m.tenant_id = e.tenant_id AND m.batch = in_batch AND m.item = in_item
   WHERE e.tenant_id = in_tenant AND e.id = in_endpoint;
END $$;

-- Writes down what became of an attempt, if its lease is still ours, and how the endpoint is doing. Answers whether it
-- was, and since when the endpoint has been failing.
CREATE FUNCTION control_plane.finish_delivery(
  in_tenant uuid, in_endpoint uuid, in_batch bigint, in_item integer, in_lease uuid, in_state text, in_wait interval,
  in_entry jsonb, in_healthy boolean, OUT ours boolean, OUT failing_for interval
) LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  moment timestamptz := control_plane.clock();
  since timestamptz;
BEGIN
  PERFORM set_config('keyfold.tenant', in_tenant::text, true);
  UPDATE control_plane.webhook_deliveries d
     SET state = in_state, due_at = moment + in_wait, lease = NULL,
         log = CASE WHEN jsonb_array_length(d.log) >= 50 THEN d.log - 0 ELSE d.log END || (in_entry || jsonb_build_object('attempt', d.attempts)),
         finished_at = CASE WHEN in_state = 'waiting' THEN NULL ELSE moment END
   WHERE d.tenant_id = in_tenant AND d.batch = in_batch AND d.item = in_item AND d.endpoint_id = in_endpoint
     AND d.lease = in_lease AND d.state = 'waiting';
  ours := FOUND;
  IF in_healthy IS NULL OR NOT ours THEN RETURN; END IF;
  IF in_healthy THEN
    -- A success a minute is enough to know of.
    INSERT INTO control_plane.webhook_health AS h (tenant_id, endpoint_id, failing_since, failures, last_success_at)
      VALUES (in_tenant, in_endpoint, NULL, 0, moment)
      ON CONFLICT (tenant_id, endpoint_id) DO UPDATE SET failing_since = NULL, failures = 0, last_success_at = moment
        WHERE h.failing_since IS NOT NULL OR h.last_success_at IS NULL OR h.last_success_at < moment - interval '1 minute';
  ELSE
    INSERT INTO control_plane.webhook_health AS h (tenant_id, endpoint_id, failing_since, failures)
      VALUES (in_tenant, in_endpoint, moment, 1)
      ON CONFLICT (tenant_id, endpoint_id) DO UPDATE SET failing_since = coalesce(h.failing_since, moment), failures = h.failures + 1
      RETURNING h.failing_since INTO since;
    failing_for := moment - since;
  END IF;
END $$;

-- ---- a purged tenant's endpoints go with everything else ------------------------------------------------------------
CREATE FUNCTION control_plane.purge_webhooks() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  DELETE FROM control_plane.webhook_secrets x WHERE x.tenant_id = NEW.id;
  DELETE FROM control_plane.webhook_deliveries x WHERE x.tenant_id = NEW.id;
  DELETE FROM control_plane.webhook_health x WHERE x.tenant_id = NEW.id;
  DELETE FROM control_plane.webhook_endpoints x WHERE x.tenant_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER purge_webhooks AFTER UPDATE OF purged_at ON control_plane.tenants
  FOR EACH ROW WHEN (NEW.purged_at IS NOT NULL) EXECUTE FUNCTION control_plane.purge_webhooks();

-- ---- grants ---------------------------------------------------------------------------------------------------------
REVOKE ALL ON FUNCTION control_plane.webhook_secret_moves, control_plane.tenants_to_route, control_plane.claim_deliveries,
  control_plane.load_delivery, control_plane.finish_delivery, control_plane.purge_webhooks FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.load_delivery, control_plane.finish_delivery TO keyfold_tenant;
GRANT EXECUTE ON FUNCTION control_plane.tenants_to_route, control_plane.claim_deliveries TO keyfold_deployment;

GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.tenants_to_route OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.claim_deliveries OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.purge_webhooks OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;

GRANT SELECT, INSERT, UPDATE ON control_plane.webhook_endpoints, control_plane.webhook_secrets, control_plane.webhook_deliveries,
  control_plane.webhook_health TO keyfold_tenant;
GRANT UPDATE (routed) ON control_plane.tenant_messages TO keyfold_tenant;
GRANT SELECT (routed) ON control_plane.tenant_messages TO keyfold_definer;
GRANT SELECT (tenant_id, batch, item, endpoint_id, state, due_at, lease, attempts), UPDATE (due_at, lease, attempts)
  ON control_plane.webhook_deliveries TO keyfold_definer;
GRANT SELECT (tenant_id, endpoint_id, failing_since) ON control_plane.webhook_health TO keyfold_definer;
GRANT SELECT (tenant_id), DELETE ON control_plane.webhook_secrets, control_plane.webhook_deliveries, control_plane.webhook_health,
  control_plane.webhook_endpoints TO keyfold_definer;
