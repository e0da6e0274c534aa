"""URL paths, header names and limits that hub and node agree on."""

ENROL = "/sync/v1/enrol"
PUSH = "/sync/v1/push"
PULL = "/sync/v1/pull"
HELLO = "/sync/v1/hello"
HISTORY = "/sync/v1/history"
COMPARE = "/sync/v1/compare"
QUALITY = "/sync/v1/quality"
RELEASES = "/sync/v1/releases"
RELEASE = "/sync/v1/releases/"
"""followed by the sha256"""
READY = "/sync/v1/ready"
MEASURE = "/sync/v1/measure"
"""bytes without meaning, to see how fast they come"""
VIDEO = "/sync/v1/videos/"
"""followed by the sha256"""

NODE_HEADER = "X-Shengping-Node"
TIME_HEADER = "X-Shengping-Time"
NONCE_HEADER = "X-Shengping-Nonce"
SIGNATURE_HEADER = "X-Shengping-Signature"

EVENTS_PER_PUSH = 200
"""What every hub takes."""
EVENTS_PER_PUSH_MAX = 500
"""What ours takes, as it says in its hello."""
ITEMS_PER_PULL = 500
MARKS_PER_PAGE = 500
PUSH_BYTES_MAX = 1_000_000
LONG_POLL_S = 25.0
CLOCK_WINDOW_S = 15 * 60
"""How far a node's clock, corrected by what the hub told it, may be off."""
UNCONFIRMED = "unconfirmed"
"""The code of a refusal: nobody in the city has confirmed this enrolment yet."""
