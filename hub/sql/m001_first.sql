-- Every table of the hub's first version.

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE exam (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  name        TEXT NOT NULL,
  first_day   TEXT NOT NULL,
  last_day    TEXT NOT NULL,
  policies    TEXT NOT NULL,
  imported_at TEXT NOT NULL
) STRICT;

CREATE TABLE sitting (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  kind      TEXT NOT NULL CHECK (kind IN ('trial', 'formal')),
  state     TEXT NOT NULL CHECK (state IN ('prepared', 'open', 'closed', 'wiped')),
  seed      TEXT NOT NULL,
  seed_hash TEXT NOT NULL,
  opened_at TEXT,
  closed_at TEXT,
  wipe_at   TEXT,
  CHECK (state <> 'wiped' OR kind = 'trial')
) STRICT;

CREATE UNIQUE INDEX sitting_one_open ON sitting (state) WHERE state = 'open';

CREATE TABLE item_group (
  id       INTEGER PRIMARY KEY,
  stage    TEXT NOT NULL CHECK (stage IN ('primary', 'middle')),
  item     TEXT NOT NULL,
  position INTEGER NOT NULL,
  UNIQUE (stage, item)
) STRICT;

CREATE TABLE descriptor (
  item_group_id INTEGER NOT NULL REFERENCES item_group,
  criterion     TEXT NOT NULL,
  level         INTEGER NOT NULL CHECK (level BETWEEN 0 AND 3),
  text          TEXT NOT NULL,
  PRIMARY KEY (item_group_id, criterion, level)
) STRICT;

CREATE TABLE district (
  id       INTEGER PRIMARY KEY CHECK (id > 0),
  name     TEXT NOT NULL UNIQUE,
  position INTEGER NOT NULL
) STRICT;

CREATE TABLE account (
  id               INTEGER PRIMARY KEY,
  phone            TEXT NOT NULL UNIQUE,
  name             TEXT NOT NULL,
  district_id      INTEGER NOT NULL REFERENCES district,
  role             TEXT NOT NULL CHECK (role IN ('marker', 'leader', 'lead', 'technician')),
  scope            TEXT CHECK (scope IN ('primary', 'middle')),
  capacity         INTEGER NOT NULL DEFAULT 100 CHECK (capacity BETWEEN 1 AND 1000),
  password_hash    TEXT,
  password_version INTEGER NOT NULL DEFAULT 0,
  state            TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
  CHECK (role IN ('lead', 'technician') OR scope IS NOT NULL)
) STRICT;

CREATE INDEX account_by_role ON account (role, scope, district_id);

CREATE TABLE video (
  id          INTEGER PRIMARY KEY,
  sha256      TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),
  bytes       INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  width       INTEGER NOT NULL,
  height      INTEGER NOT NULL,
  peaks       TEXT NOT NULL,
  loudness_db REAL NOT NULL
) STRICT;

CREATE TABLE media_check (
  file_name  TEXT PRIMARY KEY,
  bytes      INTEGER NOT NULL,
  mtime_ns   INTEGER NOT NULL,
  video_id   INTEGER REFERENCES video,
  problem    TEXT,
  checked_at TEXT NOT NULL,
  CHECK ((video_id IS NULL) <> (problem IS NULL))
) STRICT;

CREATE TABLE performance (
  id            INTEGER PRIMARY KEY,
  code          TEXT NOT NULL UNIQUE,
  student       TEXT NOT NULL,
  school        TEXT NOT NULL,
  district_id   INTEGER NOT NULL REFERENCES district,
  item_group_id INTEGER NOT NULL REFERENCES item_group,
  file_name     TEXT NOT NULL,
  video_id      INTEGER REFERENCES video,
  UNIQUE (student, item_group_id)
) STRICT;

CREATE INDEX performance_by_video ON performance (video_id);

CREATE TABLE slot (
  sitting_id     INTEGER NOT NULL REFERENCES sitting,
  performance_id INTEGER NOT NULL REFERENCES performance,
  round          INTEGER NOT NULL CHECK (round BETWEEN 1 AND 4),
  criteria       INTEGER NOT NULL CHECK (criteria BETWEEN 1 AND 63),
  state          TEXT NOT NULL CHECK (state IN ('waiting', 'assigned', 'filled', 'closed')),
  gen            INTEGER NOT NULL,
  task_id        INTEGER,
  mark_id        TEXT,
  since          TEXT NOT NULL,
  PRIMARY KEY (sitting_id, performance_id, round)
) STRICT, WITHOUT ROWID;

CREATE INDEX slot_waiting ON slot (sitting_id, round) WHERE state = 'waiting';

