"""Profiles in AWS's files: written whole, read by boto3, and all else left as it was, byte for byte."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupwall.commands.profile_files import (
    Files,
    Profile,
    files_of,
    refuse_taken,
    refuse_unwritable,
    write_profile,
    write_whole,
)
from groupwall.config import SettingError

ALICE = Profile("alice", "AKIAALICE", "se/cr+et=", "http://127.0.0.1:4577", "eu-west-1")
OTHERS = b"""# mine
[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = x

; of bob
[ bob ]\r
aws_access_key_id = AKIABOB
s3 =
  [alice]
  max_concurrent_requests = 2
"""
SETTINGS = b"""[profile bob]
output = json
[profile  "alice" ]
region = us-west-2
# of carol
[profile carol]"""


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """AWS's two files, which are not there yet."""
    return Files(tmp_path / "aws" / "credentials", tmp_path / "aws" / "config")


def test_boto3_reads_what_is_written(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """Key, region and endpoint of a profile are what boto3 makes a client of (inferred)."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    write_profile(files, ALICE)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(files.credentials))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(files.config))
    session = boto3.Session(profile_name="alice")
    found = session.get_credentials()
    assert (found.access_key, found.secret_key) == (ALICE.key_id, ALICE.secret)
    client = session.client("ec2")
    assert (client.meta.endpoint_url, client.meta.region_name) == (ALICE.endpoint, ALICE.region)


def test_nobody_else_reads_the_secret(files: Files) -> None:
    """The file of keys is its owner's alone, even if it was not; the folder too, where it is made (inferred)."""
    write_profile(files, ALICE)
    assert stat.S_IMODE(files.credentials.parent.stat().st_mode) == 0o700
    files.credentials.chmod(0o644)
    files.config.chmod(0o640)
    write_profile(files, ALICE)
    assert stat.S_IMODE(files.credentials.stat().st_mode) == 0o600
    assert stat.S_IMODE(files.config.stat().st_mode) == 0o640
    assert sorted(one.name for one in files.config.parent.iterdir()) == ["config", "credentials"]


def test_all_else_stays(files: Files) -> None:
    """Comments, odd spaces, nested values and line ends of other profiles are as they were (inferred)."""
    files.config.parent.mkdir()
    files.credentials.write_bytes(OTHERS)
    files.config.write_bytes(SETTINGS)
    write_profile(files, ALICE)
    assert files.credentials.read_bytes() == OTHERS + (
        b"\n[alice]\naws_access_key_id = AKIAALICE\naws_secret_access_key = se/cr+et=\n"
    )
    assert files.config.read_bytes() == (
        b"[profile bob]\noutput = json\n# of carol\n[profile carol]\n"
        b"\n[profile alice]\nendpoint_url = http://127.0.0.1:4577\nregion = eu-west-1\n"
    )


@settings(deadline=None)  # each example is written to the disk
@given(
    st.lists(st.sampled_from([b"[a]\n", b"[b]\n", b"x = 1\n", b"# c\n", b"\n", b"  y\n", b"[alice]\n", b"[ alice ]\n"]))
)
def test_twice_is_once(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    """To write a profile again changes nothing, whatever was there; every other section keeps its lines (inferred)."""
    folder = tmp_path_factory.mktemp("aws")
    files = Files(folder / "credentials", folder / "config")
    files.credentials.write_bytes(b"".join(lines))
    write_profile(files, ALICE)
    first = files.credentials.read_bytes()
    write_profile(files, ALICE)
    assert files.credentials.read_bytes() == first
    assert first.count(b"alice") == 1
    assert first.count(b"[a]") == lines.count(b"[a]\n")


def test_a_link_stays_one(files: Files, tmp_path: Path) -> None:
    """Who keeps the files elsewhere finds the profile there (inferred)."""
    (tmp_path / "kept").write_text("", "utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    found = files_of({"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "link"), "AWS_CONFIG_FILE": str(files.config)})
    write_profile(found, ALICE)
    assert (tmp_path / "link").is_symlink()
    assert b"[alice]" in (tmp_path / "kept").read_bytes()


@pytest.mark.parametrize("name", ["bob", "alice", "default"])
def test_a_profile_that_is_there_is_refused(files: Files, name: str) -> None:
    """In either file, however its title is written (inferred)."""
    files.config.parent.mkdir()
    files.credentials.write_bytes(OTHERS)
    files.config.write_bytes(SETTINGS)
    with pytest.raises(SettingError, match=f"there is a profile {name}"):
        refuse_taken(files, name)
    refuse_taken(files, "dave")


@pytest.mark.parametrize("name", ["", "a b", "a]b", "x\ny", "x" * 65, "ä"])
def test_what_is_no_name_is_refused(files: Files, name: str) -> None:
    """A name that could end its own title, or begin another line (inferred)."""
    with pytest.raises(SettingError, match="no name for a profile"):
        refuse_unwritable(files, name)


def test_what_is_no_file_is_refused(files: Files) -> None:
    """A device is not replaced by a file (inferred)."""
    with pytest.raises(SettingError, match="is no file"):
        refuse_unwritable(files._replace(config=Path(os.devnull)), "alice")


def test_a_file_that_cannot_be_put_in_place_leaves_nothing(tmp_path: Path) -> None:
    """Where the last step fails nothing lies about, least of all a secret (inferred)."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_whole(tmp_path / "folder", b"secret", 0o600)
    assert [one.name for one in tmp_path.iterdir()] == ["folder"]


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot lock a folder")
def test_no_profile_is_lost_to_another(files: Files) -> None:
    """Of profiles that are written at the same time each is there in the end, in both files (inferred)."""
    names = [f"user{number}" for number in range(24)]
    with ThreadPoolExecutor(8) as several:
        list(several.map(lambda name: write_profile(files, ALICE._replace(name=name)), names))
    for path, titles in ((files.credentials, names), (files.config, [f"profile {name}" for name in names])):
        found = [line[1:-1] for line in path.read_text().splitlines() if line.startswith("[")]
        assert sorted(found) == sorted(titles)
