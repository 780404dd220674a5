"""A site of many interfaces: a server that knows them all, and an agent that holds all of them on one router.

The first few are real, on a bed, so that packets can be sent between them. The others are bound as devices that lead
nowhere: the table is the same.
"""

from __future__ import annotations

import subprocess
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from random import Random
from threading import Event as Pause
from time import monotonic
from typing import Any, Self

import boto3

import groupwall
from bench.packets import rules
from groupwall.config import Quotas
from groupwall.enforce.dataplane import bindings
from groupwall.enforce.dataplane.bindings import Binding
from groupwall.enforce.dataplane.dataplane import TABLE
from groupwall.enforce.dataplane.wiring import device
from groupwall.enforce.kernel.entering import NAMED
from groupwall.enforce.kernel.links import ROUTES, End, new_pair
from groupwall.enforce.kernel.netlink import NETFILTER, Connection
from groupwall.enforce.kernel.reading import read_table
from groupwall.enforce.kernel.table import Table
from groupwall.enforce.policy.compile import Interface, State
from groupwall.enforce.policy.frame import REVISION
from groupwall.iam.callers import root
from groupwall.ops.operation import Context
from groupwall.ops.start import begin
from groupwall.rules.flows import address_number
from groupwall.rules.values import Direction, Peer, PortRange, Properties, Rule
from groupwall.store import entities
from groupwall.store.changes import Event
from groupwall.store.sqlite import open_store
from groupwall.store.transaction import Transaction
from groupwall.units import Ids, SystemClock
from tests.enforce.bed import Bed, Host
from tests.enforce.servers import environment
from tests.programs import make_key
from tests.serving import PATIENCE, PROGRAM, running

VPC, SUBNET, BLOCK = "vpc-00000001", "subnet-00000001", "10.0.0.0/16"
ACCOUNT, REGION = "123456789012", "us-east-1"
PORTS = (22, 443, 5432)
GROUPS_OF_AN_INTERFACE = 5
AT_ONCE = 500
"""Things that are written in one transaction: the write-ahead log stays small."""
_ABOUT = 6
"""Rules of each group that are about the first interfaces; the others let in who is not here."""
RESTORED_IN = 120.0
"""Seconds that an agent may take until everything holds, on a busy machine."""


def world(size: int, hosts: Sequence[Host]) -> State:
    """Return what so many interfaces, in five groups each of as many groups of 60 rules, are held to.

    No group is without members: an agent asks nothing of it.
    """
    random = Random(size)  # noqa: S311 - the same each time
    groups = [f"sg-{number:017x}" for number in range(size)]
    addresses = {host.interface.id: str(host.address(4)) for host in hosts}
    for number in range(len(hosts), size):
        addresses[f"eni-{number:017x}"] = f"10.0.{16 + (number >> 8)}.{number & 255}"
    held = {}
    for number, (one, address) in enumerate(addresses.items()):
        some = {groups[number % size], *random.sample(groups, min(size, GROUPS_OF_AN_INTERFACE) - 1)}
        held[one] = Interface(device("gwe", one), frozenset({address}), frozenset(some))
    near = list(addresses.values())[: len(hosts)]
    made = {group: _rules(random, group, [*near, *random.sample(groups, min(size, len(near)))]) for group in groups}
    meant = {rule.properties.peer.text for some in made.values() for rule in some} & made.keys()
    members = {
        group: [one for each in held.values() if group in each.groups for one in each.addresses] for group in meant
    }
    return State(made, members, {}, held, timeouts=None)  # a router that is the user's gives none by itself


def _rules(random: Random, group: str, near: Sequence[str]) -> list[Rule]:
    """Return 60 rules, some of which let in those who are near, by address, by block or as members of a group."""
    others = rules(random, group)[_ABOUT:]
    found: dict[Properties, None] = {}
    while len(found) < _ABOUT:
        peer, port = random.choice(near), random.choice(PORTS)
        block = peer if peer.startswith("sg-") else random.choice((f"{peer}/32", "10.0.0.0/28", "10.0.0.16/28"))
        found[Properties(random.choice(("tcp", "udp")), PortRange(port, port), Peer.of(block))] = None
    return [*others, *(Rule("", group, Direction.INGRESS, one, None) for one in found)]


# ---- the server's store


def fill(folder: Path, state: State) -> None:
    """Write a state into a store, as so many calls would have left it, but for the number of changes."""
    store, ids = open_store(str(folder), Ids()), Ids(seed=1)
    groups, interfaces = list(state.groups.items()), list(state.interfaces.items())
    try:
        store.run(partial(_add, ids, [_vpc()]))
        for first in range(0, len(groups), AT_ONCE):
            some = [_group(ids, *one) for one in groups[first : first + AT_ONCE]]
            store.run(partial(_add, ids, some))
        for first in range(0, len(interfaces), AT_ONCE):
            store.run(partial(_add, ids, [_interface(*one) for one in interfaces[first : first + AT_ONCE]]))
    finally:
        store.close()


