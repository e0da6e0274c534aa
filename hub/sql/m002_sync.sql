-- What hub and nodes need to meet, to compare, and to recover.

-- One row per thing: what was superseded is of no use to anybody.
DELETE FROM feed WHERE seq NOT IN (SELECT max(seq) FROM feed GROUP BY district_id, kind, ref);

CREATE UNIQUE INDEX feed_one_per_thing ON feed (district_id, kind, ref);

CREATE INDEX mark_by_node ON mark (node_id, sitting_id);

CREATE TABLE hello (
  node_id      INTEGER PRIMARY KEY REFERENCES node,
  hub_inc      TEXT NOT NULL,
  node_inc     TEXT NOT NULL,
  boot_id      TEXT NOT NULL,
  protocol_min INTEGER NOT NULL,
  protocol_max INTEGER NOT NULL,
  caps         TEXT NOT NULL,
  app_version  TEXT NOT NULL,
  schema       INTEGER NOT NULL,
  said_at      TEXT NOT NULL
) STRICT;

CREATE TABLE comparison (
  node_id INTEGER PRIMARY KEY REFERENCES node,
  hub_inc TEXT NOT NULL,
  differs INTEGER NOT NULL,
  at      TEXT NOT NULL
) STRICT;

CREATE TABLE credential (
  node_id INTEGER NOT NULL REFERENCES node,
  secret  TEXT NOT NULL,
  state   TEXT NOT NULL CHECK (state IN ('next', 'retired')),
  since   TEXT NOT NULL,
  PRIMARY KEY (node_id, secret)
) STRICT, WITHOUT ROWID;

CREATE TABLE alarm (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  node_id    INTEGER NOT NULL REFERENCES node,
  kind       TEXT NOT NULL CHECK (kind IN ('two_programs', 'retired_secret')),
  raised_at  TEXT NOT NULL,
  cleared_at TEXT
) STRICT;

CREATE UNIQUE INDEX alarm_one_open ON alarm (node_id, kind) WHERE cleared_at IS NULL;
