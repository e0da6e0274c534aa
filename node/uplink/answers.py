"""What an answer says, and what may go wrong: an outage, a gap, a missing video."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import httpx
import msgspec

from shared.kit.clock import now

T = TypeVar("T")

RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504, 507})
RETRY_AFTER_MAX_S = 300.0


class Outage(Exception):
    """The hub cannot be reached now; `text` is Chinese, for the status page."""

    def __init__(self, text: str, retry_after_s: float = 0.0) -> None:
        super().__init__(text)
        self.text = text
        self.retry_after_s = retry_after_s


class Gap(Exception):
    """The hub holds another part of our history than we thought."""

    def __init__(self, expected_seq: int) -> None:
        super().__init__(f"the hub expects event {expected_seq}")
        self.expected_seq = expected_seq


class Missing(Exception):
    """The hub has no such video, or not as much of it as was said."""


class Said(msgspec.Struct):
    """How the hub refuses."""

    code: str
    text: str


@contextmanager
def outages() -> Iterator[None]:
    """What httpx says of the link becomes an Outage."""
    try:
        yield
    except (httpx.RequestError, httpx.InvalidURL, ssl.SSLError) as error:
        raise Outage(_explained(error)) from error


def check_status(response: httpx.Response) -> None:
    status = response.status_code
    if status in RETRIED:
        raise busy(response)
    if status in (401, 403) and is_json(response):
        said = decoded(response.content, Said)
        raise Outage(f"市级中心不接受本节点的凭据：{said.text}")
    if status == 426 and is_json(response):
        raise Outage(decoded(response.content, Said).text)
    if status not in (200, 201, 409):
        raise Outage(f"市级中心回答异常（{status}）")
    if not is_json(response):
        raise Outage("回答的不是市级中心，请检查网络是否需要登录或被拦截")


def start_of(response: httpx.Response, wanted: int) -> int:
    """Where a video's bytes begin."""
    status = response.status_code
    if status in (404, 416):
        raise Missing
    if status == 206:
        if not response.headers.get("Content-Range", "").startswith(f"bytes {wanted}-"):
            raise Outage("下载视频时回答异常（范围不符）")
        return wanted
    if status in RETRIED:
        raise busy(response)
    if status != 200:
        raise Outage(f"下载视频时回答异常（{status}）")
    return 0


def busy(response: httpx.Response) -> Outage:
    try:
        after_s = float(response.headers.get("Retry-After", "0"))
    except ValueError:
        after_s = 0.0
    return Outage(
        f"市级中心暂时不能服务（{response.status_code}）", min(max(after_s, 0.0), RETRY_AFTER_MAX_S)
    )


def is_json(response: httpx.Response) -> bool:
    return bool(response.headers.get("Content-Type", "").startswith("application/json"))


def decoded(content: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Outage("市级中心的回答读不懂，可能版本不一致") from error


def _explained(error: Exception) -> str:
    said = str(error).lower()
    if "certificate" in said:
        return (
            f"市级中心的证书没有通过检查；本机时间是 {now().astimezone():%Y-%m-%d %H:%M}，请先校准"
        )
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
        return "连接不到市级中心，请检查网络"
    if isinstance(error, httpx.TimeoutException):
        return "市级中心没有及时回答"
    return "与市级中心的连接中断"
