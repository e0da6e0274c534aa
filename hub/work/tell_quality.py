"""Tells a district's lead how the district marks: its own people, and the city to compare."""

from datetime import datetime

from sqlite_utils import Database

from hub.store import performances
from hub.work.assess_quality import MarkerQuality, Quality, Within
from shared.kit.clock import stamp
from shared.rules.quality import Tally, agreement
from shared.wire.quality import MarkerCard, ProbedCard, QualityAnswer, card_of


def tell_quality(
    db: Database, found: Quality, sitting_id: int, district_id: int, moment: datetime
) -> QualityAnswer:
    within = found.within.get(district_id, Within({}, {}))
    own = found.by_district.get(district_id) or agreement(Tally())
    return QualityAnswer(
        sitting=sitting_id,
        counted_at=stamp(found.counted_at),
        city=card_of(found.city),
        district=card_of(own),
        by_criterion={c: card_of(one) for c, one in within.by_criterion.items()},
        by_group={id: card_of(one) for id, one in within.by_group.items()},
        markers=[_card(db, m) for m in found.markers if m.district_id == district_id],
        server_time=stamp(moment),
    )


def _card(db: Database, marker: MarkerQuality) -> MarkerCard:
    clips = [performances.performance(db, id) for id in marker.farthest]
    return MarkerCard(
        account_id=marker.account_id,
        agreement=card_of(marker.agreement),
        shift=marker.shift,
        lost=marker.disputes.figure,
        straight=marker.habits.straight_share,
        spent_s=marker.habits.spent_s,
        heard=marker.habits.heard_share,
        revised=marker.habits.revised_share,
        alerts=list(marker.alerts),
        clips=[clip.code for clip in clips if clip],
        probed=ProbedCard(marker.probed.reference, marker.probed.lean, marker.probed.repeat),
    )
