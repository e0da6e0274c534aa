"""Take in one video: check it, and put it on the shelf."""

from pathlib import Path

from hub.media.probe import Unusable
from hub.media.shelf import take_in
from hub.store.videos import NewVideo
from shared.kit.refusal import Refusal


def take_in_video(source: Path, shelf: Path) -> NewVideo:
    """Refused, in words for a person, when it cannot be used. Slow: outside of any transaction."""
    try:
        stored = take_in(source, shelf)
    except Unusable as unusable:
        raise Refusal("unusable_video", unusable.reason, 400) from unusable
    except OSError as error:
        raise Refusal("unreadable_video", f"读取视频文件失败：{error.strerror}", 400) from error
    seen = stored.probe
    return NewVideo(
        stored.sha256,
        stored.bytes,
        seen.duration_ms,
        seen.width,
        seen.height,
        seen.peaks,
        seen.loudness_db,
    )
