-- What happened how often, without every event having to leave the database: a batch's events taken apart where they
-- stand (docs/audit-format.md says how they are written), and the batches of a span of time found by their numbers, which
-- have no gaps and grow with the clock.

/* What each event of a batch was, how it ended, and how often it happened: a refusal can be counted for a minute. */
CREATE FUNCTION control_plane.events_of(p_bodies bytea) RETURNS TABLE (action text, outcome text, times bigint)
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = '' AS $$
DECLARE
  bodies bytea := p_bodies || ''::bytea; -- unpacked once, not at every look
  size integer := octet_length(bodies);
  place integer := 0;
  length integer;
  event json;
BEGIN
  WHILE place < size LOOP
    length := CASE WHEN size - place > 4 THEN
      (get_byte(bodies, place) << 24) + (get_byte(bodies, place + 1) << 16)
        + (get_byte(bodies, place + 2) << 8) + get_byte(bodies, place + 3) END;
    IF length IS NULL OR length <= 0 OR length > size - place - 4 THEN
      RAISE EXCEPTION 'a batch is not what was written' USING ERRCODE = 'data_corrupted';
    END IF;
    event := convert_from(substr(bodies, place + 5, length), 'UTF8');
    action := event ->> 'action';
    outcome := event ->> 'outcome';
    times := CASE WHEN outcome <> 'success' AND json_typeof(event #> '{details,count}') = 'number'
      THEN (event #>> '{details,count}')::bigint ELSE 1 END;
    RETURN NEXT;
    place := place + 4 + length;
  END LOOP;
END $$;

/* The number of a chain's first batch that is not older than this; one beyond the last, where all are. */
CREATE FUNCTION control_plane.batch_at(p_chain uuid, p_moment timestamptz) RETURNS bigint
  LANGUAGE plpgsql STABLE STRICT SET search_path = '' AS $$
DECLARE
  low bigint := 1;
  high bigint := 1 + coalesce((SELECT max(b.number) FROM control_plane.audit_batches b WHERE b.chain_id = p_chain), 0);
  middle bigint;
  made timestamptz;
BEGIN
  WHILE low < high LOOP
    middle := (low + high) / 2;
    SELECT b.created_at INTO made FROM control_plane.audit_batches b WHERE b.chain_id = p_chain AND b.number = middle;
    IF made < p_moment THEN low := middle + 1; ELSE high := middle; END IF;
  END LOOP;
  RETURN low;
END $$;

REVOKE EXECUTE ON FUNCTION control_plane.events_of(bytea), control_plane.batch_at(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.events_of(bytea), control_plane.batch_at(uuid, timestamptz) TO keyfold_tenant;
