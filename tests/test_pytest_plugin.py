"""The pytest fixture ``groupwall``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

TESTS = """
import boto3
import pytest

@pytest.mark.parametrize("round", [1, 2])
def test_new_each_time(groupwall, round):
    assert len(boto3.client("ec2").describe_security_groups()["SecurityGroups"]) == 1
    groupwall.client("ec2").create_security_group(GroupName="a", Description="d")
"""


def python(*arguments: str, cwd: Path) -> str:
    """Run Python with this groupwall and without other plugins, and return what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(  # noqa: S603 - our own words only
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_one_wall_for_each_test(tmp_path: Path) -> None:
    """Each test that asks for the fixture has a new wall, and boto3 is answered by it (inferred)."""
    (tmp_path / "test_it.py").write_text(TESTS, "utf-8")
    assert "2 passed" in python("-m", "pytest", "-q", "-p", "groupwall.pytest_plugin", cwd=tmp_path)


def test_light(tmp_path: Path) -> None:
    """The plugin loads neither boto3 nor the server before a test asks for the fixture (inferred)."""
    program = "import sys, groupwall.pytest_plugin; print(*sys.modules)"
    loaded = python("-c", program, cwd=tmp_path).split()
    assert not {"boto3", "botocore", "sqlite3", "groupwall.app", "groupwall.inprocess"} & set(loaded)
