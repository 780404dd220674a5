"""``groupwall attach --host``: a machine with an agent whose server is elsewhere, and the commands that speak to it."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self, TypeVar

import boto3
import pytest

import groupwall
from groupwall.enforce.agent import control
from groupwall.enforce.dataplane.dataplane import TABLE
from groupwall.enforce.dataplane.posts import remove_table
from groupwall.enforce.kernel.netlink import NETFILTER, Connection, Refused
from groupwall.enforce.kernel.reading import read_table
from tests.enforce.bed import Bed
from tests.enforce.servers import environment, until
from tests.programs import Ended, command, make_key
from tests.serving import PATIENCE, PROGRAM, running

T = TypeVar("T")

SSH, PORT = 22, 8080
RULE = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
ALL = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
AS_SUDO = ("sh", "-c", 'env -u SSH_CONNECTION "$@"; exit $?', "sh")
"""What runs a command as sudo does: the shell around it knows by whom it is used, and the command is not told."""

LONG, SOON = "600", "3"
"""Seconds of a trial that is to be confirmed, and of one whose end is waited for."""


class Machine:
    """A machine with an agent, a server on another, and an interface that admits nothing in either direction."""

    def __init__(self, bed: Bed, folder: Path, held: ExitStack) -> None:
        self.bed = bed
        self.here, self.there = bed.hosts
        self.state = folder / "state"
        self._key = make_key(folder / "data")
        options = ("--port", "0", "--host", str(self.there.address(4)), "--data", str(folder / "data"))
        serve = (*PROGRAM, "serve", *options, "--auth", "signed", "--log", "off")
        self.server = self.there.within(lambda: held.enter_context(running(serve)))
        self._agent: subprocess.Popen[bytes] | None = None
        self.start()
        self.group, self.eni = self._at_the_server(self._made)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _at_the_server(self, act: Callable[[Any, Any], T]) -> T:
        """Return what is done with clients of EC2 and of groupwall, on the machine of the server."""
        key = {"aws_access_key_id": self._key.access_key_id, "aws_secret_access_key": self._key.secret}
        given = {"endpoint_url": self.server.url, "region_name": "us-east-1", **key}
        return self.there.within(lambda: act(boto3.client("ec2", **given), groupwall.client(**given)))  # type: ignore[call-overload]

    @staticmethod
    def _made(ec2: Any, _: object) -> tuple[str, str]:  # noqa: ANN401 - boto3's own
        subnet = ec2.describe_subnets()["Subnets"][0]
        group = ec2.create_security_group(GroupName="host", Description="of a machine", VpcId=subnet["VpcId"])[
            "GroupId"
        ]
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[ALL])
        made = ec2.create_network_interface(SubnetId=subnet["SubnetId"], Groups=[group])["NetworkInterface"]
        return group, made["NetworkInterfaceId"]

    def admit(self) -> None:
        """Let others connect to one port, and return when that is applied."""

        def act(ec2: Any, own: Any) -> str:  # noqa: ANN401 - boto3's own
            reply = ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=[RULE])
            revision = int(reply["ResponseMetadata"]["HTTPHeaders"]["x-groupwall-revision"])
            return str(own.describe_propagation(Revision=revision, Wait=20)["State"])

        assert self._at_the_server(act) == "applied"

    def enforced(self) -> list[str]:
        """Return the interfaces that the machine's agent says it enforces."""
        hosts = self._at_the_server(lambda _, own: own.describe_propagation()["Hosts"])
        return [interface_id for host in hosts for interface_id in host["InterfaceIds"]]

    def says(self) -> list[str]:
        """Return what the machine's agent says of itself."""
        hosts = self._at_the_server(lambda _, own: own.describe_propagation()["Hosts"])
        return [host["Message"] for host in hosts if "Message" in host]

    def start(self, **given: str) -> None:
        """Start the machine's agent. given: more of its environment."""
        words = ("agent", "--endpoint", self.server.url, "--host", "here", "--state", str(self.state))
        key = {"AWS_ACCESS_KEY_ID": self._key.access_key_id, "AWS_SECRET_ACCESS_KEY": self._key.secret, **given}
        with environment(**key, AWS_REGION="us-east-1"):
            self._agent = self.here.within(
                lambda: subprocess.Popen(  # noqa: S603 - our own words only
                    [*PROGRAM, *words], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
            )

    def kill(self) -> None:
        """End the agent as a power cut would."""
        if self._agent:
            self._agent.kill()
            self._agent.wait(PATIENCE)
            self._agent = None

    def command(self, *words: str, before: Sequence[str] = ()) -> Ended:
        """Run a command on the machine. before: the words of a program that runs it."""
        given = (*words, "--eni", self.eni, "--state", str(self.state))
        return self.here.within(lambda: command(*given, before=before))

    def attach(self, *words: str, seconds: str = LONG, before: Sequence[str] = ()) -> Ended:
        """Hold the machine, once its agent is there."""
        ended: list[Ended] = []

        def attached() -> bool:
            ended.append(self.command("attach", "--host", "--undone-after", seconds, *words, before=before))
            return "no agent runs" not in ended[-1].err

        until(attached)
        return ended[-1]

    def asked(self, port: int = PORT) -> bool:
        """Tell whether another connects to a program of the machine."""
        made = self.bed.connect(self.there, self.here, port)
        if made:
            made.close()
        return made is not None

    def remove_table(self) -> None:
        """Remove our table."""
        remove_table(self.here.namespace)

    def has_table(self) -> bool:
        """Tell whether our table is on the machine."""
        with self.here.within(lambda: Connection(NETFILTER)) as kernel:
            try:
                return read_table(kernel, TABLE) is not None
            except Refused:  # it goes while it is read
                return True


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine that is not attached yet."""
    with Bed({"vpc-a": 2}) as bed, ExitStack() as held, Machine(bed, tmp_path, held) as made:
        yield made


def test_a_machine_is_attached(machine: Machine) -> None:
    """What is confirmed holds until detach; who came by SSH and the server are kept, though no rule admits them.

    The server is told of it, and its changes arrive (issue 6).
    """
    session = machine.bed.connect(machine.there, machine.here, SSH)
    assert session
    ends = *session.client.getsockname(), *session.server.getsockname()
    with environment(SSH_CONNECTION=" ".join(map(str, ends))):
        ended = machine.attach(before=AS_SUDO)
    assert (ended.code, ended.err) == (0, "")
    first, kept, *_, last = ended.out.splitlines()
    assert first.startswith(f"this machine is {machine.eni} until 20")
    server = f"port {machine.server.port} of {machine.there.address(4)}"
    assert kept == f"kept whatever the rules say: loopback, {machine.there.address(4)} to port 22, {server}"
    assert last.startswith(f"  groupwall attach --eni {machine.eni} --host --confirm --state ")
    assert (machine.asked(), machine.asked(SSH)) == (False, True)
    until(lambda: [one.partition(" until 20")[0] for one in machine.says()] == [f"{machine.eni} is on trial"])
    assert machine.bed.speaks(machine.here, session.server, session.client)
    session.close()
    machine.admit()
    assert (machine.asked(), machine.enforced()) == (True, [machine.eni])
    ended = machine.command("attach", "--host", "--confirm")
    assert (ended.code, ended.out) == (0, f"this machine is {machine.eni} until it is detached\n")
    until(lambda: machine.says() == [])
    machine.kill()
    assert (machine.asked(), machine.asked(PORT + 1)) == (True, False)
    machine.start()
    until(lambda: machine.command("detach").code == 0)
    assert (machine.asked(PORT + 1), machine.has_table()) == (True, False)
    until(lambda: machine.enforced() == [])


@pytest.mark.parametrize("abstract", [False, True])
def test_what_starts_after_the_agent_finds_it_closed(machine: Machine, tmp_path: Path, *, abstract: bool) -> None:
    """Who waits for the agent hears of it once nothing passes what is attached, as after a boot (inferred)."""
    machine.attach()
    assert machine.command("attach", "--host", "--confirm").code == 0
    machine.kill()
    machine.remove_table()
    assert machine.asked()
    place = f"\0{tmp_path}" if abstract else str(tmp_path / "notify")
    with machine.here.within(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as hearing:
        hearing.bind(place)
        hearing.settimeout(PATIENCE)
        machine.start(NOTIFY_SOCKET=place.replace("\0", "@"))
        assert hearing.recv(100) == b"READY=1"
    assert not machine.asked()


def test_many_callers_are_kept(machine: Machine) -> None:
    """However many are connected by SSH, as to a machine that leads to others, all of them are kept (inferred)."""
    machine.attach("--no-guard")
    until(lambda: machine.command("detach").code == 0)
    callers = [[f"2001:db8::{number:x}", SSH] for number in range(3000)]
    told = control.ask(machine.state, "attach-host", interface_id=machine.eni, callers=callers, seconds=600)
    assert "2001:db8::bb7 to port 22" in told
    assert machine.command("detach").code == 0


def test_what_is_not_confirmed_is_undone(machine: Machine) -> None:
    """Without a confirmation the agent lets the machine go, and tells the server; --no-guard keeps nobody (issue 6)."""
    ended = machine.attach("--no-guard", seconds=SOON)
    assert (ended.code, ended.err) == (0, "")
    assert "kept whatever the rules say: loopback\n" in ended.out
    assert not machine.asked(SSH)
    until(lambda: not machine.has_table())
    assert machine.asked()
    until(lambda: machine.enforced() == [])
    ended = machine.command("attach", "--host", "--confirm")
    assert (ended.code, "nothing is there to confirm" in ended.err) == (1, True)


def test_a_trial_ends_whichever_agent_is_there(machine: Machine) -> None:
    """An agent that comes within a trial that another one began undoes it at its end (issue 6)."""
    assert machine.attach(seconds=SOON).code == 0
    machine.kill()
    machine.start()
    until(lambda: not machine.has_table())
    assert machine.asked()
    until(lambda: machine.enforced() == [])


def test_what_is_not_confirmed_is_undone_though_the_agent_is_dead(machine: Machine) -> None:
    """Without a confirmation the kernel lets all pass though the agent was killed; the next one clears up (issue 6)."""
    assert machine.attach(seconds=SOON).code == 0
    machine.kill()
    assert not machine.asked()
    until(machine.asked)
    assert machine.has_table()
    machine.start()
    until(lambda: not machine.has_table())
    until(lambda: machine.enforced() == [])


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("--host", "--netns", "web"), 2, "give neither --interface nor --netns"),
        (("--host", "--interface", "eth0"), 2, "give neither --interface nor --netns"),
        (("--host", "--confirm", "--no-guard"), 2, "--confirm goes without --no-guard"),
        (("--confirm", "--netns", "web"), 2, "--no-guard and --confirm are for --host"),
        (("--no-guard", "--interface", "eth0"), 2, "--no-guard and --confirm are for --host"),
        (("--host", "--undone-after", "-1"), 2, "Invalid value"),
        (("--host", "--undone-after", "nan"), 2, "Invalid value"),
        ((), 2, "--interface, --netns or both, or --host"),
        (("--host",), 1, "no agent runs with the folder"),
        (("--host", "--confirm"), 1, "no agent runs with the folder"),
    ],
)
def test_wrong_usage_is_told(tmp_path: Path, words: tuple[str, ...], code: int, why: str) -> None:
    """What does not go together is refused with the reason (inferred)."""
    ended = command("attach", "--eni", "eni-1", "--state", str(tmp_path), *words)
    assert (ended.code, why in " ".join(ended.err.split())) == (code, True), ended.err
