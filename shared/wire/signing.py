"""How a node proves itself to the hub, and the hub's answer to the node."""

import hmac
from hashlib import sha256


def sign_request(secret: str, method: str, path: str, body: bytes, time: str, nonce: str) -> str:
    message = "\n".join((method, path, sha256(body).hexdigest(), time, nonce))
    return _hmac(secret, message)


def sign_answer(secret: str, nonce: str, body: bytes) -> str:
    """Bound to the request's nonce, so that an old answer cannot be played again."""
    return _hmac(secret, f"answer\n{nonce}\n{sha256(body).hexdigest()}")


def sign_enrolment(request: bytes, answer: bytes) -> str:
    """There is no secret yet; but only who knows the code could have asked so, word for word.

    What was garbled on either way, though it can still be read, would otherwise be believed.
    """
    return _hmac(sha256(request).hexdigest(), f"enrolled\n{sha256(answer).hexdigest()}")


def matches(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode())


def _hmac(secret: str, message: str) -> str:
    return hmac.new(bytes.fromhex(secret), message.encode(), sha256).hexdigest()
