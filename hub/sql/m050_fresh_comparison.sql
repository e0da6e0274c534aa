-- How far a node's history went when it was last compared: later marks are not compared yet.

ALTER TABLE comparison ADD COLUMN node_inc TEXT NOT NULL DEFAULT '';

ALTER TABLE comparison ADD COLUMN acked_seq INTEGER NOT NULL DEFAULT 0;

CREATE INDEX event_of_life ON event (node_id, node_inc, seq) WHERE kind = 'mark';
