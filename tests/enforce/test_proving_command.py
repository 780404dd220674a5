"""``groupwall status --prove``, of a group of a server (inferred)."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from groupwall.cli import main
from groupwall.commands import proving
from tests.interfaces import create_interface
from tests.remote import Remote
from tests.scenes import allow, create_group, tcp
from tests.serving import serving


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server that keeps nothing."""
    with serving("--data", ":memory:", "--log", "off") as address:
        yield address


@pytest.fixture(scope="module")
def group(url: str) -> str:
    """A group with a port open for a network, and the egress rule that a new group has."""
    with Remote(url) as remote:
        made = create_group(remote, "web")  # type: ignore[arg-type]  # it answers as a wall does
        create_interface(remote, Groups=[made])  # type: ignore[arg-type]
        allow(remote, made, tcp(80, "10.1.0.0/16"))  # type: ignore[arg-type]
    return made


def _run(url: str, *words: str) -> Result:
    return CliRunner().invoke(main, ["status", "--endpoint", url, *words])


def test_packets_are_told(url: str, group: str) -> None:
    """Each packet is told with what the rules say and whether it passed."""
    ended = _run(url, "--prove", group)
    assert ended.exit_code == 0, ended.output
    assert "each as the rules say" in ended.output
    found = json.loads(_run(url, "--prove", group, "--json").output)["Packets"]
    ingress = {
        (one["OtherAddress"], one["Service"]) for one in found if one["Direction"] == "ingress" and one["Passed"]
    }
    assert ingress == {("10.1.0.1", "tcp 80")}
    assert all(one["Passed"] == one["Permitted"] for one in found)


def test_an_unknown_group(url: str) -> None:
    """Of a group that is not known nothing is sent, which is wrong usage."""
    ended = _run(url, "--prove", "sg-00000000000000000")
    assert ended.exit_code == 2
    assert "nothing to prove" in ended.output


def test_what_is_not_so_is_told(url: str, group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where packets do what the rules do not say, the exit code is 1, and how many they were is told."""
    true = proving.prove
    monkeypatch.setattr(proving, "prove", lambda *of: [one._replace(passed=True) for one in true(*of)])
    ended = _run(url, "--prove", group)
    assert ended.exit_code == 1
    assert "did what the rules do not say" in ended.output
