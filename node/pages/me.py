"""Who marks here, by which rules, and with what beside the clip: asked once as the page opens."""

from typing import Any

from litestar import get
from litestar.di import NamedDependency
from sqlite_utils import Database

from node.pages.marking import MARKERS
from node.pages.people import Person
from node.store import exam, meta, preferences, videos
from node.store.accounts import Account
from shared.kit.store import Store
from shared.rules.rubric import CRITERIA, MarkException


@get("/api/me", sync_to_thread=True)
def me(person: NamedDependency[Person], store: NamedDependency[Store]) -> dict[str, Any]:
    person.require(*MARKERS, even_locked=True)
    with store.reading() as db:
        link, known, sitting = meta.link(db), exam.exam(db), exam.current_sitting(db)
        policy = exam.policy(db)
        return {
            "account": _account(person.account),
            "is_locked": person.is_locked,
            "district": link.district if link else "",
            "exam_name": known.name if known else "",
            "sitting": sitting,
            "policy": {
                "show_round": policy.show_round,
                "heard_percent_min": policy.heard_percent_min,
                "leader_sees_marks": policy.leader_sees_marks,
                "incomplete_may_be_scored": policy.incomplete_may_be_scored,
                "off_topic_needs_comment": policy.off_topic_needs_comment,
                "phrases": policy.phrases,
            },
            "preferences": preferences.of_account(db, person.id),
            "criteria": [{"code": c.value, "label": c.label} for c in CRITERIA],
            "exceptions": [{"code": e.value, "label": e.label} for e in MarkException],
            "groups": _groups(db, person.account),
        }


def _account(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "phone_masked": f"{account.phone[:3]}****{account.phone[-4:]}",
        "role": account.role.value,
        "scope": account.scope.value if account.scope else None,
    }


def _groups(db: Database, account: Account) -> list[dict[str, Any]]:
    words = exam.descriptors(db)
    return [
        {
            "id": group.id,
            "label": group.label,
            "stage_label": group.stage.label,
            "item": group.item,
            "descriptors": words.get(group.id, {}),
            "lyrics": group.lyrics,
            "model": _model(db, group),
        }
        for group in exam.groups(db)
        if group.stage == account.scope
    ]


def _model(db: Database, group: exam.Group) -> dict[str, Any] | None:
    found = videos.video(db, group.model_sha256) if group.model_sha256 else None
    if found is None:
        return None
    return {"url": f"/models/{group.id}", "loudness_db": found.loudness_db}


ROUTES = [me]