def _add(ids: Ids, some: Collection[Sequence[Any]], tx: Transaction) -> None:
    """Add things, with a change for each row of entities."""
    here, now = entities.World(ACCOUNT, REGION), SystemClock().now()
    if not tx.enter(here):
        begin(Context(tx, here, root(ACCOUNT, "aws"), now, ids, Quotas()))
    for each in some:
        for entity in each:
            tx.add(entity)
        tx.record(Event(now, "test", "Import", ids.request_id(), "{}"))


def _vpc() -> Sequence[Any]:
    return (
        entities.Vpc(VPC, BLOCK, "default", is_default=False, dhcp_options_id="dopt-00000001"),
        entities.VpcCidr("vpc-cidr-assoc-00000001", VPC, BLOCK),
        entities.Subnet(SUBNET, VPC, "us-east-1a", BLOCK, is_default=False, public_ips=False),
    )


def _group(ids: Ids, group_id: str, some: Collection[Rule]) -> Sequence[Any]:
    told = (Rule(ids.new("sgr"), group_id, rule.direction, rule.properties, None) for rule in some)
    return (entities.Group(group_id, VPC, f"group {group_id}", "of a site"), *told)


def _interface(interface_id: str, here: Interface) -> Sequence[Any]:
    [address] = here.addresses
    return (
        entities.Interface(interface_id, SUBNET, VPC, "", "02:00:00:00:00:01", "interface", True, 0, 0, 0),  # noqa: FBT003
        entities.Address(SUBNET, address, address_number(address), interface_id, 0, is_primary=True),
        *(entities.Member(interface_id, group, place) for place, group in enumerate(sorted(here.groups))),
    )


# ---- server and agent


class Site:
    """All of it, on a folder: a server and an agent's key; the agent is to be started. real: interfaces on the bed."""

    def __init__(self, folder: Path, size: int, real: int) -> None:
        self._folder = folder
        self._held = ExitStack()
        self.size = size
        self.bed = Bed({VPC: real})
        self.agent: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with ExitStack() as held:
            held.enter_context(self.bed)
            self.state = world(self.size, self.bed.hosts)
            fill(self._folder / "data", self.state)
            self.key = make_key(self._folder / "data")
            self._make_devices()
            self._bind()
            serve = ("serve", "--port", "0", "--data", str(self._folder / "data"), "--auth", "signed", "--log", "off")
            self.server = held.enter_context(running((*PROGRAM, *serve)))
            held.callback(self.kill)
            key = {"aws_access_key_id": self.key.access_key_id, "aws_secret_access_key": self.key.secret}
            where = {"endpoint_url": self.server.url, "region_name": REGION, **key}
            self.ec2, self.own = boto3.client("ec2", **where), groupwall.client(**where)
            self._held = held.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def _make_devices(self) -> None:
        """Make the devices of the others, each two as the ends of one link."""
        names = [one.device for one in list(self.state.interfaces.values())[len(self.bed.hosts) :]]
        ends = [End(name, bytes((2, 1, 0, 0, *divmod(number, 256)))) for number, name in enumerate([*names, "odd"])]
        with self.bed.routers[VPC].within(lambda: Connection(ROUTES)) as kernel:
            for pair in zip(ends[::2], ends[1::2], strict=False):
                kernel.order([new_pair(*pair)])

    def _bind(self) -> None:
        """Leave what an agent would have kept of as many calls of attach."""
        place = NAMED / self.bed.namespaces.name(VPC)
        number = bindings.number_of(place)
        folder = self._folder / "agent"
        folder.mkdir(mode=0o700)
        held = [
            Binding(one, VPC, each.device, str(place), number, inside=False)
            for one, each in self.state.interfaces.items()
        ]
        bindings.write(folder, held)

    def start(self) -> None:
        """Start the agent."""
        key = {"AWS_ACCESS_KEY_ID": self.key.access_key_id, "AWS_SECRET_ACCESS_KEY": self.key.secret}
        words = ("agent", "--endpoint", self.server.url, "--host", "site", "--state", str(self._folder / "agent"))
        with environment(**key):
            self.agent = subprocess.Popen([*PROGRAM, *words], stdin=subprocess.DEVNULL)  # noqa: S603 - our own words

    def kill(self) -> None:
        """End the agent as a power cut would."""
        if self.agent:
            self.agent.kill()
            self.agent.wait(PATIENCE)

    def until_applied(self) -> None:
        """Return once the agent has told that all interfaces are held to all changes."""
        late = monotonic() + RESTORED_IN
        while True:
            told = self.own.describe_propagation(Wait=20)
            if told["State"] == "applied" and len(told["Hosts"][0]["InterfaceIds"]) == len(self.state.interfaces):
                return
            assert monotonic() < late, {**told, "Hosts": []}
            Pause().wait(0.01)

    def table(self) -> Table | None:
        """Return the table of the router, but for the revision that it is of."""
        with self.bed.routers[VPC].within(lambda: Connection(NETFILTER)) as kernel:
            found = read_table(kernel, TABLE)
        return found and without_revision(found)


def without_revision(table: Table) -> Table:
    """Return a table as it is at any revision: an agent's own word makes one more, which changes no table."""
    return table._replace(elements={name: some for name, some in table.elements.items() if name != REVISION})
