"""The session's cookie."""

from shared.web import sessions


def test_the_cookie_is_out_of_reach_of_scripts() -> None:
    header = sessions.session_cookie("s", "t", is_https=False).to_header(header="")
    assert "HttpOnly" in header
    assert "SameSite=lax" in header
    assert "Secure" not in header
    assert "Secure" in sessions.session_cookie("s", "t", is_https=True).to_header(header="")
