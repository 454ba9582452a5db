-- Retention: the events' own bytes of old batches go, and their leaves, roots and hashes stay, so that the chain verifies as
-- before. Which batches an exported checkpoint covers is judged by who calls; that nothing younger than thirty days goes, and
-- only of the chain that this transaction is about, is judged here. Answers how many batches and events went.
CREATE FUNCTION control_plane.prune_audit(p_upto bigint, p_before timestamptz, p_limit integer, OUT batches integer, OUT events bigint)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  IF p_before > control_plane.clock() - interval '30 days' THEN
    RAISE EXCEPTION 'events are kept for thirty days at least' USING ERRCODE = 'KF403';
  END IF;
  WITH old AS (
    SELECT b.chain_id, b.number FROM control_plane.audit_batches b
     WHERE b.chain_id = control_plane.chain_of(control_plane.current_tenant())
       AND b.number <= p_upto AND b.created_at < p_before AND b.bodies IS NOT NULL
     ORDER BY b.number LIMIT p_limit
  ), gone AS (
    UPDATE control_plane.audit_batches b SET bodies = NULL FROM old
     WHERE b.chain_id = old.chain_id AND b.number = old.number RETURNING b.count
  )
  SELECT count(*), coalesce(sum(gone.count), 0) INTO batches, events FROM gone;
END $$;
REVOKE ALL ON FUNCTION control_plane.prune_audit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.prune_audit TO keyfold_tenant;
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.prune_audit OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
