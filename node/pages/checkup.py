"""The doctor at work behind a page: one examination at a time, what it has found so far."""

import logging
import threading
from collections.abc import Callable, Iterator

from node.doctor.findings import Finding

log = logging.getLogger(__name__)


class Checkup:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.found: list[Finding] = []
        self.is_running = False
        self.is_done = False

    def begin(self, examination: Callable[[], Iterator[Finding]]) -> None:
        """In a thread of its own, since it takes up to half a minute."""
        with self._lock:
            if self.is_running:
                return
            self.is_running, self.is_done, self.found = True, False, []
        threading.Thread(target=self._examine, args=(examination,), daemon=True).start()

    def _examine(self, examination: Callable[[], Iterator[Finding]]) -> None:
        try:
            for finding in examination():
                self.found = [*self.found, finding]
            self.is_done = True
        except OSError:
            log.exception("the examination broke off")
        finally:
            self.is_running = False
