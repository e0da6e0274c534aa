"""Which bytes of a file are to be sent for which request headers (RFC 9110): pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

_ONE_RANGE = re.compile(r"bytes=\s*(\d{0,40})-(\d{0,40})\s*", re.ASCII)
_TAG = re.compile(r'(?:W/)?"[^"]*"')


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `start` to `end` of a file, `end` not included."""

    start: int
    end: int


class Unsatisfiable(Exception):
    """The range asked for lies outside the file, or is more than one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to answer; `span` is None where no bytes of the file belong to the answer."""

    status: int
    span: Span | None
    headers: dict[str, str] = field(default_factory=dict)


def plan_answer(method: str, header: Callable[[str], str | None], etag: str, size: int) -> Plan:
    """`header` looks a request header up by its name in lower case.

    `etag` is the hash of the content, so it is a strong one.
    """
    headers = {
        "ETag": f'"{etag}"',
        "Accept-Ranges": "bytes",
        # Asked again each time: on a shared PC the next person may not see the last one's video.
        "Cache-Control": "private, no-cache",
    }
    if _is_known(header("if-none-match"), etag):
        return Plan(304, None, headers)
    try:
        span = _wanted(method, header, etag, size)
    except Unsatisfiable:
        return Plan(416, None, {**headers, "Content-Range": f"bytes */{size}"})
    if span is None:
        return Plan(200, Span(0, size), headers)
    said = f"bytes {span.start}-{span.end - 1}/{size}"
    return Plan(206, span, {**headers, "Content-Range": said})


def parse_range(header: str, size: int) -> Span | None:
    """None when the header is not one we understand and must be ignored (RFC 9110, 14.2)."""
    if not header.startswith("bytes="):
        return None
    if "," in header:
        raise Unsatisfiable
    match = _ONE_RANGE.fullmatch(header)
    if match is None or match.group(1) == match.group(2) == "":
        return None
    first, last = match.groups()
    if first == "":
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < start:
            return None
    if start >= size:
        raise Unsatisfiable
    return Span(start, end)


def _wanted(method: str, header: Callable[[str], str | None], etag: str, size: int) -> Span | None:
    asked = header("range")
    if asked is None or method != "GET":
        return None
    # If-Range takes a strong tag only; a date never matches, since we send none.
    if (header("if-range") or f'"{etag}"') != f'"{etag}"':
        return None
    return parse_range(asked, size)


def _is_known(header: str | None, etag: str) -> bool:
    if header is None:
        return False
    tags = {tag.removeprefix("W/") for tag in _TAG.findall(header)}
    return header.strip() == "*" or f'"{etag}"' in tags
