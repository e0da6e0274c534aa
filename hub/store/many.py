"""Many at once: a list of ids as the one parameter of a statement."""

from collections.abc import Collection

import msgspec


def listed(ids: Collection[int] | Collection[str]) -> str:
    """For IN (SELECT value FROM json_each(?)); on PostgreSQL json_array_elements_text."""
    return msgspec.json.encode([*ids]).decode()
