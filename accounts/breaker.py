"""Rest from a service that just failed, so that a page doesn't wait for it again and again."""

import logging
from time import monotonic

logger = logging.getLogger(__name__)


class Breaker:
    """Opens when a service fails and stays so for `rest` seconds; safe to share by threads.

    Logs one line when the service goes and one when it is back, however often it is asked.
    """

    def __init__(self, name: str, *, rest: float = 1.0) -> None:
        self.name = name
        self.rest = rest
        self._until = 0.0
        self._down = False

    @property
    def is_open(self) -> bool:
        """Whether the service should be left alone for now."""
        return monotonic() < self._until

    def failed(self, problem: BaseException) -> None:
        self._until = monotonic() + self.rest
        if not self._down:
            self._down = True
            logger.warning("%s is away: %s", self.name, type(problem).__name__)

    def worked(self) -> None:
        if self._down:
            self._down = False
            self._until = 0.0
            logger.warning("%s is back", self.name)
