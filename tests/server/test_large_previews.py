"""A preview about many interfaces: tried where the writes are, told by the process that reads [inferred]."""

from __future__ import annotations

import json
from pathlib import Path

from groupwall.store.changes import Event
from groupwall.store.entities import Address, Interface, Member, World
from groupwall.store.transaction import Transaction
from groupwall.units import Ids
from tests.driver import NOW, Wall
from tests.remote import Remote
from tests.scenes import Json, create_group, rules_of, tcp
from tests.serving import Server, started

MEMBERS = 1_500
BLOCK = "10.0.0.0/8"


def filled(folder: Path) -> tuple[str, Json]:
    """Write a group with many members into a new store; return it, and the preview of a revoke as one process tells."""
    ids = Ids(9)
    with Wall(data=str(folder)) as wall:
        group = create_group(wall)
        wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, BLOCK), tcp(80, group)])
        subnet = wall.call("DescribeSubnets")["Subnets"][0]

        def fill(tx: Transaction) -> None:
            tx.enter(World(wall.account, wall.region))
            for number in range(MEMBERS):
                interface = Interface(
                    ids.new("eni"), subnet["SubnetId"], subnet["VpcId"], "", "02:00:00:00:00:00", "interface",
                    source_dest_check=True, tcp_established=0, udp_stream=0, udp=0,
                )  # fmt: skip
                tx.add(interface)
                address = f"172.31.{number // 250}.{number % 250 + 4}"
                tx.add(Address(subnet["SubnetId"], address, number, interface.id, 0, is_primary=True))
                tx.add(Member(interface.id, group, 0))
            tx.record(Event(NOW, "test", "Fill", ids.request_id(), "{}"))

        wall.store.run(fill)
        return group, wall.call("PreviewRevoke", GroupId=group, IpPermissions=[tcp(22, BLOCK), tcp(80, group)])


def readers(server: Server) -> int:
    """Return how many child processes the server has."""
    pid = server.process.pid
    return len(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def test_a_large_preview_is_put_off(tmp_path: Path) -> None:
    """The reader tells what one process tells, by the calls that the server tried; nothing is changed by it."""
    group, expected = filled(tmp_path)
    asked = {"GroupId": group, "IpPermissions": [tcp(22, BLOCK), tcp(80, group)]}
    with started("--log", "off", "--data", str(tmp_path)) as server, Remote(server.url) as remote:
        told = remote.call("PreviewRevoke", **asked)
        assert readers(server) == 1
        assert told == expected
        assert len(told["Gates"][0]["InterfaceIds"]) == MEMBERS
        refused = remote.call(
            "PreviewChanges",
            Calls=[
                {"Operation": "RevokeSecurityGroupIngress", "Parameters": json.dumps(asked)},
                {"Operation": "DeleteSecurityGroup", "Parameters": json.dumps({"GroupId": group})},
            ],
        )
        assert refused["Gates"] == []
        assert (refused["Refused"]["CallIndex"], refused["Refused"]["Code"]) == (1, "DependencyViolation")
        assert len(rules_of(remote, group)) == 2
        remote.call("RevokeSecurityGroupIngress", **asked)
        receipt = remote.call("DescribeReceipt", Revision=expected["Revision"] + 1)
        assert receipt["Gates"] == expected["Gates"]
        assert receipt["Rules"] == expected["Rules"]
