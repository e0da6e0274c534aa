"""The only room that talks to the hub."""
