-- Reference clips, and what measures markers without being a mark: it has tables of its own,
-- so no count of tasks, marks or loads can take it for one.
CREATE TABLE reference (
  performance_id INTEGER PRIMARY KEY REFERENCES performance,
  levels         TEXT NOT NULL CHECK (length(levels) = 6),
  note           TEXT NOT NULL,
  state          TEXT NOT NULL CHECK (state IN ('active', 'retired')),
  who            TEXT NOT NULL,
  at             TEXT NOT NULL
) STRICT;

CREATE TABLE probe (
  id             INTEGER PRIMARY KEY,
  sitting_id     INTEGER NOT NULL REFERENCES sitting,
  kind           TEXT NOT NULL CHECK (kind IN ('reference', 'repeat')),
  performance_id INTEGER NOT NULL REFERENCES performance,
  account_id     INTEGER NOT NULL REFERENCES account,
  round          INTEGER NOT NULL CHECK (round IN (1, 2)),
  code           TEXT NOT NULL,
  position       INTEGER NOT NULL,
  expected       TEXT NOT NULL CHECK (length(expected) = 6),
  state          TEXT NOT NULL CHECK (state IN ('open', 'done', 'told')),
  created_at     TEXT NOT NULL,
  UNIQUE (sitting_id, account_id, performance_id)
) STRICT;

CREATE INDEX probe_by_performance ON probe (performance_id, sitting_id);

CREATE TABLE probe_mark (
  event_id      TEXT PRIMARY KEY,
  probe_id      INTEGER NOT NULL REFERENCES probe,
  node_id       INTEGER NOT NULL REFERENCES node,
  levels        TEXT NOT NULL CHECK (length(levels) = 6),
  exception     TEXT,
  comment       TEXT NOT NULL,
  revises       TEXT NOT NULL,
  spent_ms      INTEGER NOT NULL,
  heard_percent INTEGER NOT NULL,
  given_at      TEXT NOT NULL,
  received_at   TEXT NOT NULL
) STRICT;

CREATE INDEX probe_mark_by_probe ON probe_mark (probe_id);

CREATE TRIGGER probe_mark_of_a_formal_sitting_stays BEFORE DELETE ON probe_mark
WHEN (SELECT s.kind FROM probe o JOIN sitting s ON s.id = o.sitting_id
      WHERE o.id = OLD.probe_id) = 'formal'
BEGIN
  SELECT RAISE(ABORT, 'what was given in a formal sitting is never deleted');
END;
