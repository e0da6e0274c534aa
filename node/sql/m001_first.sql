-- Every table of the node's first version.

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE exam (
  id        INTEGER PRIMARY KEY CHECK (id = 1),
  name      TEXT NOT NULL,
  first_day TEXT NOT NULL,
  last_day  TEXT NOT NULL,
  policies  TEXT NOT NULL
) STRICT;

CREATE TABLE sitting (
  id      INTEGER PRIMARY KEY,
  kind    TEXT NOT NULL CHECK (kind IN ('trial', 'formal')),
  state   TEXT NOT NULL CHECK (state IN ('prepared', 'open', 'closed', 'wiped')),
  wipe_at TEXT
) STRICT;

CREATE TABLE item_group (
  id       INTEGER PRIMARY KEY,
  stage    TEXT NOT NULL,
  item     TEXT NOT NULL,
  position INTEGER NOT NULL
) STRICT;

CREATE TABLE descriptor (
  item_group_id INTEGER NOT NULL REFERENCES item_group,
  criterion     TEXT NOT NULL,
  level         INTEGER NOT NULL CHECK (level BETWEEN 0 AND 3),
  text          TEXT NOT NULL,
  PRIMARY KEY (item_group_id, criterion, level)
) STRICT;

CREATE TABLE account (
  id               INTEGER PRIMARY KEY,
  phone            TEXT NOT NULL,
  name             TEXT NOT NULL,
  role             TEXT NOT NULL CHECK (role IN ('marker', 'leader', 'lead', 'technician')),
  scope            TEXT CHECK (scope IN ('primary', 'middle')),
  password_hash    TEXT,
  password_version INTEGER NOT NULL,
  state            TEXT NOT NULL CHECK (state IN ('active', 'disabled'))
) STRICT;

CREATE INDEX account_by_phone ON account (phone);

CREATE TABLE video (
  sha256      TEXT PRIMARY KEY CHECK (length(sha256) = 64),
  bytes       INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  peaks       TEXT NOT NULL,
  loudness_db REAL NOT NULL,
  state       TEXT NOT NULL DEFAULT 'wanted' CHECK (state IN ('wanted', 'ready', 'failed')),
  wanted_first INTEGER NOT NULL DEFAULT 0,
  tries       INTEGER NOT NULL DEFAULT 0,
  problem     TEXT NOT NULL DEFAULT '',
  ready_at    TEXT
) STRICT;

CREATE INDEX video_by_state ON video (state);

CREATE TABLE task (
  id            INTEGER PRIMARY KEY,
  sitting_id    INTEGER NOT NULL,
  performance   TEXT NOT NULL,
  item_group_id INTEGER NOT NULL REFERENCES item_group,
  round         INTEGER NOT NULL CHECK (round BETWEEN 1 AND 4),
  account_id    INTEGER NOT NULL,
  criteria      INTEGER NOT NULL CHECK (criteria BETWEEN 1 AND 63),
  gen           INTEGER NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('open', 'done', 'withdrawn')),
  locked        INTEGER NOT NULL CHECK (locked IN (0, 1)),
  position      INTEGER NOT NULL,
  video_sha256  TEXT NOT NULL REFERENCES video,
  earlier       TEXT NOT NULL DEFAULT '[]',
  mark_id       TEXT,
  answered_gen  INTEGER NOT NULL DEFAULT 0,
  set_aside_at  TEXT,
  arrived_at    TEXT NOT NULL
) STRICT;

CREATE INDEX task_by_account ON task (account_id, sitting_id, item_group_id, state);

CREATE INDEX task_by_video ON task (video_sha256);

CREATE TABLE mark (
  event_id      TEXT PRIMARY KEY,
  sitting_id    INTEGER NOT NULL,
  task_id       INTEGER NOT NULL REFERENCES task,
  account_id    INTEGER NOT NULL,
  gen           INTEGER NOT NULL,
  levels        TEXT NOT NULL CHECK (length(levels) = 6),
  exception     TEXT CHECK (exception IN ('no_picture', 'incomplete', 'off_topic')),
  comment       TEXT NOT NULL,
  revises       TEXT REFERENCES mark,
  spent_ms      INTEGER NOT NULL,
  heard_percent INTEGER NOT NULL,
  given_at      TEXT NOT NULL,
  result        TEXT,
  reason        TEXT NOT NULL DEFAULT '',
  CHECK (exception IS NOT NULL OR levels <> '------')
) STRICT;

CREATE INDEX mark_by_account ON mark (account_id, sitting_id, given_at);

CREATE INDEX mark_by_task ON mark (task_id);

CREATE TRIGGER mark_of_a_formal_sitting_stays BEFORE DELETE ON mark
WHEN (SELECT kind FROM sitting WHERE id = OLD.sitting_id) = 'formal'
BEGIN
  SELECT RAISE(ABORT, 'a mark of a formal sitting is never deleted');
END;

CREATE TABLE outbox (
  seq         INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id    TEXT NOT NULL UNIQUE,
  sitting_id  INTEGER NOT NULL,
  kind        TEXT NOT NULL,
  v           INTEGER NOT NULL,
  body        TEXT NOT NULL,
  body_sha256 TEXT NOT NULL,
  chain       TEXT NOT NULL,
  created_at  TEXT NOT NULL,
  state       TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'acked')),
  result      TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX outbox_pending ON outbox (seq) WHERE state = 'pending';

CREATE TABLE announcement (
  id           INTEGER PRIMARY KEY,
  sitting_id   INTEGER,
  kind         TEXT NOT NULL,
  strength     TEXT NOT NULL CHECK (strength IN ('normal', 'important', 'blocking')),
  text         TEXT NOT NULL,
  roles        TEXT NOT NULL,
  published_at TEXT NOT NULL
) STRICT;

CREATE TABLE receipt (
  announcement_id INTEGER NOT NULL REFERENCES announcement,
  account_id      INTEGER NOT NULL,
  read_at         TEXT NOT NULL,
  PRIMARY KEY (announcement_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
  token_hash TEXT PRIMARY KEY,
  account_id INTEGER NOT NULL,
  address    TEXT NOT NULL,
  created_at TEXT NOT NULL,
  seen_at    TEXT NOT NULL,
  ended      TEXT CHECK (ended IN ('signed_out', 'taken_over'))
) STRICT;

CREATE INDEX session_by_account ON session (account_id);

CREATE TABLE attempt (
  subject TEXT NOT NULL,
  at      TEXT NOT NULL
) STRICT;

CREATE INDEX attempt_by_subject ON attempt (subject, at);

CREATE TABLE preference (
  account_id INTEGER NOT NULL,
  key        TEXT NOT NULL,
  value      TEXT NOT NULL,
  PRIMARY KEY (account_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE play (
  at         TEXT NOT NULL,
  account_id INTEGER NOT NULL,
  task_id    INTEGER NOT NULL,
  PRIMARY KEY (account_id, task_id, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE exchange (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  at     TEXT NOT NULL,
  kind   TEXT NOT NULL CHECK (kind IN ('push', 'pull', 'video')),
  count  INTEGER NOT NULL,
  bytes  INTEGER NOT NULL,
  ms     INTEGER NOT NULL,
  problem TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE transfer (
  minute INTEGER PRIMARY KEY,
  bytes  INTEGER NOT NULL
) STRICT;
