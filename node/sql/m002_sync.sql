-- What a node needs to meet its hub again after either of them lost something.

ALTER TABLE task ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN named_in INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN named_in INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sitting ADD COLUMN named_in INTEGER NOT NULL DEFAULT 0;
ALTER TABLE announcement ADD COLUMN named_in INTEGER NOT NULL DEFAULT 0;

-- Of a mark that was given on another node of the district.
ALTER TABLE mark ADD COLUMN is_elsewhere INTEGER NOT NULL DEFAULT 0 CHECK (is_elsewhere IN (0, 1));
