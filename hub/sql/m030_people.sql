-- The hub's own people: a second factor, being asked again, and a second person.
ALTER TABLE admin ADD COLUMN totp_secret TEXT;
ALTER TABLE admin ADD COLUMN totp_step INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN proved_at TEXT;

CREATE TABLE approval (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  act         TEXT NOT NULL CHECK (act IN ('wipe', 'reopen', 'export')),
  subject     TEXT NOT NULL,
  asked_by    TEXT NOT NULL,
  asked_at    TEXT NOT NULL,
  approved_by TEXT,
  approved_at TEXT,
  ended_at    TEXT,
  CHECK (approved_by <> asked_by)
) STRICT;

CREATE INDEX approval_alive ON approval (act, subject) WHERE ended_at IS NULL;

-- Announcements that are to be published at a set time.
CREATE TABLE planned (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  publish_at      TEXT NOT NULL,
  strength        TEXT NOT NULL CHECK (strength IN ('normal', 'important', 'blocking')),
  text            TEXT NOT NULL,
  district_id     INTEGER NOT NULL,
  roles           TEXT NOT NULL,
  author          TEXT NOT NULL,
  state           TEXT NOT NULL DEFAULT 'waiting'
    CHECK (state IN ('waiting', 'published', 'cancelled')),
  announcement_id INTEGER REFERENCES announcement
) STRICT;

CREATE INDEX planned_waiting ON planned (publish_at) WHERE state = 'waiting';
