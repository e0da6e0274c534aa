"""Apps of hub and node, each made once and lived in by one test after another.

It takes Litestar a quarter of a second to make one; all that lives in it is new in each life.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from litestar import Litestar

import hub.app
import node.app
from hub.settings import HubSettings
from node.settings import NodeSettings
from node.uplink.http import MakeHttp

_idle_hubs: list[Litestar] = []
_idle_nodes: list[Litestar] = []


@contextmanager
def a_hub_app(settings: HubSettings) -> Iterator[Litestar]:
    """Its timetable does not run."""
    app = _idle_hubs.pop() if _idle_hubs else hub.app.create_app(settings)
    _begin_anew(app, settings=settings, with_jobs=False)
    yield app
    # Not after a failure, which may have left anything behind.
    _idle_hubs.append(app)


@contextmanager
def a_node_app(settings: NodeSettings, make_http: MakeHttp) -> Iterator[Litestar]:
    app = _idle_nodes.pop() if _idle_nodes else node.app.create_app(settings, make_http)
    _begin_anew(app, settings=settings, make_http=make_http)
    yield app
    _idle_nodes.append(app)


def _begin_anew(app: Litestar, **state: object) -> None:
    for name in app.state.dict():
        del app.state[name]
    for name, value in state.items():
        app.state[name] = value
