"""Knows a request that is the last one but for the numbers of its range, without parsing it."""

import re
from typing import NamedTuple

_NUMBERS = re.compile(rb"bytes=\d{0,40}-\d{0,40}")


class Again(NamedTuple):
    """What stands around the range of a request that was parsed and answered."""

    before: bytes
    after: bytes

    def asked(self, request: bytes) -> bytes | None:
        """The range, where the request is the same in every other byte."""
        if not (request.startswith(self.before) and request.endswith(self.after)):
            return None
        found = _NUMBERS.fullmatch(request, len(self.before), len(request) - len(self.after))
        return found and found.group()


def around_range(request: bytes, headers: list[tuple[bytes, bytes]]) -> Again | None:
    """`request`: exactly one; `headers`: as they were parsed, names in lower case."""
    ranges = [value for name, value in headers if name == b"range"]
    # Only what stands there once was surely read as that header.
    if len(ranges) != 1 or not _NUMBERS.fullmatch(ranges[0]) or request.count(ranges[0]) != 1:
        return None
    before, _, after = request.partition(ranges[0])
    return Again(before, after)
