-- Lets the log's chain be published without what an entry says: its hash is taken over salted
-- hashes of who and detail. Entries of before have no salt, and are hashed as they are.
ALTER TABLE audit ADD COLUMN salt TEXT NOT NULL DEFAULT '';
