"""What ``groupwall serve --enforce nft`` refuses before it serves."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from groupwall.commands.enforcing import enforcing
from groupwall.commands.reach import refuse_within
from groupwall.config import SettingError


@pytest.mark.parametrize(
    ("user", "why"), [("root", "--user must not be root"), ("nobody-of-this-name", "there is no user 'nobody-of-this")]
)
def test_a_server_is_somebody_else(user: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads requests runs as another user than root, who must be there (DESIGN 4.8; inferred)."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(SettingError, match=why):
        enforcing(user, str(tmp_path), str(tmp_path / "data"))


@pytest.mark.parametrize(
    ("store", "state"),
    [
        ("one", "one"),
        ("one", "one/agent"),
        ("one/data", "one"),
        ("one/../two", "two"),
        ("link/data", "one"),
    ],
)
def test_the_folders_are_apart(store: str, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent's folder is not the store's, nor one within the other, by whatever way it is named (inferred)."""
    monkeypatch.chdir(tmp_path)
    Path("one").mkdir()
    Path("link").symlink_to("one")
    with pytest.raises(SettingError, match="must be apart, neither within the other"):
        refuse_within(store, state)


def test_a_name_that_begins_alike_is_another_folder(tmp_path: Path) -> None:
    """The folders may lie beside each other, however they are named (inferred)."""
    refuse_within(str(tmp_path / "groupwall-data"), str(tmp_path / "groupwall"))
