"""How a node proves itself to the hub, and the hub's answer to the node."""

import hmac
from hashlib import sha256


def sign_request(secret: str, method: str, path: str, body: bytes, time: str, nonce: str) -> str:
    message = "\n".join((method, path, sha256(body).hexdigest(), time, nonce))
    return _hmac(secret, message)


def sign_answer(secret: str, nonce: str, body: bytes) -> str:
    """Bound to the request's nonce, so that an old answer cannot be played again."""
    return _hmac(secret, f"answer\n{nonce}\n{sha256(body).hexdigest()}")


def matches(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode())


def _hmac(secret: str, message: str) -> str:
    return hmac.new(bytes.fromhex(secret), message.encode(), sha256).hexdigest()
