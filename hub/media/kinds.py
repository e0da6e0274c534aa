"""What a file is that is no mp4, by its first bytes, whatever its name says."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Kind:
    shown: str
    format: str
    """FFmpeg's name of it; empty where no video can be in it."""


_BY_START = {
    b"\x1aE\xdf\xa3": Kind("MKV 或 WebM", "matroska"),
    b"RIFF": Kind("AVI 或 WAV", "avi"),
    b"FLV\x01": Kind("FLV", "flv"),
    b"\x30\x26\xb2\x75": Kind("WMV 或 WMA", "asf"),
    b"\x00\x00\x01\xba": Kind("MPEG 或 VOB", "mpeg"),
    b"OggS": Kind("Ogg", "ogg"),
    b"ID3\x03": Kind("MP3", ""),
    b"PK\x03\x04": Kind("ZIP 压缩包", ""),
}
_STREAM = Kind("TS 或 MTS", "mpegts")
_SYNC = 0x47
_PACKETS = (range(0, 565, 188), range(4, 581, 192))
"""Where the packets of a transport stream begin: of a broadcast, and of a camcorder."""


def kind_of(path: Path) -> Kind | None:
    with path.open("rb") as file:
        start = file.read(600)
    if found := _BY_START.get(start[:4]):
        return found
    for places in _PACKETS:
        if len(start) > places[-1] and all(start[place] == _SYNC for place in places):
            return _STREAM
    return None
