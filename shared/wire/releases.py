"""Which packed programs the city has published, as the hub tells its nodes."""

import msgspec


class ReleasesRequest(msgspec.Struct):
    """All of them: there is nothing to choose."""


class Release(msgspec.Struct):
    name: str
    """Of the zip."""
    sha256: str


class ReleasesAnswer(msgspec.Struct):
    releases: list[Release]
    server_time: str
