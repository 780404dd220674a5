"""What takes its time, done in a thread, while the loop goes on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


async def apart(act: Callable[[], T]) -> T:
    """Return what ``act`` returns, done in a thread that does not keep the program from ending."""
    found: Future[T] = Future()
    threading.Thread(target=_settle, args=(found, act), daemon=True).start()
    return await asyncio.wrap_future(found)


def _settle(found: Future[T], act: Callable[[], T]) -> None:
    if found.set_running_or_notify_cancel():
        try:
            found.set_result(act())
        except BaseException as error:  # noqa: BLE001 - whoever awaits it gets it
            found.set_exception(error)