CREATE TABLE task (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  sitting_id     INTEGER NOT NULL REFERENCES sitting,
  performance_id INTEGER NOT NULL REFERENCES performance,
  item_group_id  INTEGER NOT NULL REFERENCES item_group,
  round          INTEGER NOT NULL CHECK (round BETWEEN 1 AND 4),
  account_id     INTEGER NOT NULL REFERENCES account,
  criteria       INTEGER NOT NULL CHECK (criteria BETWEEN 1 AND 63),
  gen            INTEGER NOT NULL,
  state          TEXT NOT NULL CHECK (state IN ('open', 'done', 'withdrawn')),
  locked         INTEGER NOT NULL DEFAULT 0 CHECK (locked IN (0, 1)),
  position       INTEGER NOT NULL,
  created_at     TEXT NOT NULL
) STRICT;

CREATE INDEX task_by_account ON task (account_id, sitting_id, state);

CREATE INDEX task_by_performance ON task (performance_id, sitting_id);

CREATE UNIQUE INDEX task_one_live_per_slot ON task (performance_id, sitting_id, round)
  WHERE state <> 'withdrawn';

CREATE TABLE mark (
  event_id       TEXT PRIMARY KEY,
  sitting_id     INTEGER NOT NULL REFERENCES sitting,
  task_id        INTEGER NOT NULL REFERENCES task,
  performance_id INTEGER NOT NULL REFERENCES performance,
  round          INTEGER NOT NULL CHECK (round BETWEEN 1 AND 4),
  account_id     INTEGER NOT NULL REFERENCES account,
  node_id        INTEGER NOT NULL REFERENCES node,
  gen            INTEGER NOT NULL,
  levels         TEXT NOT NULL CHECK (length(levels) = 6),
  exception      TEXT CHECK (exception IN ('no_picture', 'incomplete', 'off_topic')),
  comment        TEXT NOT NULL,
  revises        TEXT REFERENCES mark,
  spent_ms       INTEGER NOT NULL,
  heard_percent  INTEGER NOT NULL,
  given_at       TEXT NOT NULL,
  received_at    TEXT NOT NULL,
  standing       TEXT NOT NULL
    CHECK (standing IN ('counted', 'replaced', 'surplus', 'refused')),
  CHECK (exception IS NOT NULL OR levels <> '------')
) STRICT;

CREATE INDEX mark_by_performance ON mark (performance_id, sitting_id);

CREATE UNIQUE INDEX mark_one_per_slot ON mark (performance_id, sitting_id, round)
  WHERE standing = 'counted';

CREATE UNIQUE INDEX mark_one_per_person ON mark (performance_id, sitting_id, account_id)
  WHERE standing = 'counted';

CREATE INDEX mark_by_arrival ON mark (sitting_id, received_at, round) WHERE revises IS NULL;

CREATE INDEX mark_with_exception ON mark (sitting_id, exception, standing)
  WHERE exception IS NOT NULL;

CREATE TRIGGER mark_of_a_formal_sitting_stays BEFORE DELETE ON mark
WHEN (SELECT kind FROM sitting WHERE id = OLD.sitting_id) = 'formal'
BEGIN
  SELECT RAISE(ABORT, 'a mark of a formal sitting is never deleted');
END;

