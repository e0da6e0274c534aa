"""The cache of videos on the node's disk."""
