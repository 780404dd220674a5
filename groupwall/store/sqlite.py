"""SQLite underneath: opening a folder safely, one durable commit for many calls, snapshots for readers.

Measured best (docs/decisions/0002-group-commit.md): the calls of one turn run in one open transaction, each in a
savepoint of it, and one commit with ``synchronous=FULL`` makes them durable before any reply leaves. Nothing here
assumes that it is the only process on the file: the revision is read under the write lock, which is held to the commit.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from groupwall.store.changes import GENESIS, Head
from groupwall.store.entities import AccessKey, World
from groupwall.store.folder import StoreError, Watch, claim, refuse_network
from groupwall.store.reads import Reads
from groupwall.store.retention import Retention, let_go, overdue
from groupwall.store.schema import APPLICATION_ID, MIGRATIONS
from groupwall.store.transaction import STEP, Transaction
from groupwall.units import Ids

T = TypeVar("T")

FILE = "groupwall.db"
MEMORY = ":memory:"
BUSY = 2.0
"""Seconds to wait for another process's write lock, which that process holds for the time of one commit."""

DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
PRIMARY_CODE = 0xFF
"""What of SQLite's codes tells the kind of an error; the bits above tell its cause."""


class Store:
    """The tables and their history in one SQLite file, or in memory. Threads may share it, and wait for each other."""

    def __init__(
        self, connection: sqlite3.Connection, where: str, lock: contextlib.ExitStack, *, read_only: bool = False
    ) -> None:
        self.where = where
        self.read_only = read_only
        self._connection = connection
        self._lock = lock
        self._turn = threading.RLock()
        self._failed: str | None = None
        self._watch = Watch(*(Path(where, name) for name in (FILE, f"{FILE}-wal"))) if where != MEMORY else None
        self._worlds: dict[World, int] = {}

    @property
    def on_disk(self) -> bool:
        """Whether another process can read it too."""
        return self.where != MEMORY

    def close(self) -> None:
        """Close the file and give up the folder."""
        with self._turn:
            self._connection.close()
            self._lock.close()

    def run(self, work: Callable[[Transaction], T], *, sole: bool = False) -> T:
        """Run ``work`` in one transaction and commit it durably; nothing of it stands when it raises.

        sole: the work makes one attempt, and so needs no savepoint to undo it by.

        StoreError when the database refuses (full disk, damage). After damage was seen, or a commit failed, the store
        takes no more writes until it is opened again: what was kept of that commit is unknown, it may stand, whole.
        Reads go on: they see the last commit that succeeded.
        """
        with self._turn, self._explained():
            if failure := self.failure():
                raise StoreError(failure)
            with self._begun("BEGIN IMMEDIATE", sole=sole) as transaction:
                revision = transaction.head.revision
                result = work(transaction)
                if not self._connection.in_transaction:  # SQLite ends it by itself on a full disk or an I/O error
                    message = f"the database at {self.where} could not be written and undid the changes under way"
                    raise StoreError(message)
                if transaction.head.revision != revision:
                    self._connection.execute("UPDATE head SET revision = ?, hash = ?", transaction.head)
                if not transaction.spoiled:
                    self._commit()
            return result

    def forget(self, retention: Retention, now: int) -> bool:
        """Let a portion of the changes go that need not be kept any more; False when there was none.

        now: in milliseconds since 1970. StoreError as from ``run``.
        """
        with self._turn, self._explained():
            last = overdue(self._connection, retention, now)
            if last is None:
                return False
            self.run(lambda _: let_go(self._connection, last))
            return True

    def failure(self) -> str | None:
        """Return why no more is written until the store is opened again, None while all is well."""
        missing = self._watch.missing() if self._watch else None
        if missing:
            self._failed = f"{missing} was removed or replaced; no more writes until the server is started again"
        return self._failed

    def _commit(self) -> None:
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._failed = f"a commit failed ({error}); no more writes until the server is started again"
            raise StoreError(self._failed) from error

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` on a snapshot; what it writes is undone."""
        with self._turn, self._explained(), self._begun("BEGIN") as transaction:
            return work(transaction)

    def seal(self) -> bytes:
        """Return the key of the store's keyed hashes and of what it seals; it never changes."""
        with self._turn, self._explained():
            return bytes(self._connection.execute("SELECT seal FROM head").fetchone()[0])

    def access_key(self, key_id: str) -> tuple[AccessKey, str] | None:
        """Return an access key and its secret, as last committed: one statement, since every signed request asks."""
        with self._turn, self._explained():
            return Reads(self._connection).access_key(key_id)

    @contextlib.contextmanager
    def _begun(self, begin: str, *, sole: bool = False) -> Iterator[Transaction]:
        """Open a transaction, look at the head, and undo what is not committed at the end."""
        self._connection.execute(begin)
        try:
            revision, digest, seal, expects = self._connection.execute(_BEGUN).fetchone()
            transaction = Transaction(self._connection, Head(revision, digest), seal, self._worlds, sole=sole)
            transaction.expects = bool(expects)
            self._connection.set_progress_handler(transaction.step, STEP)
            yield transaction
        finally:
            self._connection.set_progress_handler(None, 0)
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except StoreError as error:
            self._look_for_damage(error.__cause__)
            raise
        except sqlite3.Error as error:
            self._look_for_damage(error)
            message = f"the database at {self.where} failed: {error}"
            raise StoreError(message) from error

    def _look_for_damage(self, error: BaseException | None) -> None:
        if getattr(error, "sqlite_errorcode", 0) & PRIMARY_CODE in DAMAGE:
            self._failed = f"the database at {self.where} is damaged ({error}); no more writes until it is replaced"


_BEGUN = "SELECT revision, hash, seal, EXISTS (SELECT 1 FROM expectation) FROM head"


def open_store(data: str, ids: Ids, migrations: Sequence[str] = MIGRATIONS) -> Store:
    """Open the store of a folder, made where it is missing, or one in memory for ``:memory:``; claim it for one server.

    StoreError, with the database left as it was: another server holds the folder, it lies on a network file system, the
    database is damaged, of another program, or newer than this groupwall. An older one is copied, then migrated.
    """
    lock = contextlib.ExitStack()
    if data == MEMORY:
        connection = _connect(MEMORY)
        _set_up(connection)
        _migrate(connection, 0, ids, migrations)
        return Store(connection, MEMORY, lock)
    folder = Path(data)
    refuse_network(folder)
    with lock:
        lock.enter_context(claim(folder))
        connection, version = _open_file(folder / FILE, len(migrations))
        with _close_on_error(connection):
            if 0 < version < len(migrations):
                _copy(connection, folder / f"groupwall-version-{version}.db")
            _migrate(connection, version, ids, migrations)
        return Store(connection, str(folder), lock.pop_all())


def open_beside(data: str, *, read_only: bool = False) -> Store:
    """Open a store that a server may be holding: for its reader, or for a command that makes one change.

    StoreError when there is none, or when it is not of this groupwall's version.
    """
    path = Path(data) / FILE
    if not path.is_file():
        message = f"there is no groupwall store in {data}"
        raise StoreError(message)
    connection, version = _open_file(path, len(MIGRATIONS))
    with _close_on_error(connection):
        if version != len(MIGRATIONS):
            message = f"the store in {data} is of an older version; start the server once to bring it up to date"
            raise StoreError(message)
        if read_only:
            connection.execute("PRAGMA query_only = ON")
    return Store(connection, data, contextlib.ExitStack(), read_only=read_only)


@contextlib.contextmanager
def _close_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _open_file(path: Path, newest: int) -> tuple[sqlite3.Connection, int]:
    """Open a database, made where it is missing, and return its version, 0 for a new one.

    Nothing is written to a file that turns out not to be ours: it may be dear to another program.
    """
    try:
        _refuse_lost(path)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = _connect(str(path))
        with _close_on_error(connection):
            version = _version(connection, path, newest)
            path.chmod(0o600)
            _set_up(connection)
    except OSError as error:
        message = f"cannot open {path}: {error.strerror}"
        raise StoreError(message) from error
    except sqlite3.Error as error:
        message = f"{path} is damaged or is no database ({error}); it was left as it is: put a copy in its place"
        raise StoreError(message) from error
    return connection, version


def _refuse_lost(path: Path) -> None:
    """Refuse a log whose database is gone or empty: SQLite would throw the log away and begin anew."""
    log = path.with_name(path.name + "-wal")
    if log.is_file() and log.stat().st_size and not (path.is_file() and path.stat().st_size):
        message = f"{path} is missing or empty, but its write-ahead log is not; both were left as they are"
        raise StoreError(message)


def _connect(path: str) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=100, timeout=BUSY)


def _version(connection: sqlite3.Connection, path: Path, newest: int) -> int:
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application_id != APPLICATION_ID and (application_id or version or tables):
        message = f"{path} belongs to another program"
        raise StoreError(message)
    if version > newest:
        message = f"{path} was written by a newer groupwall (version {version}, this one knows {newest})"
        raise StoreError(message)
    if version:
        connection.execute("SELECT revision, hash, seal FROM head").fetchone()
    return version


_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",
    "PRAGMA case_sensitive_like = ON",
    "PRAGMA cache_size = -65536",
    "PRAGMA temp_store = MEMORY",  # or the savepoints of a long turn are written to, and depend on, another disk
)


def _set_up(connection: sqlite3.Connection) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _copy(connection: sqlite3.Connection, path: Path) -> None:
    """Write a copy of the whole database, readable by its owner alone, whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.unlink(missing_ok=True)
        file = os.open(partial, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            connection.execute("VACUUM INTO ?", (str(partial),))
            os.fsync(file)
        finally:
            os.close(file)
        partial.replace(path)
    except (OSError, sqlite3.Error) as error:
        message = f"{path} could not be written ({error}); the store was left as it was"
        raise StoreError(message) from error


def _migrate(connection: sqlite3.Connection, version: int, ids: Ids, migrations: Sequence[str]) -> None:
    """Take all steps that are missing, in one transaction."""
    if version == len(migrations):
        return
    steps = ";".join(migrations[version:])
    try:
        connection.executescript(f"BEGIN IMMEDIATE; {steps}; PRAGMA user_version = {len(migrations)};")
        if version == 0:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute("INSERT INTO head VALUES (1, 0, ?, ?)", (GENESIS, ids.key()))
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        message = f"the store could not be brought to version {len(migrations)}, and was left as it was: {error}"
        raise StoreError(message) from error
