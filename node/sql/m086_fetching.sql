-- Which item group's videos the technician wants first.
CREATE TABLE fetch_order (
  item_group_id INTEGER PRIMARY KEY,
  place         INTEGER NOT NULL
) STRICT;
