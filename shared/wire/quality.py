"""The quality of one district's marking, as the hub tells it to the district's lead."""

import msgspec

from shared.rules.quality import Agreement, Alert
from shared.rules.rubric import Criterion
from shared.rules.statistics import Figure


class QualityRequest(msgspec.Struct):
    """Of the district of whoever signs; there is nothing to choose."""


class AgreementCard(msgspec.Struct):
    exact: Figure
    adjacent: Figure
    kappa: Figure
    severity: Figure


class ProbedCard(msgspec.Struct, frozen=True):
    """See shared.rules.probes.Probed."""

    reference: Figure
    lean: Figure
    repeat: Figure


UNPROBED = ProbedCard(Figure(None, 0), Figure(None, 0), Figure(None, 0))


class MarkerCard(msgspec.Struct):
    account_id: int
    agreement: AgreementCard
    shift: float | None
    """Severity in the last half-day against the first one."""
    lost: Figure
    straight: Figure
    spent_s: Figure
    heard: Figure
    revised: Figure
    alerts: list[Alert]
    clips: list[str]
    """Performances where this marker was farthest from the other one, by code. Only those whose
    third mark is in: such a mark can no longer be changed, so nobody can be told what to give."""
    probed: ProbedCard = UNPROBED


class QualityAnswer(msgspec.Struct):
    sitting: int
    """0: there is none."""
    counted_at: str
    city: AgreementCard
    district: AgreementCard
    by_criterion: dict[Criterion, AgreementCard]
    by_group: dict[int, AgreementCard]
    markers: list[MarkerCard]
    server_time: str


def card_of(found: Agreement) -> AgreementCard:
    return AgreementCard(found.exact, found.adjacent, found.kappa, found.severity)
