ALTER TABLE session ADD COLUMN locked_at TEXT;
