"""Agents of several hosts follow one server, whoever of them is gone for a while."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import ip_address
from itertools import cycle
from os import getpid
from pathlib import Path
from threading import Event
from typing import Any, Self

import boto3
import pytest

import groupwall
from groupwall.enforce.dataplane.dataplane import TABLE
from groupwall.enforce.dataplane.namespaces import Namespaces
from groupwall.enforce.dataplane.posts import remove_table
from groupwall.enforce.dataplane.wiring import Interface
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.kernel.netlink import NETFILTER, Connection
from groupwall.enforce.kernel.reading import read_table
from groupwall.enforce.kernel.table import Table
from groupwall.enforce.policy.frame import REVISION
from tests.enforce.placed import removed, renamed
from tests.enforce.servers import environment, until
from tests.programs import Ended, command, make_key
from tests.serving import PATIENCE, PROGRAM, Server, running

RULE = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}

LONGER_THAN_REFUSED = 7
"""Seconds in which an agent that is refused tries again, and one that is not tells what holds more than once."""


class Hosts:
    """A server that enforces nothing by itself, and agents that do: each of one container, on a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held = ExitStack()
        self._programs: dict[str, subprocess.Popen[bytes]] = {}
        self._key = make_key(folder / "data")
        self._others = Namespaces(f"gwt-{getpid()}-a")
        self.server = self._served("0")

    def __enter__(self) -> Self:
        self._others.make_router("vpc-1")
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._programs):
            self.kill(name)
        self._held.close()
        self._others.remove_all()

    def _served(self, port: str) -> Server:
        options = ("--port", port, "--data", str(self._folder / "data"), "--auth", "signed", "--log", "off")
        return self._held.enter_context(running((*PROGRAM, "serve", *options)))

    def serve_again(self) -> None:
        """Start the server again where it was."""
        self.server = self._served(str(self.server.port))

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3's own
        """Return a client of the server."""
        key = {"aws_access_key_id": self._key.access_key_id, "aws_secret_access_key": self._key.secret}
        make = boto3.client if service == "ec2" else lambda _, **given: groupwall.client(**given)
        return make(service, endpoint_url=self.server.url, region_name="us-east-1", **key)

    def log(self, name: str) -> Path:
        """Return the file of what an agent says."""
        return self._folder / f"{name}.log"

    def container(self, number: int) -> Namespace:
        """Open a container."""
        return Namespace.named(self._others.name(f"i-{number}"))

    def remake(self, number: int) -> None:
        """Make a container anew under its name."""
        self._others.remove(f"i-{number}")
        self._made(number)

    def start(self, name: str, host: str | None = None) -> None:
        """Start the agent of a host. host: what the server calls it."""
        key = {"AWS_ACCESS_KEY_ID": self._key.access_key_id, "AWS_SECRET_ACCESS_KEY": self._key.secret}
        words = ("agent", "--endpoint", self.server.url, "--host", host or name)
        words = (*words, "--state", str(self._folder / name))
        with environment(**key), self.log(name).open("a") as log:
            self._programs[name] = subprocess.Popen(  # noqa: S603 - our own words only
                [*PROGRAM, *words], stdin=subprocess.DEVNULL, stderr=log
            )

    def kill(self, name: str) -> None:
        """End the agent of a host as a power cut would."""
        program = self._programs.pop(name)
        program.kill()
        program.wait(PATIENCE)

    def end(self, name: str) -> int:
        """Ask the agent of a host to end; return its exit code."""
        program = self._programs.pop(name)
        program.terminate()
        return program.wait(PATIENCE)

    def attach_unknown(self, name: str) -> Ended:
        """Have an agent attach what nobody knows."""
        words = ("--eni", "eni-00000001", "--netns", self._others.name("i-1"), "--state", str(self._folder / name))
        return command("attach", *words)

    def changes_in(self, seconds: int) -> list[Any]:
        """Return what changes in a time, at the first change."""
        own = self.client("groupwall")
        newest = own.describe_propagation()["Revision"]
        return list(own.describe_changes(After=newest, Wait=seconds)["Changes"])

    def hold(self, name: str, number: int, host: str | None = None) -> None:
        """Make an interface, and have a host hold a container to it."""
        subnet = self.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
        made = self.client("ec2").create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
        self._made(number)
        words = ("--eni", made, "--netns", self._others.name(f"i-{number}"), "--state", str(self._folder / name))
        until(lambda: command("attach", *words).code == 0)
        until(lambda: made in self.enforced(host or name))

    def _made(self, number: int) -> None:
        mac = bytes((2, 0, 0, 0, 0, number))
        one = Interface(f"eni-{number}", "vpc-1", 0, mac, (ip_address(f"172.31.0.20{number}"),))
        self._others.make_instance(f"i-{number}", [one])

    def message(self, name: str) -> str:
        """Return what a host says of itself."""
        hosts = self.client("groupwall").describe_propagation()["Hosts"]
        return "; ".join(host.get("Message", "") for host in hosts if host["Host"] == name)

    def enforced(self, name: str) -> list[str]:
        """Return what a host says it enforces."""
        hosts = self.client("groupwall").describe_propagation()["Hosts"]
        return [one for host in hosts if host["Host"] == name for one in host["InterfaceIds"]]

    def table(self, number: int) -> Table:
        """Return the table of a container, but for the revision that it is of."""
        with (
            Namespace.named(self._others.name(f"i-{number}")) as namespace,
            namespace.within(lambda: Connection(NETFILTER)) as kernel,
        ):
            found = read_table(kernel, TABLE)
        assert found
        return found._replace(elements={name: some for name, some in found.elements.items() if name != REVISION})

    def remove_table(self, number: int) -> None:
        """Remove the table of a container."""
        with Namespace.named(self._others.name(f"i-{number}")) as namespace:
            remove_table(namespace)

    def change(self, verb: str) -> int:
        """Authorize or revoke a rule of the group that all interfaces are in; return the revision."""
        call = getattr(self.client("ec2"), f"{verb}_security_group_ingress")
        reply = call(GroupId=self._group(), IpPermissions=[RULE])
        return int(reply["ResponseMetadata"]["HTTPHeaders"]["x-groupwall-revision"])

    def _group(self) -> str:
        wanted = [{"Name": "group-name", "Values": ["default"]}]
        [group] = self.client("ec2").describe_security_groups(Filters=wanted)["SecurityGroups"]
        return str(group["GroupId"])

    def live_flows(self) -> tuple[str, dict[str, str]]:
        """Return how much a preview of a revoke knows of flows, and of each host whether it answered."""
        given = json.dumps({"GroupId": self._group(), "IpPermissions": [RULE]})
        calls = [{"Operation": "RevokeSecurityGroupIngress", "Parameters": given}]
        told = self.client("groupwall").preview_flows(Calls=calls, Wait=20)
        return told["State"], {host["Host"]: host["State"] for host in told["Hosts"]}

    def told(self, revision: int, wait: int = 20) -> dict[str, Any]:
        """Return whether a change is applied."""
        return dict(self.client("groupwall").describe_propagation(Revision=revision, Wait=wait))


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    """A server, and no agent yet."""
    with Hosts(tmp_path) as made:
        yield made


