-- What the reads of many tenants cost the database was mostly two look-ups in indexes.
--
-- A batch's id begins with the time now, and comes first in its index: new entries stand side by side, and not one in each
-- tenant's own page. The old index goes last, since nothing is read or written from then on until the commit.
CREATE UNIQUE INDEX audit_batches_batch_id_in_order ON control_plane.audit_batches (batch_id, chain_id);
DROP INDEX control_plane.audit_batches_batch_id;
ALTER INDEX control_plane.audit_batches_batch_id_in_order RENAME TO audit_batches_batch_id;

GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
SET ROLE keyfold_definer;

-- The last batch of a chain is looked for from one on that the caller knows: without, PostgreSQL reads all entries of the
-- chain that stand in the index's last page, a hundred or two, to find the one at its end. It is no more than a hint: where
-- there is no such batch, as after a failover, the last one is looked for as before.
-- Of each chain it says the number of its new batch, or why there is none.
CREATE FUNCTION control_plane.append_read_batches(
  p_chains uuid[], p_batches uuid[], p_counts integer[], p_starts integer[], p_ends integer[], p_bytes bytea,
  p_epochs bigint[], p_deadlines timestamptz[], p_wait boolean, p_known bigint[]
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
                WHEN moment >= a.deadline THEN 'deadline' END AS refused
      FROM (SELECT u.*, CASE WHEN here IS NULL THEN u.named ELSE control_plane.region_chain(u.named, here) END AS chain
              FROM unnest(p_chains, p_batches, p_counts, p_starts, p_ends, p_epochs, p_deadlines, held, p_known) WITH ORDINALITY
                AS u(named, batch, count, start, past, epoch, deadline, held, known, i)) a
      LEFT JOIN LATERAL (
        (SELECT b.number, b.first_seq, b.count, b.epoch, b.hash FROM control_plane.audit_batches b
          WHERE b.chain_id = a.chain AND b.number >= a.known ORDER BY b.number DESC LIMIT 1)
        UNION ALL
        (SELECT b.number, b.first_seq, b.count, b.epoch, b.hash FROM control_plane.audit_batches b
          WHERE b.chain_id = a.chain ORDER BY b.number DESC LIMIT 1)
        LIMIT 1) l ON true
  ), written AS (
    INSERT INTO control_plane.audit_batches
        (chain_id, number, batch_id, first_seq, count, epoch, prev_hash, root, hash, leaves, bodies, created_at)
      SELECT j.chain, j.number, j.batch, j.first_seq, j.count, coalesce(j.last_epoch, 0), j.prev,
             substr(p_bytes, j.start + 1, 32),
             sha256(j.prev || substr(p_bytes, j.start + 1, 32)),
             substr(p_bytes, j.start + 33, 32 * j.count),
             substr(p_bytes, j.start + 33 + 32 * j.count, j.past - j.start - 32 - 32 * j.count), moment
        FROM judged j WHERE j.refused IS NULL
  )
  SELECT array_agg(coalesce(j.refused, j.number::text) ORDER BY j.i) INTO outcomes FROM judged j;
  RETURN outcomes;
END $$;
REVOKE ALL ON FUNCTION control_plane.append_read_batches(uuid[], uuid[], integer[], integer[], integer[], bytea, bigint[], timestamptz[], boolean, bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.append_read_batches(uuid[], uuid[], integer[], integer[], integer[], bytea, bigint[], timestamptz[], boolean, bigint[]) TO keyfold_tenant;

-- For processes of the version before, which know no number.
CREATE OR REPLACE FUNCTION control_plane.append_read_batches(
  p_chains uuid[], p_batches uuid[], p_counts integer[], p_starts integer[], p_ends integer[], p_bytes bytea,
  p_epochs bigint[], p_deadlines timestamptz[], p_wait boolean
) RETURNS text[] LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  RETURN (SELECT array_agg(CASE WHEN o.outcome ~ '^[0-9]' THEN 'appended' ELSE o.outcome END ORDER BY o.i)
            FROM unnest(control_plane.append_read_batches(
                   p_chains, p_batches, p_counts, p_starts, p_ends, p_bytes, p_epochs, p_deadlines, p_wait, NULL))
                 WITH ORDINALITY AS o(outcome, i));
END $$;
RESET ROLE;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
