"""The folder of a store: whose it is, what it lies on, and what is left alone."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from groupwall.store.folder import StoreError, claim, mounted_as, refuse_network
from groupwall.store.sqlite import FILE, open_beside, open_store
from groupwall.units import Ids

MOUNTS = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:21 / /proc rw,nosuid - proc proc rw
40 22 0:40 / /home rw shared:2 - nfs4 server:/home rw,vers=4.2
41 40 8:2 / /home/me/local rw - xfs /dev/sdb1 rw
42 22 0:42 / /mnt/with\040space rw - cifs //server/share rw
43 22 0:43 / /mnt/tab\011and\134slash rw - fuse.sshfs me@there: rw
44 22 8:3 / /mnt/grün rw - btrfs /dev/sdc1 rw
45 22 0:45 / /mnt/twice rw - nfs server:/twice rw
46 45 8:4 / /mnt/twice rw - ext4 /dev/sdd1 rw
47 22 8:5 / /mnt/other rw master:3 propagate_from:2 - ext4 /dev/sde1 rw
48 47 0:48 / /mnt/other rw - ceph mon:/ rw
""".strip()


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv/wall", "ext4"),
        ("/home/me", "nfs4"),
        ("/home", "nfs4"),
        ("/homes", "ext4"),
        ("/home/me/local/wall", "xfs"),
        ("/mnt/with space/wall", "cifs"),
        ("/mnt/with", "ext4"),
        ("/mnt/tab\tand\\slash", "fuse.sshfs"),
        ("/mnt/grün/wall", "btrfs"),
        ("/mnt/twice/wall", "ext4"),
        ("/mnt/other", "ceph"),
    ],
)
def test_the_deepest_and_latest_mount_counts(folder: str, kind: str) -> None:
    """The file system of a folder is that of the deepest mount above it, the later of two on one point (inferred)."""
    assert mounted_as(Path(folder), MOUNTS) == kind


def test_no_mounts_tell_nothing() -> None:
    """A table without the folder's mount names no file system (inferred)."""
    assert mounted_as(Path("/srv"), "") == ""


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "ceph", "fuse.sshfs", "9p"])
def test_a_network_file_system_is_refused(tmp_path: Path, kind: str) -> None:
    """A folder on a network file system is refused, by its name and that of the file system (inferred)."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"22 1 0:40 / / rw - {kind} server:/ rw\n")
    with pytest.raises(StoreError, match=rf"{tmp_path} lies on a network file system \({kind}\)"):
        refuse_network(tmp_path, mounts)


def test_a_mount_of_any_name_is_read(tmp_path: Path) -> None:
    """A mount point whose name is no text does not keep a server from starting (inferred)."""
    mounts = tmp_path / "mountinfo"
    mounts.write_bytes(b"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 0:9 / /mnt/\xff\xfe rw - nfs server:/ rw\n")
    refuse_network(tmp_path, mounts)


def test_without_the_table_nothing_is_refused(tmp_path: Path) -> None:
    """Where the kernel does not tell the mounts, no folder is refused (inferred)."""
    refuse_network(tmp_path, tmp_path / "missing")


def test_a_folder_is_held_by_one(tmp_path: Path) -> None:
    """A folder that one holds is refused to another, and free once it is given up (inferred)."""
    with claim(tmp_path), pytest.raises(StoreError, match="in use by another groupwall server"), claim(tmp_path):
        pass
    with claim(tmp_path):
        pass


def test_the_errors_of_a_holder_are_its_own(tmp_path: Path) -> None:
    """What goes wrong while a folder is held is not taken for a folder that is in use (inferred)."""
    with pytest.raises(BlockingIOError), claim(tmp_path):
        raise BlockingIOError


def test_a_killed_holder_leaves_the_folder_free(tmp_path: Path) -> None:
    """A process that is killed holds nothing (inferred)."""
    program = (
        "import sys, pathlib; from groupwall.store.folder import claim\n"
        "with claim(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(  # noqa: S603 - our own words only
        [sys.executable, "-c", program, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreError), claim(tmp_path):
            pass
        holder.kill()
    with claim(tmp_path):
        pass


def test_two_stores_do_not_share_a_folder(tmp_path: Path) -> None:
    """The second store of a folder is refused while the first is open (inferred)."""
    first = open_store(str(tmp_path), Ids(1))
    with pytest.raises(StoreError, match="in use"):
        open_store(str(tmp_path), Ids(1))
    first.close()
    open_store(str(tmp_path), Ids(1)).close()


def test_only_the_owner_reads_a_store(tmp_path: Path) -> None:
    """The folder that is made is 0700 and each file in it 0600, whatever the umask: it holds secrets (inferred)."""
    before = os.umask(0)
    try:
        store = open_store(str(tmp_path / "new"), Ids(1))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert modes == dict.fromkeys(["lock", FILE, f"{FILE}-wal", f"{FILE}-shm"], 0o600)


def test_a_file_open_to_all_is_closed(tmp_path: Path) -> None:
    """A database that others may read, such as a copy that was put in place, is taken from them (inferred)."""
    open_store(str(tmp_path), Ids(1)).close()
    (tmp_path / FILE).chmod(0o644)
    open_store(str(tmp_path), Ids(1)).close()
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_path_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """A file where the folder should be is refused and left as it is, at the end of the path or within (inferred)."""
    file = tmp_path / "file"
    file.write_text("mine")
    for path in (file, file / "below"):
        with pytest.raises(StoreError, match="cannot keep a store in"):
            open_store(str(path), Ids(1))
    assert file.read_text() == "mine"


@pytest.mark.parametrize("name", ["lock", FILE])
def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path, name: str) -> None:
    """A folder where a file of the store should be is refused in one sentence (inferred)."""
    (tmp_path / name).mkdir()
    with pytest.raises(StoreError, match="Is a directory"):
        open_store(str(tmp_path), Ids(1))


def test_beside_nothing_is_made(tmp_path: Path) -> None:
    """What works beside a server makes no store where there is none (inferred)."""
    with pytest.raises(StoreError, match="there is no groupwall store"):
        open_beside(str(tmp_path / "none"))
    assert list(tmp_path.iterdir()) == []
