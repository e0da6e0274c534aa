-- What a city may attach to an item group for the markers: the words, and a model singing.
ALTER TABLE item_group ADD COLUMN lyrics TEXT NOT NULL DEFAULT '';

ALTER TABLE item_group ADD COLUMN model_file TEXT NOT NULL DEFAULT '';

ALTER TABLE item_group ADD COLUMN model_video_id INTEGER REFERENCES video;
