"""The door for nodes (JSON)."""
