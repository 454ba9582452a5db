-- Who somebody is at a provider of single sign-on: a keyed digest of the issuer and its own id of them. It proves no second
-- factor, and so is never confirmed.
ALTER TABLE control_plane.person_factors DROP CONSTRAINT person_factors_kind_check;
ALTER TABLE control_plane.person_factors ADD CONSTRAINT person_factors_kind_check
  CHECK (kind IN ('totp', 'passkey', 'recovery', 'oidc') AND (kind <> 'oidc' OR confirmed_at IS NULL));
