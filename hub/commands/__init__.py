"""The door of the terminal: each command says what it did, in Chinese."""
