"""``groupwall wait`` and ``groupwall status``, at a server to which a host tells what it enforces [inferred]."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner, Result

from groupwall.cli import main
from groupwall.units import ticks
from tests.interfaces import create_interface
from tests.remote import Remote
from tests.scenes import allow, create_group, tcp
from tests.serving import serving

pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server that keeps nothing."""
    with serving("--data", ":memory:", "--log", "off") as address:
        yield address


class Site:
    """A host with an interface, in a group of its own, at a server."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self._name = name
        self.remote = Remote(url)
        self._group = create_group(self.remote, name)  # type: ignore[arg-type]  # it answers as a wall does
        self.interface = create_interface(self.remote, Groups=[self._group])  # type: ignore[arg-type]
        self.tell(1)

    def open(self, port: int) -> int:
        """Open a port; return the revision."""
        allow(self.remote, self._group, tcp(port, "192.0.2.0/24"))  # type: ignore[arg-type]
        revision: int = self.remote.call("DescribeChanges", NewestFirst=True, MaxResults=1)["Revision"]
        return revision

    def rules(self, *ports: int) -> list[str]:
        """Open some ports; return the ids of the rules."""
        return allow(self.remote, self._group, *(tcp(port, "192.0.2.0/24") for port in ports))  # type: ignore[arg-type]

    def tell(self, revision: int) -> None:
        """Have the host tell that it enforces a revision."""
        given = {"Host": self._name, "Revision": revision, "InterfaceIds": [self.interface]}
        self.remote.call("Acknowledge", **given)

    def run(self, *words: str) -> Result:
        """Run ``groupwall`` with these words, in this process."""
        return CliRunner().invoke(main, [*words, "--endpoint", self.url])


@pytest.fixture
def site(url: str, request: pytest.FixtureRequest) -> Iterator[Site]:
    """A host that has told what it enforces."""
    made = Site(url, request.function.__name__)
    with made.remote:
        yield made


def test_wait_ends_when_the_host_tells(site: Site) -> None:
    """The command ends with 0 as soon as the host has the change, not at the end of its time."""
    revision = site.open(22)
    with ThreadPoolExecutor(1) as pool:
        began = ticks()
        waiting = pool.submit(site.run, "wait", "--revision", str(revision), "--timeout", "30", "--json")
        threading.Event().wait(0.3)
        assert not waiting.done()
        site.tell(revision)
        ended = waiting.result()
    assert ended.exit_code == 0, ended.output
    assert json.loads(ended.stdout)["State"] == "applied"
    assert ticks() - began < 15


def test_wait_gives_up(site: Site) -> None:
    """When its time is over the command ends with 1, and names the host."""
    revision = site.open(22)
    ended = site.run("wait", "--revision", str(revision), "--timeout", "0.5")
    assert ended.exit_code == 1
    assert ended.stdout.startswith(f"revision {revision} is pending: test_wait_gives_up did not tell yet\n")


def test_wait_for_what_nobody_enforces(site: Site) -> None:
    """Where no host is concerned the command ends at once, and not well."""
    create_group(site.remote, "nobody")  # type: ignore[arg-type]
    revision = site.remote.call("DescribeChanges", NewestFirst=True, MaxResults=1)["Revision"]
    ended = site.run("wait", "--revision", str(revision))
    assert ended.exit_code == 1
    assert ended.stdout.splitlines()[0] == f"revision {revision} is not enforced: it concerns no host"


def test_wait_for_what_is_yet_to_come(site: Site) -> None:
    """A revision that is not there is refused in a line."""
    ended = site.run("wait", "--revision", "1000000")
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "InvalidParameterValue: Value (1000000) for parameter revision is invalid" in ended.stderr


def test_status_shows_every_host(site: Site) -> None:
    """A line tells each host's state, revision and interfaces, and the exit code is 0 whatever they are."""
    site.tell(site.open(22))
    ended = site.run("status")
    assert ended.exit_code == 0
    [line] = [line for line in ended.stdout.splitlines() if line.startswith("test_status_shows_every_host")]
    assert line.split()[1:3] == ["alive", "revision"]
    assert line.endswith(site.interface)


def test_status_tells_what_rules_let_in(site: Site) -> None:
    """`status --counters` lists the rules that hosts count, and with `--unused` those alone that let nothing in."""
    used, unused = site.rules(80, 443)
    given = {"Host": "one", "Series": site.interface, "Number": 1}
    told = [{"SecurityGroupRuleId": used, "Flows": 3}, {"SecurityGroupRuleId": unused}]
    site.remote.call("TellCounters", **given, Counters=told)
    every = site.run("status", "--counters", "--security-group-rule-ids", used, unused, "--json")
    assert {one["SecurityGroupRuleId"]: one["Flows"] for one in json.loads(every.stdout)["Counters"]} == {
        used: 3,
        unused: 0,
    }
    lines = site.run("status", "--counters", "--unused").stdout.splitlines()
    assert [unused in line for line in lines] == [False, True]
    explained = site.run("explain", "--from", "192.0.2.1", "--to", site.interface, "--port", "80").stdout
    assert "; let in 3 flows since 20" in explained


def test_status_refuses_to_choose_among_what_it_does_not_tell(site: Site) -> None:
    """Which rules are wanted is a question together with `--counters` alone."""
    refused = site.run("status", "--unused")
    assert (refused.exit_code, "--counters" in refused.output) == (2, True)
