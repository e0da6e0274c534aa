"""Numbers that come from outside, kept within what a database and a browser can both hold."""

from typing import Annotated

import msgspec
from litestar.params import PathParameter, QueryParameter

LARGEST = 2**53

Whole = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
"""In a body."""
PathWhole = Annotated[int, PathParameter(ge=0, le=LARGEST)]
QueryWhole = Annotated[int, QueryParameter(ge=0, le=LARGEST)]
