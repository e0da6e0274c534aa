-- The tasks whose videos belong on this node: all of the district's, or, where the district has
-- several nodes, those of the people who have signed in at this one.
CREATE VIEW task_here AS
SELECT * FROM task
WHERE coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'district_nodes'), 1) < 2
   OR account_id IN (SELECT account_id FROM session);
