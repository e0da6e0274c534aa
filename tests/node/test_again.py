"""What is taken for the last request with other numbers is just that to the parser, too."""

import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.again import Again, around_range

REQUEST = (
    b"GET /videos/15 HTTP/1.1\r\nHost: lab\r\nCookie: a=b\r\n"
    b"Range: bytes=100-199\r\nIf-Range: x\r\n\r\n"
)
NUMBERS = b"100-199"


class Parsed:
    def __init__(self, request: bytes) -> None:
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.ended = 0
        httptools.HttpRequestParser(self).feed_data(request)

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_message_complete(self) -> None:
        self.ended += 1


def learnt(request: bytes = REQUEST) -> Again | None:
    return around_range(request, Parsed(request).headers)


@pytest.mark.parametrize("numbers", [b"0-0", b"100-199", b"5-", b"-7", b"-"])
def test_a_request_with_other_numbers_is_known(numbers: bytes) -> None:
    again = learnt()
    assert again is not None
    assert again.asked(REQUEST.replace(NUMBERS, numbers)) == b"bytes=" + numbers


@pytest.mark.parametrize(
    "other",
    [
        REQUEST.replace(b"a=b", b"a=c"),
        REQUEST.replace(b"/15", b"/16"),
        REQUEST.replace(b"GET", b"HEAD"),
        REQUEST.replace(NUMBERS, b"0-1,5-6"),
        REQUEST.replace(NUMBERS, b"0-1\r\nCookie: a=c"),
        REQUEST.replace(NUMBERS, b"1" * 41 + b"-"),
        REQUEST.replace(b"Range: bytes=100-199\r\n", b""),
        REQUEST + REQUEST,
        REQUEST[:-1],
        b"",
    ],
)
def test_a_request_that_is_different_elsewhere_is_not_known(other: bytes) -> None:
    again = learnt()
    assert again is not None and again.asked(other) is None


@pytest.mark.parametrize(
    "unclear",
    [
        REQUEST.replace(b"Range: bytes=100-199\r\n", b""),
        REQUEST.replace(NUMBERS, b"0-1,5-6"),
        REQUEST.replace(b"a=b", b"a=bytes=100-199"),
        REQUEST.replace(b"Host: lab", b"Range: bytes=0-9"),
    ],
)
def test_where_it_is_not_clear_which_bytes_are_the_range_nothing_is_learnt(unclear: bytes) -> None:
    assert learnt(unclear) is None


@settings(max_examples=60)
@given(st.data())
def test_what_is_known_is_read_alike_by_the_parser(data: st.DataObject) -> None:
    numbers = data.draw(st.from_regex(rb"[0-9\-, \r\n]{0,8}", fullmatch=True))
    place = data.draw(st.integers(0, len(REQUEST)))
    cut = data.draw(st.integers(0, 3))
    request = REQUEST.replace(NUMBERS, numbers)
    request = request[:place] + data.draw(st.binary(max_size=2)) + request[place + cut :]
    again = learnt()
    assert again is not None
    if (asked := again.asked(request)) is not None:
        wanted, got = Parsed(REQUEST), Parsed(request)
        others = [(name, asked if name == b"range" else value) for name, value in wanted.headers]
        assert (got.url, got.headers, got.ended) == (wanted.url, others, 1)
