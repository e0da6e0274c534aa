"""The hub's videos: probing, remuxing, storing by sha256."""
