-- How often each address sent credentials that were none, over all processes: in the columns that rate-limiter-flexible
-- writes. Counts of a minute, and so not worth the WAL.
CREATE UNLOGGED TABLE control_plane.guess_counts (
  key text PRIMARY KEY,
  points integer NOT NULL DEFAULT 0,
  expire bigint
);
ALTER TABLE control_plane.guess_counts ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.guess_counts FORCE ROW LEVEL SECURITY;
CREATE POLICY the_deployment ON control_plane.guess_counts TO keyfold_deployment USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON control_plane.guess_counts TO keyfold_deployment;
