"""Session tokens."""

from shared.kit.tokens import hash_token, new_token


def test_a_token_is_kept_only_as_its_hash() -> None:
    token, kept = new_token()
    assert hash_token(token) == kept
    assert token not in kept
    assert new_token()[0] != token
