-- What was said with a yes or a no; null where nothing was.
ALTER TABLE "control_plane"."approvals" ADD COLUMN "decision_reason" TEXT;

CREATE OR REPLACE FUNCTION control_plane.approval_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF OLD.state <> 'requested'
     OR to_jsonb(NEW) - '{state,decided_by,decided_at,decision_reason,expires_at,generation,mac}'::text[]
        IS DISTINCT FROM to_jsonb(OLD) - '{state,decided_by,decided_at,decision_reason,expires_at,generation,mac}'::text[] THEN
    RAISE EXCEPTION 'an approval is decided once' USING ERRCODE = 'KF403';
  END IF;
  RETURN NEW;
END $$;
