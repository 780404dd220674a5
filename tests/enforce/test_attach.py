"""An agent beside a server, and the commands that speak to it."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from groupwall.enforce.dataplane.dataplane import TABLE
from groupwall.enforce.dataplane.namespaces import Namespaces
from groupwall.enforce.dataplane.posts import remove_table
from groupwall.enforce.dataplane.wiring import Interface
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.kernel.netlink import NETFILTER, Connection
from groupwall.enforce.kernel.reading import read_table
from tests.enforce.servers import Enforcing, enforcing, until

PORT = 8080


@pytest.fixture(scope="module")
def one() -> Iterator[Enforcing]:
    """A server that enforces, for all tests of this file."""
    with enforcing() as made:
        yield made


@pytest.fixture
def container(one: Enforcing) -> Iterator[str]:
    """The name of a namespace that is not groupwall's, with one device."""
    others = Namespaces(f"{one.names}-c")
    others.make_router("vpc-1")
    mac = bytes((2, 0, 0, 0, 0, 1))
    others.make_instance("i-1", [Interface("eni-1", "vpc-1", 0, mac, (ip_address("172.31.0.200"),))])
    yield others.name("i-1")
    others.remove_all()


def _interface(one: Enforcing) -> str:
    [subnet, *_] = one.ec2.describe_subnets()["Subnets"]
    made = one.ec2.create_network_interface(SubnetId=subnet["SubnetId"])
    return str(made["NetworkInterface"]["NetworkInterfaceId"])


def test_a_container_is_attached(one: Enforcing, container: str) -> None:
    """Attach holds a container until detach, and the server is told of both (inferred)."""
    eni = _interface(one)
    ended = one.command("attach", "--eni", eni, "--netns", container)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"eth0 in {container} is {eni} from now on, at revision ")
    until(lambda: eni in one.enforced())
    assert _has_table(container)
    again = one.command("attach", "--eni", eni, "--netns", container)
    assert (again.code, again.err) == (1, f"Denied: {eni} is attached here already\n")
    ended = one.command("detach", "--eni", eni)
    assert (ended.code, ended.out) == (0, "eth0 is free of groupwall\n")
    assert not _has_table(container)
    until(lambda: eni not in one.enforced())


def test_drift_is_told(one: Enforcing, container: str) -> None:
    """A table that somebody removes is there again within a second, and the server is told of it (users 5.5)."""
    eni = _interface(one)
    assert one.command("attach", "--eni", eni, "--netns", container).code == 0
    before = _drifts(one)
    with Namespace.named(container) as namespace:
        remove_table(namespace)
    until(lambda: _has_table(container))
    until(lambda: _drifts(one) == before + 1)
    assert one.command("detach", "--eni", eni).code == 0


def _drifts(one: Enforcing) -> int:
    return sum(host["Drifts"] for host in one.own.describe_propagation()["Hosts"])


def test_a_command_runs_inside(one: Enforcing) -> None:
    """Exec runs a command in an instance's network, with its output and its exit code (inferred)."""
    [instance] = one.run_instances(1)
    shown = one.command("exec", instance["InstanceId"], "--", "cat", "/proc/net/fib_trie")
    assert (shown.code, shown.err) == (0, "")
    assert instance["PrivateIpAddress"] in shown.out
    assert one.command("exec", instance["InstanceId"], "--", "sh", "-c", "exit 7").code == 7
    one.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    until(lambda: instance["InstanceId"] not in one.made())
    gone = one.command("exec", instance["InstanceId"], "true")
    assert (gone.code, "is no instance on this machine" in gone.err) == (125, True)


def test_a_command_that_cannot_run_is_told(one: Enforcing, tmp_path: Path) -> None:
    """Exit codes are those of shells, and of docker where the instance is at fault (inferred)."""
    [instance] = one.run_instances(1)
    plain = tmp_path / "plain"
    plain.write_text("no program")
    for word, code, why in (
        ("no-such-program", 127, "no-such-program: not found"),
        (str(tmp_path / "none"), 127, "none: not found"),
        (str(plain), 126, "plain: Permission denied"),
        (str(tmp_path), 126, "Permission denied"),
    ):
        ended = one.command("exec", instance["InstanceId"], "--", word)
        assert (ended.code, ended.err.startswith("Error: "), why in ended.err) == (code, True, True), ended.err
    ended = one.command("exec", "sg-1", "true")
    assert (ended.code, "'sg-1' is the id of no instance and of no VPC" in ended.err) == (125, True)
    one.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("attach", "--eni", "eni-1"), "name what to attach: --interface, --netns or both"),
        (("cleanup",), "an agent runs with the folder"),
    ],
)
def test_wrong_usage_is_told(one: Enforcing, words: tuple[str, ...], why: str) -> None:
    """What a command cannot do as it was asked is refused with the reason and exit code 2 (inferred)."""
    ended = one.command(*words)
    assert (ended.code, why in " ".join(ended.err.split())) == (2, True), ended.err


def test_one_agent_has_a_folder(one: Enforcing) -> None:
    """A second agent with the same folder is refused: two would undo each other's work (inferred)."""
    ended = one.command("agent", "--endpoint", one.server.url)
    assert (ended.code, "another agent runs with the folder" in ended.err) == (1, True)


def test_nothing_speaks_without_an_agent(one: Enforcing, tmp_path: Path) -> None:
    """Commands that need an agent say which folder has none (inferred)."""
    ended = one.command("detach", "--eni", "eni-1", "--state", str(tmp_path))
    assert (ended.code, f"no agent runs with the folder {tmp_path}" in ended.err) == (1, True)


def _has_table(name: str) -> bool:
    with Namespace.named(name) as namespace, namespace.within(lambda: Connection(NETFILTER)) as kernel:
        return read_table(kernel, TABLE) is not None