CREATE TABLE outcome (
  sitting_id     INTEGER NOT NULL REFERENCES sitting,
  performance_id INTEGER NOT NULL REFERENCES performance,
  state          TEXT NOT NULL CHECK (state IN ('open', 'settled', 'exception')),
  levels         TEXT NOT NULL,
  rounds         TEXT NOT NULL,
  rules          TEXT NOT NULL,
  exception      TEXT,
  settled_at     TEXT,
  PRIMARY KEY (sitting_id, performance_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX outcome_by_rules ON outcome (sitting_id, state, rules);

CREATE TABLE load (
  sitting_id    INTEGER NOT NULL REFERENCES sitting,
  account_id    INTEGER NOT NULL REFERENCES account,
  item_group_id INTEGER NOT NULL REFERENCES item_group,
  round         INTEGER NOT NULL,
  total         INTEGER NOT NULL,
  done          INTEGER NOT NULL CHECK (done BETWEEN 0 AND total),
  PRIMARY KEY (sitting_id, account_id, item_group_id, round)
) STRICT, WITHOUT ROWID;

CREATE TABLE node (
  id              INTEGER PRIMARY KEY,
  name            TEXT NOT NULL UNIQUE,
  district_id     INTEGER NOT NULL REFERENCES district,
  state           TEXT NOT NULL CHECK (state IN ('invited', 'enrolled', 'retired')),
  code_hash       TEXT,
  code_expires_at TEXT,
  code_tries      INTEGER NOT NULL DEFAULT 0,
  enrol_nonce     TEXT,
  enrolled_at     TEXT,
  secret          TEXT,
  node_inc        TEXT,
  last_seen_at    TEXT,
  address         TEXT NOT NULL DEFAULT '',
  status          TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE TABLE heartbeat (
  node_id INTEGER NOT NULL REFERENCES node,
  minute  INTEGER NOT NULL,
  pending INTEGER NOT NULL,
  PRIMARY KEY (node_id, minute)
) STRICT, WITHOUT ROWID;

CREATE TABLE holding (
  video_id INTEGER NOT NULL REFERENCES video,
  node_id  INTEGER NOT NULL REFERENCES node,
  PRIMARY KEY (video_id, node_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE node_stream (
  node_id   INTEGER NOT NULL REFERENCES node,
  node_inc  TEXT NOT NULL,
  acked_seq INTEGER NOT NULL,
  chain     TEXT NOT NULL,
  PRIMARY KEY (node_id, node_inc)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  event_id    TEXT PRIMARY KEY,
  node_id     INTEGER NOT NULL REFERENCES node,
  node_inc    TEXT NOT NULL,
  seq         INTEGER NOT NULL,
  sitting_id  INTEGER NOT NULL,
  kind        TEXT NOT NULL,
  v           INTEGER NOT NULL,
  body_sha256 TEXT NOT NULL,
  body        TEXT,
  result      TEXT NOT NULL,
  reason      TEXT NOT NULL,
  received_at TEXT NOT NULL
) STRICT;

CREATE INDEX event_quarantined ON event (received_at) WHERE result = 'quarantined';

CREATE TABLE fault (
  event_id    TEXT PRIMARY KEY,
  task_id     INTEGER NOT NULL,
  account_id  INTEGER NOT NULL,
  node_id     INTEGER NOT NULL REFERENCES node,
  fault       TEXT NOT NULL CHECK (fault IN ('unplayable', 'no_sound')),
  reported_at TEXT NOT NULL
) STRICT;

CREATE TABLE announcement (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  sitting_id   INTEGER REFERENCES sitting,
  kind         TEXT NOT NULL,
  strength     TEXT NOT NULL CHECK (strength IN ('normal', 'important', 'blocking')),
  text         TEXT NOT NULL,
  district_id  INTEGER NOT NULL,
  roles        TEXT NOT NULL,
  author       TEXT NOT NULL,
  published_at TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX announcement_milestone_once ON announcement (sitting_id, kind)
  WHERE kind <> 'manual';

CREATE TABLE receipt (
  announcement_id INTEGER NOT NULL REFERENCES announcement,
  account_id      INTEGER NOT NULL REFERENCES account,
  read_at         TEXT NOT NULL,
  PRIMARY KEY (announcement_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE wipe (
  sitting_id   INTEGER NOT NULL REFERENCES sitting,
  node_id      INTEGER NOT NULL REFERENCES node,
  marks        INTEGER NOT NULL,
  tasks        INTEGER NOT NULL,
  confirmed_at TEXT NOT NULL,
  PRIMARY KEY (sitting_id, node_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE feed (
  seq         INTEGER PRIMARY KEY AUTOINCREMENT,
  district_id INTEGER NOT NULL,
  kind        TEXT NOT NULL
    CHECK (kind IN ('exam', 'sitting', 'group', 'account', 'task', 'announcement')),
  ref         INTEGER NOT NULL
) STRICT;

CREATE INDEX feed_by_district ON feed (district_id, seq);

CREATE TABLE admin (
  id            INTEGER PRIMARY KEY,
  name          TEXT NOT NULL UNIQUE,
  password_hash TEXT NOT NULL,
  role          TEXT NOT NULL CHECK (role IN ('city_admin', 'city_viewer')),
  state         TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled'))
) STRICT;

CREATE TABLE session (
  token_hash TEXT PRIMARY KEY,
  admin_id   INTEGER NOT NULL REFERENCES admin,
  address    TEXT NOT NULL,
  created_at TEXT NOT NULL,
  seen_at    TEXT NOT NULL
) STRICT;

CREATE TABLE attempt (
  subject TEXT NOT NULL,
  at      TEXT NOT NULL
) STRICT;

CREATE INDEX attempt_by_subject ON attempt (subject, at);

CREATE TABLE audit (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  at       TEXT NOT NULL,
  who      TEXT NOT NULL,
  action   TEXT NOT NULL,
  detail   TEXT NOT NULL,
  previous TEXT NOT NULL,
  hash     TEXT NOT NULL
) STRICT;
