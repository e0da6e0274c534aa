"""Meets the hub: says hello, decides by the one table, and does what was decided."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from node.schema import SCHEMA
from node.store import exam, meta, outbox
from node.uplink.answers import Outage
from node.uplink.client import HubClient
from node.uplink.state import LinkState, finish
from node.work.apply_feed import restart
from node.work.new_life import begin_new_life
from shared import PROTOCOL, PROTOCOL_LEAST
from shared.kit.clock import now
from shared.kit.store import Store
from shared.rules.hello import Action, Decision, HubSide, NodeSide, Protocols, decide
from shared.wire.meeting import (
    COMPARES_WHEN_ASKED,
    KNOWS_SEVERAL_NODES,
    HelloAnswer,
    HelloRequest,
    KnownSitting,
)

OURS = Protocols(PROTOCOL_LEAST, PROTOCOL)
CAPS = ["seal", "history", "compare", "rotate", COMPARES_WHEN_ASKED, KNOWS_SEVERAL_NODES]
MEETINGS_MAX = 4
"""A snapshot, a new life, sending again, and all is well."""

TEXTS = {
    Action.WAIT: "本节点的身份有争议（可能有两台电脑在用），暂停下发任务，"
    "请联系市级管理员；评分照常保存和上报",
    Action.UPDATE: "本节点的程序版本与市级中心不一致，请安装市里发布的版本；评分照常保存和上报",
}
"""Why no new work comes, for the status page."""


@dataclass(frozen=True, slots=True)
class Program:
    """Which program speaks, and in which of its runs."""

    version: str
    boot_id: str


class Meeting:
    """One for all loops of an enrolment: whoever comes first says hello for all."""

    def __init__(
        self,
        store: Store,
        client: HubClient,
        state: LinkState,
        program: Program,
        moment: Callable[[], datetime] = now,
    ) -> None:
        self._store = store
        self._client = client
        self._state = state
        self._program = program
        self._moment = moment
        self._turn = asyncio.Lock()
        self._decided = Decision(Action.OK)

    async def meet(self) -> Decision:
        """Say hello where that is due, until both are in step; Outage where it fails."""
        async with self._turn:
            if not self._state.is_met:
                self._decided = await self._until_in_step()
                self._state.is_met = True
        return self._decided

    async def must_be_welcome(self) -> None:
        """For new work; Outage says why there is none."""
        decided = await self.meet()
        if text := TEXTS.get(decided.action):
            self._state.is_met = False
            raise Outage(text)

    async def _until_in_step(self) -> Decision:
        for _ in range(MEETINGS_MAX):
            request = await finish(self._request)
            answer = await self._client.hello(request)
            self._state.clock.learn(answer.server_time, self._moment(), self._client.last.rtt_s)
            self._state.reached(self._moment())
            self._state.events_per_push = answer.events_per_push
            decided = await finish(self._do, answer)
            if decided.action is not Action.OK:
                self._state.is_compared = False
            if decided.action in (Action.OK, *TEXTS):
                return decided
        raise Outage("与市级中心的记录对不上，请联系市级管理员")

    def _request(self) -> HelloRequest:
        with self._store.reading() as db:
            link, node_inc = meta.link(db), meta.node_inc(db)
            if link is None or node_inc is None:
                raise RuntimeError("only an enrolled node says hello")
            return HelloRequest(
                hub_id=link.hub_id,
                hub_inc=link.hub_inc,
                node_inc=node_inc,
                boot_id=self._program.boot_id,
                acked_seq=outbox.acked_seq(db),
                last_seq=outbox.last_seq(db),
                protocol_min=OURS.least,
                protocol_max=OURS.most,
                caps=CAPS,
                app_version=self._program.version,
                schema=SCHEMA,
                sittings=[
                    KnownSitting(sitting=s.id, kind=s.kind, state=s.state)
                    for s in exam.sittings(db)
                ],
            )

    def _do(self, answer: HelloAnswer) -> Decision:
        with self._store.writing() as db:
            link = meta.link(db)
            if link is None or link.hub_id != answer.hub_id:
                raise Outage("这不是本节点接入的市级中心，请检查地址")
            ours = NodeSide(
                link.hub_id,
                link.hub_inc,
                OURS,
                outbox.acked_seq(db),
                outbox.chain_at(db, answer.acked_seq),
            )
            decided = decide(_side(answer), ours)
            if decided.action is Action.SNAPSHOT:
                restart(db, answer.hub_inc, self._moment())
            elif decided.action is Action.NEW_LIFE:
                begin_new_life(db, self._moment())
            elif decided.action is Action.RESEND:
                outbox.align(db, decided.resend_from)
        return decided


def _side(answer: HelloAnswer) -> HubSide:
    return HubSide(
        answer.hub_id,
        answer.hub_inc,
        Protocols(answer.protocol_min, answer.protocol_max),
        answer.is_suspended,
        answer.acked_seq,
        answer.chain,
    )
