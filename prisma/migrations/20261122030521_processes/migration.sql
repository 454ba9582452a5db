-- The processes that run, as they report themselves: which root key each one wraps under, so that none is retired under it.
-- It grants nothing. A row that is missing lets a retirement go on that should have waited, and what wraps under a retired
-- root key is refused all the same (opener_is_not_retired).
CREATE TABLE control_plane.processes (
  id uuid PRIMARY KEY,
  -- Host and process id, for people.
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
  version text NOT NULL,
  region text,
  -- Ids of root keys: the one that new wraps are made under, and those that it only opens with.
  current_key text NOT NULL,
  other_keys text[] NOT NULL,
  runs_jobs boolean NOT NULL,
  started_at timestamptz(3) NOT NULL,
  seen_at timestamptz(3) NOT NULL
);
CREATE INDEX processes_seen ON control_plane.processes (seen_at);
ALTER TABLE control_plane.processes ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.processes FORCE ROW LEVEL SECURITY;
CREATE POLICY the_deployment ON control_plane.processes TO keyfold_deployment USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON control_plane.processes TO keyfold_deployment;
