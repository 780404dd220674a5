"""``groupwall models``: our operations where boto3 and the AWS CLI look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

import groupwall
from groupwall.commands.models import models

FILES = ["endpoint-rule-set-1.json", "paginators-1.json", "service-2.json", "waiters-2.json"]


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A user's empty folder; a variable names the one of boto3, which read HOME when it was imported."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path / ".aws" / "models"))
    return tmp_path


def run(*arguments: str) -> Result:
    """Run ``groupwall models``; it must not be refused."""
    result = CliRunner().invoke(models, arguments)
    assert result.exit_code == 0, result.output
    return result


def test_install(home: Path) -> None:
    """After the install any boto3 client knows the service, its paginator too (inferred)."""
    result = run("install")
    folder = home / ".aws/models/groupwall/2026-11-01"
    assert sorted(file.name for file in folder.iterdir()) == FILES
    assert result.output.splitlines() == [f"installed {folder / name}" for name in FILES]
    with groupwall.local() as wall:
        wall.client("ec2").create_security_group(GroupName="a", Description="d")
        client = boto3.Session(region_name="us-east-1").client("groupwall")
        pages = client.get_paginator("describe_changes").paginate(PaginationConfig={"PageSize": 1})
        assert [page["Changes"][0]["Revision"] for page in pages] == [1, 2]


def test_install_twice(home: Path) -> None:
    """A second install does the same again (inferred)."""
    first, second = (json.loads(run("install", "--json").output) for _ in range(2))
    assert first == second == {"Installed": [str(home / f".aws/models/groupwall/2026-11-01/{name}") for name in FILES]}


def test_elsewhere(tmp_path: Path) -> None:
    """Another folder is used when it is named (inferred)."""
    run("install", "--dir", str(tmp_path))
    assert (tmp_path / "groupwall/2026-11-01/service-2.json").is_file()


def test_uninstall(home: Path) -> None:
    """What was installed, and nothing else, is removed (inferred)."""
    run("install")
    other = home / ".aws/models/other.json"
    other.write_text("{}", "utf-8")
    removed: dict[str, Any] = json.loads(run("uninstall", "--json").output)
    assert len(removed["Removed"]) == len(FILES)
    assert [file for file in (home / ".aws").rglob("*") if file.is_file()] == [other]
    assert json.loads(run("uninstall", "--json").output) == {"Removed": []}


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A folder that can't be made is told in one line, with exit code 1 (inferred)."""
    (tmp_path / "file").write_text("", "utf-8")
    result = CliRunner().invoke(models, ["install", "--dir", str(tmp_path / "file")])
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
