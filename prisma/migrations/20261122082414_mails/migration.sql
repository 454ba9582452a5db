-- Mail that is to be sent: written with what it is about, sealed, and gone once it was sent.
CREATE TABLE control_plane.mails (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('invitation', 'reset')),
  -- Whom to, and every word of it: links in it let people in.
  sealed bytea NOT NULL,
  dek_wrap bytea NOT NULL,
  attempts integer NOT NULL CHECK (attempts >= 0),
  due_at timestamptz(3) NOT NULL,
  created_at timestamptz(3) NOT NULL
);
CREATE INDEX mails_due ON control_plane.mails (due_at);
ALTER TABLE control_plane.mails ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.mails FORCE ROW LEVEL SECURITY;
CREATE POLICY the_deployment ON control_plane.mails TO keyfold_deployment, keyfold_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON control_plane.mails TO keyfold_deployment;
GRANT INSERT ON control_plane.mails TO keyfold_definer;

-- For changes in a tenant, which see none of it.
CREATE FUNCTION control_plane.queue_mail(p_id uuid, p_kind text, p_sealed bytea, p_dek_wrap bytea) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = '' AS $$
  INSERT INTO control_plane.mails (id, kind, sealed, dek_wrap, attempts, due_at, created_at)
    VALUES (p_id, p_kind, p_sealed, p_dek_wrap, 0, control_plane.clock(), control_plane.clock())
$$;
REVOKE ALL ON FUNCTION control_plane.queue_mail FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control_plane.queue_mail TO keyfold_tenant, keyfold_deployment;
GRANT CREATE ON SCHEMA control_plane TO keyfold_definer;
ALTER FUNCTION control_plane.queue_mail OWNER TO keyfold_definer;
REVOKE CREATE ON SCHEMA control_plane FROM keyfold_definer;

SELECT control_plane.cover_for_backup();
