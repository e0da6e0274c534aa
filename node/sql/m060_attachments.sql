-- What the city attached to an item group: the words, and a model singing.
ALTER TABLE item_group ADD COLUMN lyrics TEXT NOT NULL DEFAULT '';

ALTER TABLE item_group ADD COLUMN model_sha256 TEXT REFERENCES video;
