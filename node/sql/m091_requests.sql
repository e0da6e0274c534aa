-- What this district's leads asked the city for; the answer comes as an announcement.
CREATE TABLE request (
  event_id   TEXT PRIMARY KEY,
  kind       TEXT NOT NULL CHECK (kind IN ('replace', 'shift', 'other')),
  account_id INTEGER NOT NULL,
  text       TEXT NOT NULL,
  asked_by   INTEGER NOT NULL,
  asked_at   TEXT NOT NULL
) STRICT;
