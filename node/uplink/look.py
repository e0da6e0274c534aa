"""A look at the hub from outside, for the doctor: is it there, whose clock is right, how long
does its certificate last.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

import httpx

from node.uplink.client import ssl_context
from shared.kit.clock import now

TIMEOUT_S = 8.0
TO_SECOND = timedelta(milliseconds=500)
"""A Date header is cut to the second."""


class HubState(StrEnum):
    NOT_ENROLLED = "not_enrolled"
    WELL = "well"
    AWAY = "away"
    NOT_A_HUB = "not_a_hub"
    """Something else answered: a sign-in page of the school's network, a filter."""
    BAD_CERTIFICATE = "bad_certificate"


@dataclass(frozen=True, slots=True)
class HubLook:
    """How the hub looks from here."""

    state: HubState
    url: str = ""
    problem: str = ""
    ahead: timedelta | None = None
    """How far the hub's clock is ahead of this PC's; None: not known."""
    certificate_left: timedelta | None = None
    """Until it expires; None: no https, or not known."""
    local_time: str = ""


def look_at(url: str, moment: Callable[[], datetime] = now) -> HubLook:
    """Asks the hub at `url` whether it is well; takes some seconds at most, and never raises."""
    local = f"{moment().astimezone():%Y-%m-%d %H:%M}"
    try:
        verify = ssl_context() if url.startswith("https:") else False
        with httpx.Client(base_url=url, verify=verify, timeout=TIMEOUT_S) as http:
            asked_at = moment()
            # Streamed, since the connection's certificate is gone once it is closed.
            with http.stream("GET", "/health") as answer:
                left = _certificate_left(answer, moment())
                answer.read()
            received_at = moment()
    except (httpx.RequestError, httpx.InvalidURL, ssl.SSLError) as error:
        if "certificate" in str(error).lower():
            said = _certificate_problem(str(error))
            return HubLook(HubState.BAD_CERTIFICATE, url, said, local_time=local)
        return HubLook(HubState.AWAY, url, _link_problem(error), local_time=local)
    if not _is_hub(answer):
        return HubLook(HubState.NOT_A_HUB, url, f"回答 {answer.status_code}", local_time=local)
    ahead = _ahead(answer.headers.get("Date", ""), asked_at, received_at)
    return HubLook(HubState.WELL, url, "", ahead, left, local)


def _is_hub(answer: httpx.Response) -> bool:
    try:
        return answer.status_code == 200 and answer.json().get("ok") is True
    except (ValueError, AttributeError):
        return False


def _ahead(date: str, asked_at: datetime, received_at: datetime) -> timedelta | None:
    try:
        hub_now = parsedate_to_datetime(date).astimezone(UTC) + TO_SECOND
        return hub_now - (asked_at + (received_at - asked_at) / 2)
    except (ValueError, TypeError, OverflowError):
        return None


def _certificate_left(answer: httpx.Response, moment: datetime) -> timedelta | None:
    stream = answer.extensions.get("network_stream")
    tls = stream.get_extra_info("ssl_object") if stream is not None else None
    told = tls.getpeercert() if tls is not None else None
    if not told or "notAfter" not in told:
        return None
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(told["notAfter"])), UTC)
    return ends - moment


def _certificate_problem(said: str) -> str:
    known = {
        "not yet valid": "证书还没有生效",
        "has expired": "证书已经过期",
        "self-signed": "签发它的机构不被信任",
        "self signed": "签发它的机构不被信任",
        "unable to get local issuer": "签发它的机构不被信任",
        "mismatch": "证书不是这个地址的",
        "not valid for": "证书不是这个地址的",
    }
    return next((text for words, text in known.items() if words in said.lower()), said)


def _link_problem(error: Exception) -> str:
    said = str(error).lower()
    if "name or service" in said or "getaddrinfo" in said or "name resolution" in said:
        return "域名解析失败"
    if "refused" in said:
        return "对方没有服务在监听"
    if isinstance(error, httpx.TimeoutException):
        return f"{TIMEOUT_S:.0f} 秒内没有应答"
    return "连接中断"
