"""What is found where the database should be: damage, other programs, other versions."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from groupwall.store.folder import StoreError
from groupwall.store.schema import APPLICATION_ID, MIGRATIONS
from groupwall.store.sqlite import FILE, open_beside, open_store
from groupwall.units import Ids
from tests.driver import ACTIONS, Wall
from tests.law import breaches, revision
from tests.scenes import create_group

NEXT = (*MIGRATIONS, "CREATE TABLE later (id TEXT) STRICT; INSERT INTO later VALUES ('new')")
COPY = f"groupwall-version-{len(MIGRATIONS)}.db"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A closed store with a few changes in it."""
    with Wall(data=str(tmp_path)) as wall:
        for number in range(3):
            create_group(wall, f"group-{number}")
    return tmp_path


def truncate(file: Path) -> None:
    """Cut off the second half."""
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def scramble(file: Path) -> None:
    """Put noise in the file's place."""
    file.write_bytes(b"\x5a\xa5 this is no database " * 500)


def break_schema(file: Path) -> None:
    """Flip every byte of the first page but the header's."""
    pages = bytearray(file.read_bytes())
    pages[100:4096] = bytes(byte ^ 0xFF for byte in pages[100:4096])
    file.write_bytes(pages)


def lose_head(file: Path) -> None:
    """Take away the table that every start reads first."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TABLE head")


@pytest.mark.parametrize("damage", [truncate, scramble, break_schema, lose_head])
def test_damage_is_told_and_left(folder: Path, damage: Callable[[Path], None]) -> None:
    """A damaged database is refused, by its name and what to do, and not a byte of it is changed (inferred)."""
    damage(folder / FILE)
    before = (folder / FILE).read_bytes()
    for _ in range(2):
        with pytest.raises(
            StoreError, match=f"{folder / FILE} is damaged or is no database .* put a copy in its place"
        ):
            open_store(str(folder), Ids(1))
    assert (folder / FILE).read_bytes() == before


@pytest.mark.parametrize("lose", [Path.unlink, lambda file: file.write_bytes(b"")], ids=["missing", "empty"])
def test_a_log_without_its_database_is_kept(folder: Path, lose: Callable[[Path], object]) -> None:
    """Changes that only the write-ahead log holds are not thrown away with a database that is gone (inferred)."""
    database, log = folder / FILE, folder / f"{FILE}-wal"
    with Wall(data=str(folder)) as wall:
        create_group(wall, "late")
        kept = log.read_bytes()
    assert kept
    log.write_bytes(kept)
    lose(database)
    with pytest.raises(StoreError, match="its write-ahead log is not"):
        open_store(str(folder), Ids(1))
    assert log.read_bytes() == kept


def test_flipped_bytes_are_no_answer(folder: Path) -> None:
    """A page that was overwritten gives errors where it is read, and no write on it is told as done (inferred)."""
    file = folder / FILE
    with closing(sqlite3.connect(file)) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'security_group'").fetchone()[0]
    pages = bytearray(file.read_bytes())
    pages[(page - 1) * 4096 : page * 4096] = bytes(byte ^ 0xFF for byte in pages[(page - 1) * 4096 : page * 4096])
    file.write_bytes(pages)
    at = revision(folder)
    with Wall(data=str(folder)) as wall:
        for name, params in (
            ("DescribeSecurityGroups", {}),
            ("CreateSecurityGroup", {"GroupName": "x", "Description": "x"}),
        ):
            request = wall.request(ACTIONS[name], **params)
            assert wall.send(request).status == 503
    assert revision(folder) == at


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE theirs (id TEXT); INSERT INTO theirs VALUES ('dear')",
        "CREATE TABLE theirs (id TEXT); PRAGMA user_version = 7",
        "PRAGMA application_id = 77; PRAGMA user_version = 1",
        f"CREATE TABLE theirs (id TEXT); PRAGMA application_id = {APPLICATION_ID + 1}",
    ],
)
def test_a_file_of_another_program_is_left_alone(tmp_path: Path, script: str) -> None:
    """Another program's database is refused, and neither its bytes nor its mode are changed (inferred)."""
    file = tmp_path / FILE
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(script)
    file.chmod(0o640)
    before = file.read_bytes()
    with pytest.raises(StoreError, match="belongs to another program"):
        open_store(str(tmp_path), Ids(1))
    with pytest.raises(StoreError, match="belongs to another program"):
        open_beside(str(tmp_path))
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (before, 0o640)


