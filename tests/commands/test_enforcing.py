"""What ``groupwall serve --enforce nft`` refuses before it serves."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from groupwall.commands.enforcing import enforcing
from groupwall.config import SettingError


@pytest.mark.parametrize(
    ("user", "why"), [("root", "--user must not be root"), ("nobody-of-this-name", "there is no user 'nobody-of-this")]
)
def test_a_server_is_somebody_else(user: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads requests runs as another user than root, who must be there (DESIGN 4.8; inferred)."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(SettingError, match=why):
        enforcing(user, str(tmp_path))
