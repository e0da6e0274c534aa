"""Where the city wants it so, a node that enrolled waits until both screens were compared."""

from pathlib import Path

import pytest

from hub.settings import HubSettings
from hub.store import nodes
from hub.work.enrol_node import confirm, invite
from node.uplink.answers import Outage
from node.uplink.client import HubClient, Identity, ask_to_enrol
from node.uplink.clock import HubClock
from shared import PROTOCOL
from shared.kit.clock import now
from shared.wire.messages import EnrolAnswer, EnrolRequest, PullRequest
from tests.hub.door import AtDoor, a_status, at_door
from tests.hub.makers import ADMIN

NAME = "第1区二号机房"


async def enrolled(door: AtDoor) -> EnrolAnswer:
    with door.store.writing() as db:
        code = invite(db, NAME, 1, now())
    request = EnrolRequest(
        code=code, enrol_nonce="n", node_inc="i", app_version="0.1.0", protocol=PROTOCOL
    )
    return await ask_to_enrol(door.http, request)


def client_of(door: AtDoor, answer: EnrolAnswer) -> tuple[HubClient, PullRequest]:
    client = HubClient(door.http, Identity(answer.node_id, answer.secret), HubClock())
    asked = PullRequest(hub_inc=answer.hub_inc, after=0, wait_s=0, status=a_status())
    return client, asked


def test_a_node_gets_people_and_tasks_only_after_its_digits_were_compared(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        door.app.state.settings = HubSettings(data=tmp_path, confirm_nodes=True)
        answer = await enrolled(door)
        client, asked = client_of(door, answer)
        with door.store.reading() as db:
            node = nodes.by_name(db, NAME)
        assert node is not None and len(node.check_digits) == 7
        with pytest.raises(Outage) as outage:
            await client.pull(asked)
        assert node.check_digits in outage.value.text, "both screens show the same"
        with door.store.writing() as db:
            confirm(db, node.id, ADMIN, now())
        assert (await client.pull(asked)).items

    at_door(tmp_path, visit, works=1)


def test_where_the_city_does_not_want_it_nobody_waits(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        client, asked = client_of(door, await enrolled(door))
        assert (await client.pull(asked)).items

    at_door(tmp_path, visit, works=1)
