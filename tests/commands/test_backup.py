"""The backup of docs/guide-server.md, taken as it stands there from a server that is writing."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from groupwall.store.sqlite import FILE
from tests.law import breaches
from tests.remote import Remote
from tests.scenes import create_group
from tests.serving import PATIENCE, started
from tests.sources import ROOT

COMMAND = re.search(
    r"^    python3 (-c .*VACUUM INTO.*)$", (ROOT / "docs/guide-server.md").read_text("utf-8"), re.MULTILINE
)


def test_a_backup_of_a_running_server_is_whole(tmp_path: Path) -> None:
    """A copy made while changes go on holds those before it, keeps the law, and is served again (inferred)."""
    assert COMMAND
    *words, _, _ = shlex.split(COMMAND[1])
    kept, restored = tmp_path / "kept", tmp_path / "restored"
    restored.mkdir()
    with started("--log", "off", "--data", str(kept)) as server, Remote(server.url) as remote:
        before = [create_group(remote, f"before-{number}") for number in range(3)]
        copying = subprocess.Popen([sys.executable, *words, kept / FILE, restored / FILE])  # noqa: S603 - the guide's
        number = 0
        while copying.poll() is None:
            create_group(remote, f"meanwhile-{number}")
            number += 1
        assert copying.wait(PATIENCE) == 0
    assert breaches(restored) == []
    with started("--log", "off", "--data", str(restored)) as server, Remote(server.url) as remote:
        groups = remote.call("DescribeSecurityGroups", GroupIds=before)["SecurityGroups"]
        assert {group["GroupId"] for group in groups} == set(before)
        create_group(remote, "after")
    assert breaches(restored) == []
