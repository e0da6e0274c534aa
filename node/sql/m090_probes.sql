-- Reference clips and second looks are marked like tasks and are none: no count may hold them.
ALTER TABLE task ADD COLUMN is_probe INTEGER NOT NULL DEFAULT 0 CHECK (is_probe IN (0, 1));
