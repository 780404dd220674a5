"""Any sequence of calls on interfaces keeps their addresses apart and their groups real, and the law holds."""

from __future__ import annotations

import tempfile
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from groupwall.errors import ApiError
from tests import scenes
from tests.driver import Wall
from tests.interfaces import create_subnet
from tests.law import breaches
from tests.scenes import Json

numbers = st.integers(0, 20)
lasts = st.lists(st.integers(0, 17).map("10.0.0.{}".format), max_size=3)


class Interfaces(RuleBasedStateMachine):
    """Calls on interfaces in two small subnets, each in a VPC of its own; refused ones leave everything as it was."""

    def __init__(self) -> None:
        super().__init__()
        self.wall = Wall()
        self.subnets = [create_subnet(self.wall, ipv6=True), create_subnet(self.wall)]
        for number in range(4):
            self.create_group(number, number)
        self.create(0, [], 0, 0)

    def teardown(self) -> None:
        """The history gives the tables."""
        with tempfile.TemporaryDirectory() as folder:
            self.wall.copy_to(Path(folder))
            assert breaches(Path(folder)) == []
        self.wall.close()

    # ---- steps

    @rule(number=numbers, named=lasts, more=st.integers(0, 4), ipv6=st.integers(0, 2))
    def create(self, number: int, named: list[str], more: int, ipv6: int) -> None:
        """Make an interface with addresses by name, by number or both."""
        subnet = self.subnets[number % 2]["SubnetId"]
        addresses = [{"PrivateIpAddress": text, "Primary": not place} for place, text in enumerate(named)]
        call = {"PrivateIpAddresses": addresses, "SecondaryPrivateIpAddressCount": more, "Ipv6AddressCount": ipv6}
        self._try("CreateNetworkInterface", SubnetId=subnet, Groups=self._groups([number]), **call)

    @rule(number=numbers)
    def delete(self, number: int) -> None:
        """Delete an interface."""
        self._try("DeleteNetworkInterface", NetworkInterfaceId=self._interface(number))

    @rule(number=numbers, picked=st.lists(numbers, min_size=1, max_size=7))
    def set_groups(self, number: int, picked: list[int]) -> None:
        """Ask for other groups, among them those of the other VPC."""
        call = {"NetworkInterfaceId": self._interface(number), "Groups": self._groups(picked)}
        self._try("ModifyNetworkInterfaceAttribute", **call)

    @rule(number=numbers, named=lasts, moved=st.booleans())
    def assign(self, number: int, named: list[str], moved: bool) -> None:  # noqa: FBT001 - what is drawn
        """Give an interface more addresses, perhaps those of another."""
        by_number = {"SecondaryPrivateIpAddressCount": 1 + number % 3}
        asked: Json = {"PrivateIpAddresses": named} if named else by_number
        call = {"NetworkInterfaceId": self._interface(number), "AllowReassignment": moved}
        self._try("AssignPrivateIpAddresses", **call, **asked)

    @rule(number=numbers, picked=st.lists(numbers, min_size=1, max_size=3))
    def unassign(self, number: int, picked: list[int]) -> None:
        """Take addresses from an interface, perhaps its primary one."""
        interface = self._interface(number)
        held = [
            address["PrivateIpAddress"]
            for one in self._described()
            if one["NetworkInterfaceId"] == interface
            for address in one["PrivateIpAddresses"]
        ]
        named = [held[one % len(held)] for one in picked] if held else ["10.0.0.5"]
        self._try("UnassignPrivateIpAddresses", NetworkInterfaceId=interface, PrivateIpAddresses=named)

    @rule(number=numbers, name=numbers)
    def create_group(self, number: int, name: int) -> None:
        """Make a group in either VPC."""
        vpc = self.subnets[number % 2]["VpcId"]
        self._try("CreateSecurityGroup", GroupName=f"g{name % 6}", Description="d", VpcId=vpc)

    @rule(number=numbers)
    def delete_group(self, number: int) -> None:
        """Delete a group, which its members prevent."""
        self._try("DeleteSecurityGroup", GroupId=self._groups([number])[0])

    # ---- what is asked and what is seen

    def _interface(self, number: int) -> str:
        ids = [one["NetworkInterfaceId"] for one in self._described()]
        return ids[number % len(ids)] if ids else "eni-00000000"

    def _groups(self, picked: list[int]) -> list[str]:
        groups = self.wall.ask("DescribeSecurityGroups")["SecurityGroups"]
        ids = [one["GroupId"] for one in groups if one["VpcId"] in {subnet["VpcId"] for subnet in self.subnets}]
        return [ids[one % len(ids)] for one in picked]

    def _described(self) -> list[Json]:
        interfaces: list[Json] = self.wall.ask("DescribeNetworkInterfaces")["NetworkInterfaces"]
        return interfaces

    def _try(self, name: str, **params: Any) -> None:  # noqa: ANN401 - as boto3 gives them
        before, revision = self._described(), self.wall.app.revision()
        try:
            self.wall.ask(name, **params)
        except ApiError as refused:
            assert refused.status == 400  # noqa: PT017 - which refusal it is depends on what was drawn
            assert (self._described(), self.wall.app.revision()) == (before, revision)

    @invariant()
    def addresses_are_apart(self) -> None:
        """No two interfaces of a subnet share an address; each has one primary, the first; all may be given."""
        seen: set[tuple[str, str]] = set()
        for one in self._described():
            own = [address["PrivateIpAddress"] for address in one["PrivateIpAddresses"]]
            six = [address["Ipv6Address"] for address in one["Ipv6Addresses"]]
            assert [address["Primary"] for address in one["PrivateIpAddresses"]] == [True] + [False] * (len(own) - 1)
            assert own[0] == one["PrivateIpAddress"]
            assert all(4 <= int(ip_address(text)) - int(ip_address("10.0.0.0")) <= 14 for text in own)
            assert all(ip_address(text) in self._block() for text in six)
            taken = {(one["SubnetId"], text) for text in own + six}
            assert len(taken) == len(own + six)
            assert not taken & seen
            seen |= taken

    def _block(self) -> Any:  # noqa: ANN401 - a network of either family
        return ip_network(self.subnets[0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"])

    @invariant()
    def groups_are_there(self) -> None:
        """Every interface has one to five groups, each once, all of which exist in its VPC."""
        groups = self.wall.ask("DescribeSecurityGroups")["SecurityGroups"]
        there = {(one["VpcId"], one["GroupId"], one["GroupName"]) for one in groups}
        for one in self._described():
            mine = [(one["VpcId"], group["GroupId"], group["GroupName"]) for group in one["Groups"]]
            assert 1 <= len(mine) == len(set(mine)) <= 5
            assert set(mine) <= there


TestInterfaces = Interfaces.TestCase
TestInterfaces.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, derandomize=True, print_blob=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def test_the_steps_reach_what_they_are_about() -> None:
    """The subnets are small enough to become full, which is when addresses are looked for in gaps (inferred)."""
    with Wall() as wall:
        subnet = create_subnet(wall)["SubnetId"]
        wall.call("CreateNetworkInterface", SubnetId=subnet, SecondaryPrivateIpAddressCount=10)
        told = scenes.refusal(wall, "CreateNetworkInterface", SubnetId=subnet)
        assert told.startswith("InsufficientFreeAddressesInSubnet: ")