def test_applied_is_applied_everywhere(hosts: Hosts) -> None:
    """A change is applied once every host that it concerns has it; one that is dead keeps it from that, and is named.

    DESIGN 4.8 (inferred).
    """
    for number, name in enumerate(("here", "there"), 1):
        hosts.start(name)
        hosts.hold(name, number)
    assert hosts.told(hosts.change("authorize"))["State"] == "applied"
    hosts.kill("there")
    revision = hosts.change("revoke")
    until(lambda: _has(hosts.told(revision, 0), "here", revision))
    told = hosts.told(revision, 0)
    assert (told["State"], _has(told, "there", revision)) == ("pending", False)
    hosts.start("there")
    assert hosts.told(revision)["State"] == "applied"


def _has(told: dict[str, Any], name: str, revision: int) -> bool:
    return any(host["Host"] == name and host.get("Revision", 0) >= revision for host in told["Hosts"])


def test_a_server_may_be_away(hosts: Hosts) -> None:
    """A server that is killed and started again has its agents back at once, and what it forgot is told again.

    DESIGN 4.8 (inferred).
    """
    hosts.start("here")
    hosts.hold("here", 1)
    hosts.server.kill()
    hosts.serve_again()
    assert hosts.told(hosts.change("authorize"))["State"] == "applied"


