"""The district's quality: the city's figures for the lead, kept while the city is away."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from node.store import quality
from node.uplink.quality import QualityAsker
from node.uplink.state import LinkState
from node.work.drop_trial import drop_trial
from node.work.give_mark import give_mark
from shared.kit.clock import now, stamp
from shared.rules.quality import Alert
from shared.rules.rubric import Criterion
from shared.rules.statistics import Figure
from shared.wire import paths
from shared.wire.quality import AgreementCard, MarkerCard, QualityAnswer
from tests.makers import CHEN, FORMAL, NAMES, NINE, SUN, WANG, ZHAO, a_node_store, a_task_card
from tests.node.door import VIDEO, Lab, Pc, a_lab
from tests.node.standin_hub import StandInHub, enrolled, link_down
from tests.node.test_give_mark import an_answer

CARDS = [a_task_card(n, account_id=WANG) for n in (1, 2)] + [a_task_card(3, account_id=CHEN)]
SHARE = Figure(0.625, 40, 0.47, 0.758)
AGREED = AgreementCard(
    SHARE, Figure(0.95, 40, 0.83, 0.99), Figure(0.41, 40, 0.2, 0.6), Figure(None, 3)
)


def told(*clips: str, sitting: int = FORMAL) -> QualityAnswer:
    marker = MarkerCard(
        account_id=WANG,
        agreement=AGREED,
        shift=None,
        lost=Figure(None, 2),
        straight=SHARE,
        spent_s=Figure(71.0, 40),
        heard=SHARE,
        revised=SHARE,
        alerts=[Alert("bad", "一致", "一致率 62.5%，低于 65%")],
        clips=list(clips),
    )
    return QualityAnswer(
        sitting=sitting,
        counted_at=stamp(NINE),
        city=AGREED,
        district=AGREED,
        by_criterion={Criterion.PITCH: AGREED},
        by_group={},
        markers=[marker],
        server_time=stamp(now()),
    )


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """The city is away; what it said last is kept."""
    with a_lab(tmp_path, *CARDS, first_sign_in="keep") as lab:
        with lab.store.writing() as db:
            give_mark(db, WANG, an_answer(1, "333330"), now())
            give_mark(db, CHEN, an_answer(3), now())
            codes = [card.performance for card in CARDS]
            quality.keep(db, told(codes[0], codes[1], codes[2]))
        yield lab


@pytest.fixture
def lead(lab: Lab) -> Pc:
    return lab.at_work(ZHAO)


def test_what_the_city_said_last_is_shown_with_its_time(lead: Pc) -> None:
    shown = lead.get("/quality").text
    assert "市级中心连不上，以下是" in shown
    assert "62.5%" in shown and "低于 65%" in shown and NAMES[WANG] in shown
    assert "None" not in shown
    assert "<html" not in lead.get("/quality", headers={"X-Part": "1"}).text


def test_only_own_levels_of_named_marks_given_here_are_listed(lead: Pc) -> None:
    shown = lead.get("/quality").text
    assert "333330" in shown
    assert "/quality/clips/1/video" in shown
    assert "/quality/clips/2/video" not in shown, "not marked yet"
    assert "/quality/clips/3/video" not in shown, "another person's mark"
    assert lead.get("/quality/clips/1/video").content == VIDEO
    assert lead.get("/quality/clips/3/video").status_code == 404


def test_nobody_but_the_lead_sees_it(lab: Lab) -> None:
    for person in (WANG, SUN):
        assert lab.at_work(person).get("/quality").status_code == 403
        assert lab.at_work(person).get("/quality/clips/1/video").status_code == 403


def test_figures_of_another_sitting_or_version_are_not_shown(lab: Lab, lead: Pc) -> None:
    with lab.store.writing() as db:
        quality.keep(db, told(sitting=FORMAL + 7))
    assert "市级还没有本区县的评分质量" in lead.get("/quality").text
    with lab.store.writing() as db:
        db.conn.execute("UPDATE meta SET value = '{\"sitting\": 1}' WHERE key = 'quality'")
        assert quality.kept(db, 1) is None


def test_a_wiped_trial_leaves_no_figures(lab: Lab) -> None:
    with lab.store.writing() as db:
        drop_trial(db, FORMAL + 1, now())
        assert quality.kept(db, FORMAL) is None


class TellingHub(StandInHub):
    questions = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == paths.QUALITY:
            self.questions += 1
            return self._refused(request) or self._signed(request, told())
        return super().answer(request)


def kept_after(tmp_path: Path, hub: TellingHub, *, looks: int, is_connected: bool = True) -> bool:
    """Whether the city's word is kept once so many looked."""
    store = a_node_store(tmp_path, *CARDS)
    enrolled(store)
    asker = QualityAsker(store, hub.client(), LinkState(is_connected=is_connected))

    async def look() -> None:
        await asyncio.gather(*(asker.refresh() for _ in range(looks)))

    asyncio.run(look())
    with store.reading() as db:
        kept = quality.kept(db, FORMAL)
    store.close()
    return kept is not None


def test_the_city_is_asked_once_however_many_look(tmp_path: Path) -> None:
    hub = TellingHub()
    assert kept_after(tmp_path, hub, looks=5)
    assert hub.questions == 1


def test_a_city_that_does_not_answer_is_no_error(tmp_path: Path) -> None:
    assert not kept_after(tmp_path, TellingHub(wrong=[link_down]), looks=1)


def test_nobody_waits_for_a_city_that_is_known_to_be_away(tmp_path: Path) -> None:
    hub = TellingHub()
    assert not kept_after(tmp_path, hub, looks=1, is_connected=False)
    assert hub.questions == 0
