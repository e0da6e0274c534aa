"""What the pages that act have in common: forms, the answer after an act, who was refused."""

from datetime import datetime
from typing import Any

from litestar import Request
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from shared.kit.refusal import Refusal
from shared.web.rendering import PART_HEADER

FORM = Body(media_type=RequestEncodingType.URL_ENCODED)


def back_to(url: str, done: str = "") -> Redirect:
    """After an act: the page again, which says what was done by its word `done`."""
    return Redirect(f"{url}?done={done}" if done else url, status_code=303)


def local_moment(text: str) -> datetime:
    """What a datetime-local field sends: 2023-04-12T17:30, in the time of this machine."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError) as error:
        raise Refusal("bad_time", "时间不对，请重新选择。", 400) from error


def wants_part(request: Request[Any, Any, Any]) -> bool:
    """Whether only the live part of a page is asked for."""
    return PART_HEADER in request.headers
