-- A chain's epoch stands at the start of every cold read. As one SQL expression that knows of regions it took 0.03 ms more
-- than before there were any; as two statements that plpgsql plans once, 0.005 ms (medians of 3000 on one connection).
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
SET ROLE keyfold_definer;
CREATE OR REPLACE FUNCTION control_plane.epoch_of(p_chain uuid) RETURNS bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  chain uuid;
  newest bigint;
BEGIN
  SELECT control_plane.region_chain(p_chain, r.name) INTO chain FROM control_plane.region r WHERE NOT r.first;
  IF chain IS NULL THEN
    chain := p_chain;
  END IF;
  SELECT b.epoch INTO newest FROM control_plane.audit_batches b WHERE b.chain_id = chain ORDER BY b.number DESC LIMIT 1;
  RETURN coalesce(newest, 0);
END $$;
RESET ROLE;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;
