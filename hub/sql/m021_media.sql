-- What had to be done to a file before it could be used.
ALTER TABLE media_check ADD COLUMN note TEXT NOT NULL DEFAULT '';
