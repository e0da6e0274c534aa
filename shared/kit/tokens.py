"""Session tokens: random, and kept in the databases only as their hash."""

import hashlib
import secrets


def new_token() -> tuple[str, str]:
    """A token of 256 bits for the cookie, and its hash for the database."""
    token = secrets.token_urlsafe(32)
    return token, hash_token(token)


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
