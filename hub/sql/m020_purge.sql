-- The city's orders to delete all cached videos, and what each node did about it.
CREATE TABLE purge (
  ordered_at TEXT PRIMARY KEY,
  who        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE purged (
  ordered_at   TEXT NOT NULL,
  node_id      INTEGER NOT NULL REFERENCES node,
  videos       INTEGER NOT NULL,
  bytes        INTEGER NOT NULL,
  confirmed_at TEXT NOT NULL,
  PRIMARY KEY (ordered_at, node_id)
) STRICT, WITHOUT ROWID;
