-- What each node last said of its lab (阅卷场地核查).
CREATE TABLE readiness (
  node_id INTEGER PRIMARY KEY REFERENCES node,
  report  TEXT NOT NULL,
  said_at TEXT NOT NULL
) STRICT;
