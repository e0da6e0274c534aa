-- A task that is done stays where it is among its account's: no index moves with its state.
DROP INDEX task_by_account;

CREATE INDEX task_by_account ON task (account_id, sitting_id);
