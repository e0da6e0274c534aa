"""Refusal: the one exception whose text a person reads."""


class Refusal(Exception):
    """A person asked for what may not be; `text` is Chinese and says what to do."""

    def __init__(self, code: str, text: str, status: int = 409) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.status = status
