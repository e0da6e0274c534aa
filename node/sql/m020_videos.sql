-- When each cached video was last compared with its hash.
ALTER TABLE video ADD COLUMN checked_at TEXT NOT NULL DEFAULT '';

CREATE INDEX video_by_check ON video (checked_at) WHERE state = 'ready';
