-- Whoever does not rotate in time is reminded by mail, too.
ALTER TABLE control_plane.mails DROP CONSTRAINT mails_kind_check,
  ADD CONSTRAINT mails_kind_check CHECK (kind IN ('invitation', 'reset', 'reminder'));
