"""A district's lab: caches the videos and serves marking."""
