-- append_reads() with its bytes in one piece. In arrays they went as text of twice the length, quoted, which the server reads
-- one character after the other: where each chain has one event, that was a fifth of what a row took it, and half of what
-- it took the process that asks. The judgements are the same. append_reads() stays for processes of the version before.
-- Of a batch p_bytes holds, from p_starts (counted from 0) to p_ends: its root (32 bytes), its leaves (32 each), its bodies.
CREATE FUNCTION control_plane.append_read_batches(
  p_chains uuid[], p_batches uuid[], p_counts integer[], p_starts integer[], p_ends integer[], p_bytes bytea,
  p_epochs bigint[], p_deadlines timestamptz[], p_wait boolean
) RETURNS text[] LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  outcomes text[];
  held boolean[];
  moment timestamptz;
  here text;
BEGIN
  SELECT r.name INTO here FROM control_plane.region r WHERE NOT r.first;
  -- First the locks, then, in a statement of its own that sees what was committed before it held them, the judgements.
  IF p_wait THEN
    PERFORM pg_advisory_xact_lock(hashtextextended(c::text, 7)) FROM unnest(p_chains) AS c;
  ELSE
    SELECT array_agg(pg_try_advisory_xact_lock(hashtextextended(c::text, 7)) ORDER BY i) INTO held
      FROM unnest(p_chains) WITH ORDINALITY AS u(c, i);
  END IF;
  moment := control_plane.clock();
  WITH judged AS MATERIALIZED (
    SELECT a.*, l.epoch AS last_epoch, coalesce(l.number, 0) + 1 AS number, coalesce(l.first_seq + l.count, 1) AS first_seq,
           coalesce(l.hash, (SELECT sha256('keyfold/chain/v1'::bytea || '\x00'::bytea || uuid_send(d.id) || uuid_send(a.chain))
                               FROM control_plane.deployments d)) AS prev,
           CASE WHEN NOT a.held THEN 'held'
                WHEN a.epoch <> coalesce(l.epoch, 0) THEN 'epoch'
                WHEN EXISTS (SELECT FROM control_plane.tenants t WHERE t.id = a.named AND t.purged_at IS NOT NULL) THEN 'gone'
                WHEN moment >= a.deadline THEN 'deadline'
                ELSE 'appended' END AS outcome
      FROM (SELECT u.*, CASE WHEN here IS NULL THEN u.named ELSE control_plane.region_chain(u.named, here) END AS chain
              FROM unnest(p_chains, p_batches, p_counts, p_starts, p_ends, p_epochs, p_deadlines, held) WITH ORDINALITY
                AS u(named, batch, count, start, past, epoch, deadline, held, i)) a
      LEFT JOIN LATERAL (SELECT b.number, b.first_seq, b.count, b.epoch, b.hash FROM control_plane.audit_batches b
                          WHERE b.chain_id = a.chain ORDER BY b.number DESC LIMIT 1) l ON true
  ), written AS (
    INSERT INTO control_plane.audit_batches
        (chain_id, number, batch_id, first_seq, count, epoch, prev_hash, root, hash, leaves, bodies, created_at)
      SELECT j.chain, j.number, j.batch, j.first_seq, j.count, coalesce(j.last_epoch, 0), j.prev,
             substr(p_bytes, j.start + 1, 32),
             sha256(j.prev || substr(p_bytes, j.start + 1, 32)),
             substr(p_bytes, j.start + 33, 32 * j.count),
             substr(p_bytes, j.start + 33 + 32 * j.count, j.past - j.start - 32 - 32 * j.count), moment
        FROM judged j WHERE j.outcome = 'appended'
  )
  SELECT array_agg(j.outcome ORDER BY j.i) INTO outcomes FROM judged j;
  RETURN outcomes;
END $$;
REVOKE ALL ON FUNCTION control_plane.append_read_batches FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.append_read_batches TO keyfold_tenant;
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.append_read_batches OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
