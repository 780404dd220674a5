"""Who may make rules hold on a machine, and on which machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from groupwall.commands.rooted import private_folder, refuse_unable
from groupwall.config import SettingError, Settings


def test_root_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user than root is refused, with what root is needed for (inferred)."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SettingError, match="groupwall agent needs root: it makes network namespaces"):
        refuse_unable("groupwall agent")


def test_linux_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another system than Linux is told that nothing can be enforced there (inferred)."""
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(SettingError, match="needs Linux with nftables; here nothing can be enforced"):
        refuse_unable("--enforce nft")


def test_root_does_not_follow_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that others could write to is no agent's: root does what stands there (inferred)."""
    made = private_folder(str(tmp_path / "agent"))
    assert made.stat().st_mode & 0o777 == 0o700
    assert private_folder(str(made)) == made
    made.chmod(0o770)
    with pytest.raises(SettingError, match="nobody else may write to it"):
        private_folder(str(made))
    made.chmod(0o700)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(SettingError, match="must belong to root"):
        private_folder(str(made))


def test_enforcing_needs_signatures() -> None:
    """A server that believes anyone does not decide which packets pass (DESIGN 4.12; inferred)."""
    with pytest.raises(SettingError, match="--enforce nft needs --auth signed or --auth iam"):
        Settings(enforce="nft")
    assert Settings(enforce="nft", auth="signed").enforce == "nft"
