-- What a tenant's consumers are told of: the outbox. A message commits with the change that it tells of.

-- Rows hold references and never values. They grant nothing, and need no MAC: who reads a value because of one is
-- judged when it reads.
CREATE TABLE control_plane.tenant_messages (
  tenant_id uuid NOT NULL REFERENCES control_plane.tenants (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  -- Where it stands in the tenant's order: the audit batch that committed with it, and its place among that batch's
  -- messages, from 1. Batches are numbered under the chain's lock, which is held until the commit, so that order is the
  -- order of commits: whoever has read up to one message has missed none before it.
  batch bigint NOT NULL,
  item integer NOT NULL CHECK (item > 0),
  -- The batch's random id: a message is named by it and `item`, which tells nobody how much goes on in a tenant.
  batch_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind ~ '^[a-z]+\.[a-z_]+$'),
  -- What it is about, and where that stands: what a reader's scope is held against.
  secret_id uuid,
  project_id uuid,
  environment_id uuid,
  name text COLLATE "C",
  data jsonb NOT NULL CHECK (jsonb_typeof(data) = 'object'),
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, batch, item),
  CHECK ((project_id IS NULL) = (environment_id IS NULL)),
  CHECK ((secret_id IS NULL) >= (project_id IS NULL))
);
-- Rows are stored in the order of time, so that what is too old is found without an index that every write pays for.
CREATE INDEX tenant_messages_age ON control_plane.tenant_messages USING brin (created_at) WITH (autosummarize = on);

ALTER TABLE control_plane.tenant_messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.tenant_messages FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON control_plane.tenant_messages TO keyfold_tenant
  USING (tenant_id = control_plane.current_tenant()) WITH CHECK (tenant_id = control_plane.current_tenant());
CREATE POLICY definer ON control_plane.tenant_messages TO keyfold_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON control_plane.tenant_messages TO keyfold_tenant;
GRANT SELECT (tenant_id, batch, item, created_at), DELETE ON control_plane.tenant_messages TO keyfold_definer;

-- append_events() for a change that tells its tenant's consumers something: the same judgement, and where it passes, the
-- messages in the same statement. No notification of its own: a change raises the epoch, and that is told already.
CREATE FUNCTION control_plane.append_change(
  p_chain uuid, p_batch uuid, p_count integer, p_root bytea, p_leaves bytea, p_bodies bytea,
  p_expected_epoch bigint, p_raise boolean, p_deadline timestamptz, p_token uuid, p_operator boolean, p_session uuid,
  p_messages jsonb, OUT outcome text
) LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  number bigint;
BEGIN
  SELECT a.outcome, a.batch_number INTO outcome, number FROM control_plane.append_events(
    p_chain, p_batch, p_count, p_root, p_leaves, p_bodies, p_expected_epoch, p_raise, p_deadline, p_token, p_operator, p_session) a;
  IF outcome <> 'appended' THEN RETURN; END IF;
  INSERT INTO control_plane.tenant_messages
      (tenant_id, batch, item, batch_id, kind, secret_id, project_id, environment_id, name, data, created_at)
    SELECT p_chain, number, m.at, p_batch, m.row ->> 'kind', (m.row ->> 'secret')::uuid, (m.row ->> 'project')::uuid,
           (m.row ->> 'environment')::uuid, m.row ->> 'name', m.row -> 'data', control_plane.clock()
      FROM jsonb_array_elements(p_messages) WITH ORDINALITY AS m (row, at);
END $$;

-- Deletes messages that are older than so long, up to so many; answers how many went.
CREATE FUNCTION control_plane.sweep_messages(p_older interval, p_limit integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE gone integer;
BEGIN
  DELETE FROM control_plane.tenant_messages m WHERE (m.tenant_id, m.batch, m.item) IN (
    SELECT o.tenant_id, o.batch, o.item FROM control_plane.tenant_messages o
     WHERE o.created_at < control_plane.clock() - p_older LIMIT p_limit);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

-- A purged tenant's messages go with everything else that it had.
CREATE FUNCTION control_plane.purge_messages() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  DELETE FROM control_plane.tenant_messages m WHERE m.tenant_id = NEW.id;
  RETURN NULL;
END $$;

CREATE TRIGGER purge_messages AFTER UPDATE OF purged_at ON control_plane.tenants
  FOR EACH ROW WHEN (NEW.purged_at IS NOT NULL) EXECUTE FUNCTION control_plane.purge_messages();

REVOKE ALL ON FUNCTION control_plane.append_change, control_plane.sweep_messages, control_plane.purge_messages FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.append_change TO keyfold_tenant;
GRANT EXECUTE ON FUNCTION control_plane.sweep_messages TO keyfold_deployment;

GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.sweep_messages OWNER TO keyfold_definer;
ALTER FUNCTION control_plane.purge_messages OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
