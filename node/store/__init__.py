"""All SQL of the node; the first argument is always the database."""
