"""``groupwall serve --enforce nft`` as root, with all that it makes removed at the end, and its instances' programs."""

from __future__ import annotations

import configparser
import os
import shutil
import socket
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, NamedTuple

import boto3
import pytest

import groupwall
from groupwall.enforce.dataplane.namespaces import Namespaces
from groupwall.enforce.kernel.entering import names
from tests.certificates import make
from tests.programs import Ended, command
from tests.serving import PATIENCE, Server, running

IMAGE = "ami-0123456789abcdef0"
REFUSED_AFTER = 0.3
"""Seconds after which a connection counts as dropped: on one machine a first packet arrives in far less than one."""

CERTIFICATE = "server.crt"
"""In the folder of a server that answers https: what its clients trust."""

_NUMBERS = count()


class Conversation(NamedTuple):
    """A connection between two programs."""

    calling: socket.socket
    answering: socket.socket

    def speaks(self) -> bool:
        """Tell whether what one says is heard by the other."""
        self.calling.send(b"hello")
        self.answering.settimeout(REFUSED_AFTER)
        try:
            return self.answering.recv(5) == b"hello"
        except TimeoutError:
            return False

    def hears(self, size: int) -> None:
        """Return when so many bytes of what was said are heard."""
        self.answering.settimeout(PATIENCE)
        while size:
            size -= len(self.answering.recv(size))


class Enforcing:
    """A server with an agent beside it. root: a folder for both. prefix: begins its namespaces' names."""

    def __init__(self, server: Server, root: Path, prefix: str) -> None:
        self.server = server
        self.root = root
        self.names = prefix
        self.namespaces = Namespaces(prefix)
        self.key = _root_key(root / "data")
        certificate = root / CERTIFICATE
        given: Any = self.key | ({"verify": str(certificate)} if certificate.exists() else {})
        self.ec2 = boto3.client("ec2", endpoint_url=server.url, region_name="us-east-1", **given)
        self.own = groupwall.client(endpoint_url=server.url, region_name="us-east-1", **given)

    def run_instances(self, number: int, **given: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - as boto3 takes it
        """Run instances; return them once their rules are enforced."""
        made = self.ec2.run_instances(ImageId=IMAGE, MinCount=number, MaxCount=number, **given)["Instances"]
        wanted = {each["NetworkInterfaces"][0]["NetworkInterfaceId"] for each in made}
        until(lambda: wanted <= set(self.enforced()))
        return list(made)

    def made(self) -> set[str]:
        """Return the ids of the instances and routers that are here, which may go while they are looked at."""
        start = f"{self.names}-"
        return {name.removeprefix(start) for name in names() if name.startswith(start)}

    def enforced(self) -> list[str]:
        """Return the interfaces that the agent says it enforces."""
        hosts = self.own.describe_propagation()["Hosts"]
        return [interface_id for host in hosts for interface_id in host["InterfaceIds"]]

    def applied(self, reply: dict[str, Any]) -> None:
        """Return when the change that a reply tells of is applied."""
        revision = int(reply["ResponseMetadata"]["HTTPHeaders"]["x-groupwall-revision"])
        told = self.own.describe_propagation(Revision=revision, Wait=20)
        assert told["State"] == "applied", told

    def command(self, *words: str) -> Ended:
        """Run a command of ours on this machine, to its end."""
        with environment(GROUPWALL_NAMES=self.names, GROUPWALL_STATE=str(self.root / "agent")):
            return command(*words)

    def listening(self, instance: dict[str, Any], port: int) -> socket.socket:
        """Return a program's socket that listens inside an instance."""
        with self.namespaces.opened(instance["InstanceId"]) as inside:
            return inside.within(lambda: socket.create_server((instance["PrivateIpAddress"], port)))

    def connected(self, source: dict[str, Any], destination: dict[str, Any], port: int) -> socket.socket | None:
        """Return a program's connection from an instance to another, None if none comes about."""
        with self.namespaces.opened(source["InstanceId"]) as inside:
            calling = inside.within(socket.socket)
        calling.settimeout(REFUSED_AFTER)
        try:
            calling.connect((destination["PrivateIpAddress"], port))
        except OSError:
            calling.close()
            return None
        return calling

    @contextmanager
    def connection(self, source: dict[str, Any], destination: dict[str, Any], port: int) -> Iterator[Conversation]:
        """Connect two instances, the second of which listens for others too. An error if no connection comes about."""
        with self.listening(destination, port) as listening:
            calling = self.connected(source, destination, port)
            assert calling
            answering, _ = listening.accept()
            with calling, answering:
                yield Conversation(calling, answering)

    def reaches(self, source: dict[str, Any], destination: dict[str, Any], port: int) -> bool:
        """Tell whether a connection comes about."""
        made = self.connected(source, destination, port)
        if made:
            made.close()
        return made is not None


@contextmanager
def enforcing(*options: str, secure: bool = False) -> Iterator[Enforcing]:
    """Run a server that enforces, on a folder of its own, with these options besides. secure: it answers https."""
    root = Path(tempfile.mkdtemp(prefix="groupwall-"))  # pytest's own folders are root's alone
    root.chmod(0o755)
    prefix = f"gwt-{os.getpid()}-s{next(_NUMBERS)}"
    try:
        if secure:
            options += make(root).options
        with enforcing_on(root, prefix, *options) as one:
            yield one
    finally:
        Namespaces(prefix).remove_all()
        shutil.rmtree(root)


@contextmanager
def enforcing_on(root: Path, prefix: str, *options: str) -> Iterator[Enforcing]:
    """Run a server that enforces on a folder that may have been one's before; what it made stays."""
    paths = {"--data": str(root / "data"), "--state": str(root / "agent")}
    words = [word for pair in paths.items() for word in pair]
    serve = ("serve", "--port", "0", "--auth", "iam", "--log", "off", "--enforce", "nft", *words, *options)
    with (
        (root / "log").open("a") as log,
        environment(GROUPWALL_NAMES=prefix, PYTHONPATH=importable()),
        running((python(), "-P", "-m", "groupwall.cli", *serve), log) as server,
    ):
        yield Enforcing(server, root, prefix)


@contextmanager
def environment(**given: str) -> Iterator[None]:
    """Have programs that are started meanwhile find these variables."""
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            os.environ.update({name: value} if value is not None else {})


def python() -> str:
    """Return a Python of this version that others than root can run, since the server is not root for long."""
    for found in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        whole = Path(found).resolve()
        if whole.exists() and all(place.stat().st_mode & stat.S_IXOTH for place in (whole, *whole.parents)):
            return found
    pytest.skip("needs a Python that others than root can run")


def importable() -> str:
    """Return the PYTHONPATH with which another Python finds what this one does."""
    folders = [str(Path(groupwall.__file__).parent.parent), *(each for each in sys.path if each.endswith("-packages"))]
    return os.pathsep.join(folders)


def _root_key(folder: Path) -> dict[str, str]:
    parser = configparser.ConfigParser()
    parser.read(folder / "root.credentials")
    return dict(parser["groupwall-root"])


def until(holds: Callable[[], bool]) -> None:
    """Return when something holds that another program brings about."""
    late = monotonic() + PATIENCE
    while not holds():
        assert monotonic() < late, "it did not come about"
        Event().wait(0.01)
