"""Session tokens, and how guessing is slowed down."""

from datetime import UTC, datetime, timedelta

from shared.web import sessions

NOON = datetime(2023, 4, 13, 4, 0, tzinfo=UTC)


def test_a_token_is_kept_only_as_its_hash() -> None:
    token, kept = sessions.new_token()
    assert sessions.hash_token(token) == kept
    assert token not in kept
    assert sessions.new_token()[0] != token


def test_the_cookie_is_out_of_reach_of_scripts() -> None:
    header = sessions.session_cookie("s", "t", is_https=False).to_header(header="")
    assert "HttpOnly" in header
    assert "SameSite=lax" in header
    assert "Secure" not in header
    assert "Secure" in sessions.session_cookie("s", "t", is_https=True).to_header(header="")


def test_waiting_grows_and_ends() -> None:
    waits = [sessions.tries_wait_s(n) for n in range(20)]
    assert waits[:6] == [0, 0, 0, 0, 0, 15]
    assert waits == sorted(waits)
    assert waits[-1] == sessions.WAIT_S_MAX


def test_the_wait_counts_from_the_last_wrong_try_and_forgets_old_ones() -> None:
    tries = [NOON - timedelta(seconds=s) for s in (50, 40, 30, 20, 10)]
    assert sessions.wait_left_s(tries, NOON) == 5
    assert sessions.wait_left_s(tries, NOON + timedelta(seconds=5)) == 0
    assert sessions.wait_left_s(tries, NOON + timedelta(hours=2)) == 0
    assert sessions.wait_left_s(tries, NOON, sessions.FREE_TRIES_PER_ADDRESS) == 0
    assert sessions.wait_left_s([], NOON) == 0
