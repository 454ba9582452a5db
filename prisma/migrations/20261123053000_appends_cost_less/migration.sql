-- Appending a batch of reads costs the database less.
--
-- PostgreSQL reads the text of a table's CHECKs anew for each statement that writes to it, which was a sixth of what an append
-- of 16 reads took it. A trigger's function is read once for each connection. What is checked stays the same. Whoever owns the table
-- could drop a CHECK, and can disable a trigger; and pg_restore makes triggers after it has filled the tables, where CHECKs would
-- have looked: the chain's own hashes tell of what came so.

-- At once, and not from one lock to a higher one: an append that came between would wait for the one and have the other.
LOCK TABLE control_plane.audit_batches IN ACCESS EXCLUSIVE MODE;

CREATE FUNCTION control_plane.audit_batch_is_whole() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF NEW.number > 0 AND NEW.first_seq > 0 AND NEW.count > 0 AND NEW.epoch >= 0
     AND octet_length(NEW.prev_hash) = 32 AND octet_length(NEW.root) = 32
     AND NEW.hash = sha256(NEW.prev_hash || NEW.root) AND octet_length(NEW.leaves) = 32 * NEW.count THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'an audit batch does not fit together' USING ERRCODE = 'check_violation';
END $$;
REVOKE ALL ON FUNCTION control_plane.audit_batch_is_whole FROM PUBLIC;
CREATE TRIGGER audit_batch_is_whole
  BEFORE INSERT OR UPDATE OF number, first_seq, count, epoch, prev_hash, root, hash, leaves ON control_plane.audit_batches
  FOR EACH ROW EXECUTE FUNCTION control_plane.audit_batch_is_whole();
-- As a CHECK does: also in a session that passes ordinary triggers by, such as a replication's or a restore's.
ALTER TABLE control_plane.audit_batches ENABLE ALWAYS TRIGGER audit_batch_is_whole;
DO $$
DECLARE checks text;
BEGIN
  SELECT string_agg(format('DROP CONSTRAINT %I', c.conname), ', ') INTO STRICT checks
    FROM pg_constraint c WHERE c.conrelid = 'control_plane.audit_batches'::regclass AND c.contype = 'c';
  EXECUTE 'ALTER TABLE control_plane.audit_batches ' || checks;
END $$;

-- Without a search path of its own, which its body has no need of, PostgreSQL takes it for the expression that it is.
CREATE OR REPLACE FUNCTION control_plane.clock() RETURNS timestamptz
  LANGUAGE sql VOLATILE PARALLEL SAFE
  RETURN date_trunc('milliseconds', clock_timestamp());

-- Nobody has called it since append_read_batches().
DROP FUNCTION control_plane.append_reads;

GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
SET ROLE keyfold_definer;

-- The reads of one tenant, the usual case where reads are many: judged as append_read_batches() judges those of several.
-- Like that it says the number of the new batch, or why there is none.
CREATE FUNCTION control_plane.append_read_batch(
  p_chain uuid, p_batch uuid, p_count integer, p_root bytea, p_leaves bytea, p_bodies bytea,
  p_epoch bigint, p_deadline timestamptz, p_wait boolean
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  lock bigint := hashtextextended(p_chain::text, 7);
  chain uuid := coalesce((SELECT control_plane.region_chain(p_chain, r.name) FROM control_plane.region r WHERE NOT r.first), p_chain);
  last_number bigint;
  next_seq bigint;
  last_epoch bigint;
  prev bytea;
  moment timestamptz;
BEGIN
  -- First the lock, then, in a statement of its own that sees what was committed before it was had, the last batch.
  IF p_wait THEN
    PERFORM pg_advisory_xact_lock(lock);
  ELSIF NOT pg_try_advisory_xact_lock(lock) THEN
    RETURN 'held';
  END IF;
  SELECT b.number, b.first_seq + b.count, b.epoch, b.hash INTO last_number, next_seq, last_epoch, prev
    FROM control_plane.audit_batches b WHERE b.chain_id = chain ORDER BY b.number DESC LIMIT 1;
  IF p_epoch <> coalesce(last_epoch, 0) THEN
    RETURN 'epoch';
  END IF;
  IF EXISTS (SELECT FROM control_plane.tenants t WHERE t.id = p_chain AND t.purged_at IS NOT NULL) THEN
    RETURN 'gone';
  END IF;
  moment := control_plane.clock();
  IF moment >= p_deadline THEN
    RETURN 'deadline';
  END IF;
  IF prev IS NULL THEN
    SELECT sha256('keyfold/chain/v1'::bytea || '\x00'::bytea || uuid_send(d.id) || uuid_send(chain)) INTO STRICT prev
      FROM control_plane.deployments d;
  END IF;
  INSERT INTO control_plane.audit_batches
      (chain_id, number, batch_id, first_seq, count, epoch, prev_hash, root, hash, leaves, bodies, created_at)
    VALUES (chain, coalesce(last_number, 0) + 1, p_batch, coalesce(next_seq, 1), p_count, coalesce(last_epoch, 0), prev, p_root,
            sha256(prev || p_root), p_leaves, p_bodies, moment);
  RETURN (coalesce(last_number, 0) + 1)::text;
END $$;
REVOKE ALL ON FUNCTION control_plane.append_read_batch FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.append_read_batch TO keyfold_tenant;
RESET ROLE;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
