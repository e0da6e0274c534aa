"""What the hub and the node both know; it knows neither of them."""

__version__ = "0.1.0"

PROTOCOL = 1
"""What this program speaks best; see shared.wire."""
PROTOCOL_LEAST = 1
"""The oldest that it still understands: a hub and its nodes are not updated in one moment."""
