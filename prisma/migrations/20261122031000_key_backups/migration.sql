-- Key bundles that were made, and who has proved that they can open them. Recipients are named by fingerprints; whom the
-- next bundle is sealed to comes from the configuration, and never from here.
CREATE TABLE control_plane.key_backups (
  id uuid PRIMARY KEY,
  made_at timestamptz(3) NOT NULL,
  -- The root keys in it, by id.
  root_keys jsonb NOT NULL CHECK (jsonb_typeof(root_keys) = 'object'),
  -- Each recipient's fingerprint, and SHA-256 of the code that only they can read.
  recipients jsonb NOT NULL CHECK (jsonb_typeof(recipients) = 'object'),
  -- Each recipient's fingerprint, and when they gave the code back.
  confirmed jsonb NOT NULL CHECK (jsonb_typeof(confirmed) = 'object'),
  generation integer NOT NULL,
  mac bytea NOT NULL
);
CREATE TRIGGER a_next_generation BEFORE UPDATE ON control_plane.key_backups
  FOR EACH ROW EXECUTE FUNCTION control_plane.next_generation();

ALTER TABLE control_plane.key_backups ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.key_backups FORCE ROW LEVEL SECURITY;
CREATE POLICY the_deployment ON control_plane.key_backups TO keyfold_deployment USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON control_plane.key_backups TO keyfold_deployment;
GRANT UPDATE (confirmed, generation, mac) ON control_plane.key_backups TO keyfold_deployment;
