"""Whether the server answers: whoever watches is told once that it does not, and once that it does again."""

from __future__ import annotations

import logging

log = logging.getLogger("groupwall")


class Hearing:
    """What keeps the server from answering. again: what to tell when it does again."""

    def __init__(self, again: str) -> None:
        self._again = again
        self.trouble = ""
        """The reason, empty while there is none."""
        self._told = ""

    def fails(self, trouble: str, *, patient: bool = False) -> None:
        """Take note that it does not. patient: say nothing yet, since a server may end and be there again."""
        self.trouble = trouble
        if trouble != self._told and not patient:
            log.warning("%s", trouble)
            self._told = trouble

    def succeeds(self) -> None:
        """Take note that it does."""
        if self._told:
            log.warning("%s", self._again)
        self.trouble = self._told = ""
