"""What root runs, opens and gives away when a server that enforces starts, in folders that others may write to."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import chdir
from pathlib import Path

import pytest

from groupwall.commands.giving import give
from groupwall.config import SettingError
from tests.enforce.servers import enforcing, enforcing_on, environment, importable, python
from tests.programs import Ended, command, ended_of, make_key

NOBODY = pwd.getpwnam("nobody")
NAMES = f"gwt-{os.getpid()}-rooted"


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder of root's that others can reach; pytest's own is root's alone."""
    made = Path(tempfile.mkdtemp(prefix="groupwall-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def serve(root: Path, folder: Path) -> Ended:
    """Have a server that enforces start on a folder, which it must not."""
    paths = ("--data", str(folder), "--state", str(root / "agent"))
    with environment(PYTHONPATH=importable(), GROUPWALL_NAMES=NAMES):
        words = (python(), "-P", "-m", "groupwall.cli", "serve", "--port", "0", "--auth", "iam", "--enforce", "nft")
        return ended_of(*words, *paths)


def owners(folder: Path) -> dict[str, int]:
    """Return whom a folder and all that is in it belong to, by name."""
    return {one.name: one.lstat().st_uid for one in (folder, *folder.iterdir())}


def test_nothing_in_the_working_folder_is_run(tmp_path: Path) -> None:
    """A file there with the name of one of Python's modules is not what the agent imports, as root (inferred)."""
    (tmp_path / "shlex.py").write_text("open('ran', 'w').close()\nraise SystemExit\n")
    with chdir(tmp_path), enforcing() as one:
        assert (one.root / "agent" / "agent.sock").exists()
    assert [file.name for file in tmp_path.iterdir()] == ["shlex.py"]


@pytest.mark.parametrize("name", ["lock", "groupwall.db", "groupwall.db-wal", "root.credentials"])
def test_root_follows_no_link_of_the_users(name: str, root: Path) -> None:
    """A link that the server's user has put into its folder leads to no file that root makes or writes (inferred)."""
    folder, dear = root / "data", root / "dear"
    dear.mkdir(mode=0o700)
    folder.mkdir()
    (folder / name).symlink_to(dear / "made")
    for one in (folder, folder / name):
        os.chown(one, NOBODY.pw_uid, NOBODY.pw_gid, follow_symlinks=False)
    if name == "root.credentials":  # it is put in the link's place
        with enforcing_on(root, NAMES):
            assert not (folder / name).is_symlink()
    else:
        ended = serve(root, folder)
        assert (ended.code, "Permission denied" in ended.err or "unable to open" in ended.err) == (1, True), ended.err
    assert list(dear.iterdir()) == []


def test_a_store_of_roots_is_given_away(root: Path) -> None:
    """A store that root made before is its user's once a server enforces, but for a key that root keeps (inferred)."""
    folder = root / "data"
    make_key(folder)
    (folder / "root.credentials").write_text("[groupwall-root]\n")
    assert set(owners(folder).values()) == {0}
    give(folder, NOBODY)
    found = owners(folder)
    assert found.pop("root.credentials") == 0
    assert (len(found) > 1, set(found.values())) == (True, {NOBODY.pw_uid})


@pytest.mark.parametrize("name", ["lock", "groupwall.db", "groupwall.db-wal"])
def test_commands_of_root_follow_no_link(name: str, root: Path) -> None:
    """Nor does root make a file elsewhere by `groupwall keys` in the folder of a server's user (inferred)."""
    folder, dear = root / "data", root / "dear"
    dear.mkdir(mode=0o700)
    folder.mkdir()
    (folder / name).symlink_to(dear / "made")
    for one in (folder, folder / name):
        os.chown(one, NOBODY.pw_uid, NOBODY.pw_gid, follow_symlinks=False)
    ended = command("keys", "create", "--data", str(folder))
    assert (ended.code, "Permission denied" in ended.err or "no groupwall store" in ended.err) == (1, True), ended.err
    assert list(dear.iterdir()) == []


def test_a_key_of_roots_is_the_servers_to_read(root: Path) -> None:
    """A store that root makes in the folder of a server's user is that user's, and stays so (inferred)."""
    folder = root / "data"
    folder.mkdir()
    os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)
    make_key(folder)
    make_key(folder)
    assert set(owners(folder).values()) == {NOBODY.pw_uid}


def test_a_link_of_roots_leads_to_the_store(root: Path) -> None:
    """Root may name a folder by a link; the folder is given away, and a server serves it (inferred)."""
    (root / "disk").mkdir()
    (root / "data").symlink_to(root / "disk")
    with enforcing_on(root, NAMES) as one:
        assert one.ec2.describe_vpcs()["Vpcs"]
    assert set(owners(root / "disk").values()) == {NOBODY.pw_uid}


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        (lambda folder: (folder / "important").touch(), "but important in it is no file of a store"),
        (lambda folder: (folder / "lock").mkdir(), "but lock in it is no file of a store"),
        (lambda folder: (folder / "lock").symlink_to("/etc/passwd"), "but lock in it is no file of a store"),
        (lambda folder: (folder / "lock").hardlink_to(folder.parent / "other"), "but lock in it is no file of a store"),
        (lambda folder: folder.chmod(0o777), "if it is root's alone"),
        (lambda folder: os.chown(folder, 1, 1), "if it is root's alone"),
    ],
)
def test_only_a_store_is_given_away(prepare: Callable[[Path], object], why: str, root: Path) -> None:
    """A folder with anything else in it, such as /etc, or of somebody else is refused, and left as it is (inferred)."""
    folder = root / "data"
    folder.mkdir()
    (root / "other").touch()
    (folder / "groupwall.db").touch()
    prepare(folder)
    before = owners(folder)
    with pytest.raises(SettingError, match=why):
        give(folder, NOBODY)
    assert owners(folder) == before
    ended = serve(root, folder)
    assert (ended.code, "--data" in ended.err) == (2, True), ended.err
