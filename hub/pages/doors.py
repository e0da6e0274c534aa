"""What the pages that act have in common: forms, the answer after an act, who was refused."""

from typing import Any

from litestar import Request
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from shared.web.rendering import PART_HEADER

FORM = Body(media_type=RequestEncodingType.URL_ENCODED)


def back_to(url: str, done: str = "") -> Redirect:
    """After an act: the page again, which says what was done by its word `done`."""
    return Redirect(f"{url}?done={done}" if done else url, status_code=303)


def wants_part(request: Request[Any, Any, Any]) -> bool:
    """Whether only the live part of a page is asked for."""
    return PART_HEADER in request.headers
