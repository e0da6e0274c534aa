-- What a district's lead asks the city for, and what the city did about it.
CREATE TABLE request (
  event_id   TEXT PRIMARY KEY,
  node_id    INTEGER NOT NULL REFERENCES node,
  kind       TEXT NOT NULL CHECK (kind IN ('replace', 'shift', 'other')),
  account_id INTEGER REFERENCES account,
  new_name   TEXT NOT NULL,
  new_phone  TEXT NOT NULL,
  text       TEXT NOT NULL,
  asked_by   INTEGER NOT NULL REFERENCES account,
  asked_at   TEXT NOT NULL,
  state      TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'declined')),
  closed_by  TEXT NOT NULL DEFAULT '',
  closed_at  TEXT
) STRICT;

CREATE INDEX request_open ON request (asked_at) WHERE state = 'open';
