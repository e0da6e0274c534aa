BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'node','m001_first','2026-11-24 03:54:35.965304+00:00');
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
INSERT INTO "account" VALUES(1,'19900000001','王一一','marker','middle',NULL,0,'active');
INSERT INTO "account" VALUES(2,'19900000002','陈二二','marker','middle',NULL,0,'active');
INSERT INTO "account" VALUES(3,'19900000003','李三三','leader','middle',NULL,0,'active');
INSERT INTO "account" VALUES(4,'19900000004','赵四四','lead',NULL,NULL,0,'active');
INSERT INTO "account" VALUES(5,'19900000005','孙五五','technician',NULL,NULL,0,'active');
CREATE TABLE announcement (
  id           INTEGER PRIMARY KEY,
  sitting_id   INTEGER,
  kind         TEXT NOT NULL,
  strength     TEXT NOT NULL CHECK (strength IN ('normal', 'important', 'blocking')),
  text         TEXT NOT NULL,
  roles        TEXT NOT NULL,
  published_at TEXT NOT NULL
) STRICT;
INSERT INTO "announcement" VALUES(1,2,'manual','normal','下午 13:30 继续阅卷。','','2023-04-13T01:00:00.000Z');
CREATE TABLE attempt (
  subject TEXT NOT NULL,
  at      TEXT NOT NULL
) STRICT;
CREATE TABLE descriptor (
  item_group_id INTEGER NOT NULL REFERENCES item_group,
  criterion     TEXT NOT NULL,
  level         INTEGER NOT NULL CHECK (level BETWEEN 0 AND 3),
  text          TEXT NOT NULL,
  PRIMARY KEY (item_group_id, criterion, level)
) STRICT;
INSERT INTO "descriptor" VALUES(1,'overall',3,'综合第3级');
INSERT INTO "descriptor" VALUES(1,'overall',2,'综合第2级');
INSERT INTO "descriptor" VALUES(1,'overall',1,'综合第1级');
INSERT INTO "descriptor" VALUES(1,'overall',0,'综合第0级');
INSERT INTO "descriptor" VALUES(1,'pitch',3,'音准第3级');
INSERT INTO "descriptor" VALUES(1,'pitch',2,'音准第2级');
INSERT INTO "descriptor" VALUES(1,'pitch',1,'音准第1级');
INSERT INTO "descriptor" VALUES(1,'pitch',0,'音准第0级');
INSERT INTO "descriptor" VALUES(1,'expression',3,'表现力第3级');
INSERT INTO "descriptor" VALUES(1,'expression',2,'表现力第2级');
INSERT INTO "descriptor" VALUES(1,'expression',1,'表现力第1级');
INSERT INTO "descriptor" VALUES(1,'expression',0,'表现力第0级');
INSERT INTO "descriptor" VALUES(1,'lyrics',3,'歌词表达第3级');
INSERT INTO "descriptor" VALUES(1,'lyrics',2,'歌词表达第2级');
INSERT INTO "descriptor" VALUES(1,'lyrics',1,'歌词表达第1级');
INSERT INTO "descriptor" VALUES(1,'lyrics',0,'歌词表达第0级');
INSERT INTO "descriptor" VALUES(1,'rhythm',3,'节奏第3级');
INSERT INTO "descriptor" VALUES(1,'rhythm',2,'节奏第2级');
INSERT INTO "descriptor" VALUES(1,'rhythm',1,'节奏第1级');
INSERT INTO "descriptor" VALUES(1,'rhythm',0,'节奏第0级');
INSERT INTO "descriptor" VALUES(1,'fluency',3,'流畅性第3级');
INSERT INTO "descriptor" VALUES(1,'fluency',2,'流畅性第2级');
INSERT INTO "descriptor" VALUES(1,'fluency',1,'流畅性第1级');
INSERT INTO "descriptor" VALUES(1,'fluency',0,'流畅性第0级');
INSERT INTO "descriptor" VALUES(2,'overall',3,'综合第3级');
INSERT INTO "descriptor" VALUES(2,'overall',2,'综合第2级');
INSERT INTO "descriptor" VALUES(2,'overall',1,'综合第1级');
INSERT INTO "descriptor" VALUES(2,'overall',0,'综合第0级');
INSERT INTO "descriptor" VALUES(2,'pitch',3,'音准第3级');
INSERT INTO "descriptor" VALUES(2,'pitch',2,'音准第2级');
INSERT INTO "descriptor" VALUES(2,'pitch',1,'音准第1级');
INSERT INTO "descriptor" VALUES(2,'pitch',0,'音准第0级');
INSERT INTO "descriptor" VALUES(2,'expression',3,'表现力第3级');
INSERT INTO "descriptor" VALUES(2,'expression',2,'表现力第2级');
INSERT INTO "descriptor" VALUES(2,'expression',1,'表现力第1级');
INSERT INTO "descriptor" VALUES(2,'expression',0,'表现力第0级');
INSERT INTO "descriptor" VALUES(2,'lyrics',3,'歌词表达第3级');
INSERT INTO "descriptor" VALUES(2,'lyrics',2,'歌词表达第2级');
INSERT INTO "descriptor" VALUES(2,'lyrics',1,'歌词表达第1级');
INSERT INTO "descriptor" VALUES(2,'lyrics',0,'歌词表达第0级');
INSERT INTO "descriptor" VALUES(2,'rhythm',3,'节奏第3级');
INSERT INTO "descriptor" VALUES(2,'rhythm',2,'节奏第2级');
INSERT INTO "descriptor" VALUES(2,'rhythm',1,'节奏第1级');
INSERT INTO "descriptor" VALUES(2,'rhythm',0,'节奏第0级');
INSERT INTO "descriptor" VALUES(2,'fluency',3,'流畅性第3级');
INSERT INTO "descriptor" VALUES(2,'fluency',2,'流畅性第2级');
INSERT INTO "descriptor" VALUES(2,'fluency',1,'流畅性第1级');
INSERT INTO "descriptor" VALUES(2,'fluency',0,'流畅性第0级');
CREATE TABLE exam (
  id        INTEGER PRIMARY KEY CHECK (id = 1),
  name      TEXT NOT NULL,
  first_day TEXT NOT NULL,
  last_day  TEXT NOT NULL,
  policies  TEXT NOT NULL
) STRICT;
INSERT INTO "exam" VALUES(1,'2023全市监测','2023-04-13','2023-04-14','{}');
CREATE TABLE exchange (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  at     TEXT NOT NULL,
  kind   TEXT NOT NULL CHECK (kind IN ('push', 'pull', 'video')),
  count  INTEGER NOT NULL,
  bytes  INTEGER NOT NULL,
  ms     INTEGER NOT NULL,
  problem TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE item_group (
  id       INTEGER PRIMARY KEY,
  stage    TEXT NOT NULL,
  item     TEXT NOT NULL,
  position INTEGER NOT NULL
) STRICT;
INSERT INTO "item_group" VALUES(1,'middle','国歌',1);
INSERT INTO "item_group" VALUES(2,'middle','选唱',2);
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
INSERT INTO "mark" VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',2,1,1,1,'332123',NULL,'',NULL,90000,100,'2023-04-13T01:00:00.000Z','applied','');
INSERT INTO "mark" VALUES('bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',2,2,1,1,'332123',NULL,'',NULL,90000,100,'2023-04-13T01:00:00.000Z',NULL,'');
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO "meta" VALUES('node_inc','1');
INSERT INTO "meta" VALUES('hub_url','http://127.0.0.1:9');
INSERT INTO "meta" VALUES('node_id','1');
INSERT INTO "meta" VALUES('node_name','渝北一号机房');
INSERT INTO "meta" VALUES('district','渝北区');
INSERT INTO "meta" VALUES('hub_id','hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh');
INSERT INTO "meta" VALUES('secret','abababababababababababababababababababababababababababababababab');
INSERT INTO "meta" VALUES('hub_inc','1');
INSERT INTO "meta" VALUES('feed_after','0');
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
INSERT INTO "outbox" VALUES(1,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',2,'mark',1,'{"task_id":1,"gen":1,"account_id":1,"levels":"332123","given_at":"2023-04-13T01:00:00.000Z","spent_ms":90000,"heard_percent":100,"exception":"","comment":"","revises":"","seal":""}','2ca285e0e074114a568f94e8e7af3c38e595e98cb09177e80cd60afa017b082c','71c72081901951157d10328650abaf496aa5ed770a22e42e05bcf3d2c356d927','2023-04-13T01:00:00.000Z','acked','applied');
INSERT INTO "outbox" VALUES(2,'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',2,'mark',1,'{"task_id":2,"gen":1,"account_id":1,"levels":"332123","given_at":"2023-04-13T01:00:00.000Z","spent_ms":90000,"heard_percent":100,"exception":"","comment":"","revises":"","seal":""}','e3658ad16052faa9e8eb264e5360efd1e45fe716fdf113bbad5fb179ca026f7e','7b9dc6d254a09768a1a252e6bbcc7c94099fdda5e9e86e71ac617d624fa40a8a','2023-04-13T01:00:00.000Z','pending','');
CREATE TABLE play (
  at         TEXT NOT NULL,
  account_id INTEGER NOT NULL,
  task_id    INTEGER NOT NULL,
  PRIMARY KEY (account_id, task_id, at)
) STRICT, WITHOUT ROWID;
CREATE TABLE preference (
  account_id INTEGER NOT NULL,
  key        TEXT NOT NULL,
  value      TEXT NOT NULL,
  PRIMARY KEY (account_id, key)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE sitting (
  id      INTEGER PRIMARY KEY,
  kind    TEXT NOT NULL CHECK (kind IN ('trial', 'formal')),
  state   TEXT NOT NULL CHECK (state IN ('prepared', 'open', 'closed', 'wiped')),
  wipe_at TEXT
) STRICT;
INSERT INTO "sitting" VALUES(2,'formal','open',NULL);
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
INSERT INTO "task" VALUES(1,2,'ZX-000001',2,1,1,63,1,'open',0,1,'3dbe53a2de431feaea25139a6ea5eb705629d3fb419181298046d78d55acb055','[]','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',1,NULL,'2023-04-13T01:00:00.000Z');
INSERT INTO "task" VALUES(2,2,'ZX-000002',2,1,1,63,1,'open',0,2,'3dbe53a2de431feaea25139a6ea5eb705629d3fb419181298046d78d55acb055','[]','bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',1,NULL,'2023-04-13T01:00:00.000Z');
INSERT INTO "task" VALUES(3,2,'ZX-000003',2,1,2,63,1,'open',0,3,'3dbe53a2de431feaea25139a6ea5eb705629d3fb419181298046d78d55acb055','[]',NULL,0,NULL,'2023-04-13T01:00:00.000Z');
CREATE TABLE transfer (
  minute INTEGER PRIMARY KEY,
  bytes  INTEGER NOT NULL
) STRICT;
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
INSERT INTO "video" VALUES('3dbe53a2de431feaea25139a6ea5eb705629d3fb419181298046d78d55acb055',7,84000,'808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080808080',-20.0,'ready',0,0,'','2023-04-13T01:00:00.000Z');
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX account_by_phone ON account (phone);
CREATE INDEX video_by_state ON video (state);
CREATE INDEX task_by_account ON task (account_id, sitting_id, item_group_id, state);
CREATE INDEX task_by_video ON task (video_sha256);
CREATE INDEX mark_by_account ON mark (account_id, sitting_id, given_at);
CREATE INDEX mark_by_task ON mark (task_id);
CREATE TRIGGER mark_of_a_formal_sitting_stays BEFORE DELETE ON mark
WHEN (SELECT kind FROM sitting WHERE id = OLD.sitting_id) = 'formal'
BEGIN
  SELECT RAISE(ABORT, 'a mark of a formal sitting is never deleted');
END;
CREATE INDEX outbox_pending ON outbox (seq) WHERE state = 'pending';
CREATE INDEX session_by_account ON session (account_id);
CREATE INDEX attempt_by_subject ON attempt (subject, at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('outbox',2);
COMMIT;
