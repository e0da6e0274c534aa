-- Tasks of a supplement (补分配) are dealt at once: a kind of handing of their own.
CREATE TABLE handing_with_dealt (
  seq        INTEGER PRIMARY KEY AUTOINCREMENT,
  sitting_id INTEGER NOT NULL REFERENCES sitting,
  kind       TEXT NOT NULL CHECK (kind IN ('given', 'dealt', 'taken', 'kept', 'hand')),
  ref        INTEGER NOT NULL,
  detail     TEXT NOT NULL,
  -- Of rounds 3 and 4: whether a node of that district held the video already.
  is_near    INTEGER CHECK (is_near IN (0, 1))
) STRICT;

INSERT INTO handing_with_dealt (seq, sitting_id, kind, ref, detail, is_near)
SELECT seq, sitting_id, kind, ref, detail, is_near FROM handing ORDER BY seq;

DROP TABLE handing;

ALTER TABLE handing_with_dealt RENAME TO handing;

CREATE INDEX handing_by_sitting ON handing (sitting_id, seq);