def test_kills_leave_nothing_behind(hosts: Hosts) -> None:
    """After kills in the midst of changes the table is what a first load makes of the same state (users 5.5)."""
    hosts.start("here")
    hosts.hold("here", 1)
    verbs = cycle(("authorize", "revoke"))
    for milliseconds in (0, 1, 3, 6, 10, 15, 25):
        revision = hosts.change(next(verbs))
        Event().wait(milliseconds / 1000)
        hosts.kill("here")
        hosts.start("here")
    assert hosts.told(revision)["State"] == "applied"
    after = hosts.table(1)
    hosts.kill("here")
    hosts.remove_table(1)
    hosts.start("here")
    assert hosts.told(hosts.change("revoke"))["State"] == "applied"
    assert hosts.told(hosts.change("authorize"))["State"] == "applied"
    assert hosts.table(1) == after


def test_an_agent_ends_cleanly(hosts: Hosts) -> None:
    """An agent that is asked to end does so at once with exit code 0, though it waits for changes (inferred)."""
    hosts.start("here")
    hosts.hold("here", 1)
    assert hosts.end("here") == 0


def test_a_dead_host_has_no_flows_that_are_known(hosts: Hosts) -> None:
    """Of a host that died a preview says that its flows are not known; of one that lives that there are none.

    Issue 6, 6 (inferred).
    """
    for number, name in enumerate(("here", "there"), 1):
        hosts.start(name)
        hosts.hold(name, number)
    assert hosts.told(hosts.change("authorize"))["State"] == "applied"
    assert hosts.live_flows() == ("complete", {"here": "answered", "there": "answered"})
    hosts.kill("there")
    until(lambda: hosts.live_flows() == ("incomplete", {"here": "answered", "there": "dead"}))
    hosts.start("there")
    until(lambda: hosts.live_flows() == ("complete", {"here": "answered", "there": "answered"}))


@pytest.mark.parametrize("name", ["my host", "höst", "x" * 254])
def test_a_name_that_no_server_takes(tmp_path: Path, name: str) -> None:
    """An agent that no server would hear of does not begin (inferred)."""
    ended = command("agent", "--host", name, "--state", str(tmp_path / "state"))
    assert ended.code == 1
    assert "for parameter host is invalid" in ended.err


def test_what_was_attached_is_followed(hosts: Hosts) -> None:
    """The server is told what became of a device or a container, with the reason, and when it is held again (inferred).

    A container that is made again has a table, and so has a device with another name.
    """
    hosts.start("here")
    hosts.hold("here", 1)
    [eni] = hosts.enforced("here")
    with hosts.container(1) as inside:
        renamed(inside, "eth0", "w9")
        until(lambda: f"{eni}: eth0 is called w9 by now" in hosts.log("here").read_text())
        assert hosts.enforced("here") == [eni]
        removed(inside, "w9")
    until(lambda: hosts.enforced("here") == [])
    assert hosts.message("here") == f"{eni}: there is no device w9"
    hosts.remake(1)
    with hosts.container(1) as inside:
        renamed(inside, "eth0", "w9")
    until(lambda: hosts.enforced("here") == [eni])
    until(lambda: hosts.message("here") == "")
    assert hosts.told(hosts.change("authorize"))["State"] == "applied"
    assert hosts.table(1).chains


def test_two_agents_with_one_name(hosts: Hosts) -> None:
    """Of two agents with one name the one that came first is refused, and says so; history does not grow (inferred)."""
    hosts.start("first", "both")
    hosts.hold("first", 1, "both")
    hosts.start("second", "both")
    hosts.hold("second", 2, "both")
    until(lambda: "is another agent's by now. Give each a name" in hosts.log("first").read_text())
    assert hosts.changes_in(LONGER_THAN_REFUSED) == []
    assert len(hosts.enforced("both")) == 1
    assert "another agent's" not in hosts.log("second").read_text()


def test_what_an_agent_says(hosts: Hosts) -> None:
    """An agent says whom it follows; that its server is away, once; and that it answers again (inferred)."""
    hosts.start("here")
    hosts.hold("here", 1)
    hosts.server.kill()
    until(lambda: "no groupwall answers" in hosts.log("here").read_text())
    ended = hosts.attach_unknown("here")
    assert (ended.code, "answers no more, so eni-00000001 is not known here" in ended.err) == (1, True), ended.err
    hosts.serve_again()
    until(lambda: "the server answers again" in hosts.log("here").read_text())
    follows, away, again = hosts.log("here").read_text().splitlines()
    assert follows == f"agent: follows {hosts.server.url} as here"
    assert away.startswith("agent: NoAnswer: no groupwall answers")
    assert again == "agent: the server answers again"
