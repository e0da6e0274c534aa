"""What the hub and the node both know; it knows neither of them."""

__version__ = "0.1.0"

PROTOCOL = 1
"""The number that hub and node must agree on; see shared.wire."""
