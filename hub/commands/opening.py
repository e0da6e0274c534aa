"""Opens the hub's data folder: to write when no other program does, to read at any time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from hub import schema
from hub.settings import HubSettings
from hub.work import lives
from hub.work.reach_file import last_reach
from shared.kit.clock import now
from shared.kit.lock import hold
from shared.kit.refusal import Refusal
from shared.kit.store import Store, reading_beside


@contextmanager
def hub_to_write(data: Path) -> Iterator[Store]:
    """Refuses while the service runs on the same folder."""
    settings = HubSettings(data)
    with hold(settings.lock):
        store = Store(settings.database, schema.migrations)
        try:
            with store.writing() as db:
                lives.start(db, last_reach(settings.reach_file), now())
            yield store
        finally:
            store.close()


@contextmanager
def hub_to_read(data: Path) -> Iterator[Database]:
    path = HubSettings(data).database
    if not path.is_file():
        raise Refusal("no_data", f"数据目录 {data} 里还没有数据，请先导入考试。")
    with reading_beside(path) as db:
        yield db
