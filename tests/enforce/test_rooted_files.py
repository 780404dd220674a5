"""What root runs, opens and gives away when a server that enforces starts, in folders that others may write to."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

from tests.enforce.servers import enforcing


def test_nothing_in_the_working_folder_is_run(tmp_path: Path) -> None:
    """A file there with the name of one of Python's modules is not what the agent imports, as root (inferred)."""
    (tmp_path / "shlex.py").write_text("open('ran', 'w').close()\nraise SystemExit\n")
    with chdir(tmp_path), enforcing() as one:
        assert (one.root / "agent" / "agent.sock").exists()
    assert [file.name for file in tmp_path.iterdir()] == ["shlex.py"]
