-- The lab's PCs, as they checked themselves (阅卷场地核查).
CREATE TABLE pc (
  id         TEXT PRIMARY KEY,
  seat       TEXT NOT NULL DEFAULT '',
  address    TEXT NOT NULL,
  agent      TEXT NOT NULL,
  measured   TEXT NOT NULL DEFAULT '{}',
  checked_at TEXT,
  seen_at    TEXT NOT NULL,
  is_to_check_again INTEGER NOT NULL DEFAULT 0 CHECK (is_to_check_again IN (0, 1))
) STRICT;

CREATE INDEX pc_by_address ON pc (address);
