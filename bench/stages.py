"""Where the time of a request goes inside the server: ``python -m bench.stages [--connections 16] [--seconds 3]``.

The server runs in this process with a stopwatch around its stages and around every SQL statement; the load generator
runs beside it. Times are exclusive: what a stage calls and that has a stopwatch too is counted there and not here. What
no stopwatch sees is uvicorn, the event loop and the kernel. A stopwatch costs about half a microsecond itself.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import signal
import sqlite3
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import wire
from bench.programs import HOST, ROOT, load, make_key
from groupwall import app, server
from groupwall.accesslog import AccessLog
from groupwall.app import App, open_app
from groupwall.authentication import Signed
from groupwall.config import Quotas, Settings
from groupwall.listening import listen
from groupwall.ops.rules import authorize, revoke
from groupwall.server import serve
from groupwall.store import sqlite, transaction
from groupwall.store.sqlite import Store, open_store
from groupwall.store.transaction import Transaction
from groupwall.turns import Turns
from groupwall.units import Ids

ENCODE = "wire: encode the reply"
"""The stage that each request has once."""
STATEMENT = 56
"""Characters of a statement that name it."""


class Stopwatch:
    """Exclusive seconds and counts by stage, for the one thread that the server runs in."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.counts: Counter[str] = Counter()
        self._inner = [0.0]

    def around(self, owner: object, attribute: str, name: str) -> None:
        """Put the stopwatch around a function of a class or a module, wherever it is called from there."""
        setattr(owner, attribute, self.timed(getattr(owner, attribute), name))

    def timed(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        """Return the function with its time counted for a stage, without that of the stages within."""
        inner, seconds, counts, now = self._inner, self.seconds, self.counts, time.perf_counter

        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the function's own
            inner.append(0.0)
            started = now()
            try:
                return function(*args, **kwargs)
            finally:
                whole = now() - started
                seconds[name] += whole - inner.pop()
                counts[name] += 1
                inner[-1] += whole

        return timed

    def clear(self) -> None:
        """Start from nothing."""
        self.seconds.clear()
        self.counts.clear()


WATCH = Stopwatch()


class Watched(sqlite3.Connection):
    """A connection whose statements are timed by their text."""

    def execute(self, text: str, *bound: Any) -> sqlite3.Cursor:  # noqa: ANN401 - sqlite3's own
        """Time one statement."""
        cursor: sqlite3.Cursor = _statement(text, many=False)(self, text, *bound)
        return cursor

    def executemany(self, text: str, *bound: Any) -> sqlite3.Cursor:  # noqa: ANN401 - sqlite3's own
        """Time a statement with many rows."""
        cursor: sqlite3.Cursor = _statement(text, many=True)(self, text, *bound)
        return cursor


@functools.cache
def _statement(text: str, *, many: bool) -> Callable[..., Any]:
    plain = sqlite3.Connection.executemany if many else sqlite3.Connection.execute
    return WATCH.timed(plain, "sql  " + " ".join(text.split())[:STATEMENT])


def _connect(path: str) -> sqlite3.Connection:
    return sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=512, timeout=10, factory=Watched
    )


def watch() -> None:
    """Put the stopwatch around the stages of a request."""
    sqlite._connect = _connect  # noqa: SLF001 - the one door to SQLite
    WATCH.around(server, "_request", "http: scope to Request")
    WATCH.around(app, "read", "wire: decode")
    WATCH.around(Signed, "__call__", "authenticate: scope, verify")
    WATCH.around(Store, "access_key", "authenticate: find the key")
    WATCH.around(App, "prepare", "app: prepare")
    WATCH.around(App, "reply", ENCODE)
    WATCH.around(App, "perform", "app: perform, savepoint and context")
    WATCH.around(app, "_event", "change: request as JSON")
    WATCH.around(Store, "run", "store: the frame of a transaction")
    WATCH.around(Turns, "_answer_waiting", "server: a turn")
    WATCH.around(transaction, "next_change", "change: JSON and hash")
    WATCH.around(transaction, "columns_text", "delta: JSON")
    WATCH.around(Transaction, "record", "change: record")
    WATCH.around(Transaction, "add", "store: add")
    WATCH.around(Transaction, "remove", "store: remove")
    WATCH.around(Transaction, "_all", "store: read, fetch rows")
    WATCH.around(Transaction, "_values", "store: rows to values")
    for module in (authorize, revoke):
        WATCH.around(module, "read_asked", "rules: read the permissions")
    WATCH.around(revoke, "match", "rules: match")
    WATCH.around(authorize, "new_or_refuse", "rules: new or refuse")
    WATCH.around(authorize, "rule_described", "ops: describe the rule")
    WATCH.around(AccessLog, "add", "log: add a line")


def measure(connections: int, seconds: float, folder: Path) -> None:
    """Serve in this thread while another has the load generator run, and print what was seen."""
    watch()
    credentials = make_key(folder)
    settings = Settings(data=str(folder), auth="signed")
    store = open_store(settings.data, Ids())
    sock = listen(HOST, 0)
    site = wire.Site(HOST, sock.getsockname()[1], credentials)
    thread = threading.Thread(target=_drive, args=(site, connections, seconds), daemon=True)
    thread.start()
    with sock, contextlib.redirect_stderr((folder / "log").open("w")):
        serve(open_app(store, settings, Quotas()), settings, sock)


def _drive(site: wire.Site, connections: int, seconds: float) -> None:
    groups = [wire.create_group(site, f"stage-{number}") for number in range(connections)]
    turns = [wire.pair(site, group) for group in groups]
    load(site, turns, 1)
    WATCH.clear()
    before = time.process_time()
    load(site, turns, seconds)
    _show(time.process_time() - before)
    os.kill(os.getpid(), signal.SIGTERM)


def _show(used: float) -> None:
    """Print microseconds per request by stage; used: seconds of processor time of the whole process."""
    requests = WATCH.counts[ENCODE]
    each = used / requests * 1e6
    print(f"{requests} requests, {each:.0f} us of processor time each, {_calls_per_turn():.1f} in a commit\n")
    print(f"{'us/request':>10} {'times':>6}  stage")
    rows = [
        *WATCH.seconds.items(),
        ("all that no stopwatch sees: uvicorn, loop, kernel", used - sum(WATCH.seconds.values())),
    ]
    for name, seconds in sorted(rows, key=lambda row: -row[1]):
        print(f"{seconds / requests * 1e6:10.1f} {WATCH.counts[name] / requests:6.2f}  {name}")


def _calls_per_turn() -> float:
    return WATCH.counts[ENCODE] / WATCH.counts["server: a turn"]


def main() -> None:
    """Measure with the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.stages", description=__doc__)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        measure(options.connections, options.seconds, Path(folder))


if __name__ == "__main__":
    main()
