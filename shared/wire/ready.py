"""What a node tells the city of its lab (阅卷场地核查). Not strict: later versions may say more."""

from typing import Annotated

import msgspec

from shared.rules.site import Tone

Text = Annotated[str, msgspec.Meta(max_length=300)]
Count = Annotated[int, msgspec.Meta(ge=0, le=100_000)]


class ReadyLine(msgspec.Struct):
    label: Text
    tone: Tone
    text: Text
    remedy: Text = ""


class ReadyReport(msgspec.Struct):
    tone: Tone
    markers: Count
    pcs: dict[Tone, Count]
    link_mbit: Annotated[float, msgspec.Meta(ge=0)] | None
    """As measured against the hub; None: not measured yet."""
    link_mbit_needed: Count
    lines: Annotated[list[ReadyLine], msgspec.Meta(max_length=20)]


class ReadyAnswer(msgspec.Struct):
    server_time: str
