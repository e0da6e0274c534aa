-- A performance that got a corrected video and is marked afresh; marks of tasks up to
-- `last_task` were given to the video before.
CREATE TABLE correction (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  sitting_id     INTEGER NOT NULL REFERENCES sitting,
  performance_id INTEGER NOT NULL REFERENCES performance,
  video_before   INTEGER REFERENCES video,
  video_id       INTEGER NOT NULL REFERENCES video,
  last_task      INTEGER NOT NULL,
  at             TEXT NOT NULL
) STRICT;

CREATE INDEX correction_by_performance ON correction (performance_id, sitting_id);
