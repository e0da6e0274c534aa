"""The cookie that carries a session's token."""

from litestar.datastructures import Cookie


def session_cookie(name: str, token: str, *, is_https: bool) -> Cookie:
    # Labs speak plain HTTP, where a Secure cookie would never come back.
    return Cookie(key=name, value=token, httponly=True, samesite="lax", secure=is_https, path="/")


def ended_cookie(name: str) -> Cookie:
    return Cookie(key=name, value="", httponly=True, samesite="lax", max_age=0, path="/")
