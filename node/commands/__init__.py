"""The door of the terminal: one command a function, its exit code 0 when all is well."""
