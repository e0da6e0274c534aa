-- Who may take tasks in an open sitting, in the order in which they are to be asked.
CREATE TABLE hand (
  sitting_id  INTEGER NOT NULL REFERENCES sitting,
  account_id  INTEGER NOT NULL REFERENCES account,
  role        TEXT NOT NULL CHECK (role IN ('marker', 'leader')),
  scope       TEXT NOT NULL CHECK (scope IN ('primary', 'middle')),
  district_id INTEGER NOT NULL REFERENCES district,
  capacity    INTEGER NOT NULL CHECK (capacity > 0),
  state       TEXT NOT NULL CHECK (state IN ('here', 'away', 'gone')),
  point       INTEGER NOT NULL,
  total       INTEGER NOT NULL CHECK (total >= 0),
  share       REAL NOT NULL,
  PRIMARY KEY (sitting_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX hand_in_city ON hand (sitting_id, role, scope, share, point)
  WHERE state = 'here';

CREATE INDEX hand_in_district ON hand (sitting_id, role, scope, district_id, share, point)
  WHERE state = 'here';

-- Everything that a later check needs to choose again: it is never changed.
CREATE TABLE handing (
  seq        INTEGER PRIMARY KEY AUTOINCREMENT,
  sitting_id INTEGER NOT NULL REFERENCES sitting,
  kind       TEXT NOT NULL CHECK (kind IN ('given', 'taken', 'kept', 'hand')),
  ref        INTEGER NOT NULL,
  detail     TEXT NOT NULL,
  -- Of rounds 3 and 4: whether a node of that district held the video already.
  is_near    INTEGER CHECK (is_near IN (0, 1))
) STRICT;

CREATE INDEX handing_by_sitting ON handing (sitting_id, seq);
