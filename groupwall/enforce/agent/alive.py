"""An agent beside a server is started again when it dies, by its parent, which does nothing else.

The server cannot do it: it is root no longer by then. This process is, and reads nothing that anyone sends.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
from contextlib import suppress
from pathlib import Path

from groupwall.units import ticks

SOONEST, LATEST = 0.1, 10.0
"""Seconds until a new one is started: at first, and at most, of one that dies again and again."""

STEADY = 60.0
"""Seconds after which one counts as well begun."""

log = logging.getLogger("groupwall")


def keep_alive(lifeline: int) -> None:
    """Return in a child, and in a new one whenever it dies; in this process never, which ends with the last of them.

    lifeline: a descriptor that is at its end when there should be no agent any more, which ends the child by itself.
    The first one is not started again if it ends at its start by itself: it has said why.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    pause, first = SOONEST, True
    while True:
        began, child = ticks(), os.fork()
        if not child:
            return
        status, steady = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), ticks() - began > STEADY
        if not status or (first and status > 0 and not steady):
            sys.exit(status)
        pause, first = SOONEST if first or steady else min(2 * pause, LATEST), False
        log.error("the agent has ended (%s): rules stay as they are, and in %s s it is started again", status, pause)
        if select.select([lifeline], [], [], pause)[0]:
            sys.exit()


def is_child(pid: int | None, parent: int) -> bool:
    """Tell whether a process has another as its parent."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[1]) == parent
    return False
