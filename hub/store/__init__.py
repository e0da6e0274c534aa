"""All SQL of the hub; the first argument is always the database."""