def test_a_newer_version_is_left_alone(folder: Path) -> None:
    """A database of a later groupwall is refused with both versions, and left as it is (inferred)."""
    open_store(str(folder), Ids(1), NEXT).close()
    before = (folder / FILE).read_bytes()
    with pytest.raises(StoreError, match=rf"newer groupwall \(version {len(NEXT)}, this one knows {len(MIGRATIONS)}\)"):
        open_store(str(folder), Ids(1))
    assert (folder / FILE).read_bytes() == before


def test_an_older_version_is_copied_and_brought_up(folder: Path) -> None:
    """A store of an older version is copied, for the owner alone, and then brought up; nothing is lost (inferred)."""
    at = revision(folder)
    open_store(str(folder), Ids(1), NEXT).close()
    with closing(sqlite3.connect(folder / FILE)) as connection:
        assert connection.execute("SELECT id FROM later").fetchall() == [("new",)]
        assert connection.execute("PRAGMA user_version").fetchone() == (len(NEXT),)
    assert stat.S_IMODE((folder / COPY).stat().st_mode) == 0o600
    assert revision(folder) == at
    assert breaches(folder) == []
    shutil.copy(folder / COPY, folder / FILE)
    with Wall(data=str(folder)) as wall:
        assert len(wall.call("DescribeSecurityGroups")["SecurityGroups"]) == 4
    assert breaches(folder) == []


@pytest.mark.parametrize("step", ["CREATE TABLE head (id TEXT)", "no SQL at all"])
def test_a_failing_step_leaves_the_old_version(folder: Path, step: str) -> None:
    """Of several steps of which one fails none is taken, and the old groupwall goes on where it was (inferred)."""
    steps = (*NEXT, step)
    for _ in range(2):
        with pytest.raises(StoreError, match=f"could not be brought to version {len(steps)}, and was left as it was"):
            open_store(str(folder), Ids(1), steps)
    with closing(sqlite3.connect(folder / FILE)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'later'").fetchone() == (0,)
    with Wall(data=str(folder)) as wall:
        create_group(wall, "after")
    assert breaches(folder) == []


def test_no_copy_no_new_version(folder: Path) -> None:
    """A store whose copy cannot be written stays at its version (inferred)."""
    (folder / COPY).mkdir()
    with pytest.raises(StoreError, match=f"{COPY} could not be written"):
        open_store(str(folder), Ids(1), NEXT)
    open_store(str(folder), Ids(1)).close()


def test_beside_an_older_version_nothing_is_migrated(tmp_path: Path) -> None:
    """A command does not bring a store up to date: that is the server's to do (inferred)."""
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.executescript(f"PRAGMA application_id = {APPLICATION_ID}")
    with pytest.raises(StoreError, match="start the server once"):
        open_beside(str(tmp_path))


def test_a_start_in_memory_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store in memory makes no file, not even one of its name (inferred)."""
    monkeypatch.chdir(tmp_path)
    open_store(":memory:", Ids(1)).close()
    assert list(tmp_path.iterdir()) == []


def test_a_store_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    """What version 1 wrote is there after the migration, the old deltas still give the new tables (inferred)."""
    recorded = Path(__file__).parent.parent / "recordings" / "store-version-1.sql"
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.executescript(recorded.read_text("utf-8"))
    with Wall(data=str(tmp_path)) as wall:
        web = wall.call("DescribeSecurityGroups", GroupNames=["web"])["SecurityGroups"][0]
        vpcs = wall.call("DescribeVpcs", Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]
        wall.call("DeleteVpc", VpcId=vpcs[0]["VpcId"])
    assert web["IpPermissions"][0]["IpRanges"] == [{"CidrIp": "10.0.0.0/8"}]
    assert web["Tags"] == [{"Key": "a", "Value": "b"}]
    assert breaches(tmp_path) == []
    assert (tmp_path / "groupwall-version-1.db").is_file()
