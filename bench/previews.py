"""What a preview costs, beside reading everything and working it out: ``python -m bench.previews [--groups 10000]``.

A server has an account of many groups with 50 rules each, and groups with members: a plain one, one of 1,000 members,
one of 1,000 rules for as many ports, one of 1,000 for one port, and 500 that name a prefix list. By hand means:
describe all rules and all interfaces, then look which other rules of the members' groups admit the traffic. That finds
single rules that cover the whole of it; a preview tells it exactly.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NamedTuple

from bench import programs
from bench.fill import fill
from bench.wire import REGION
from groupwall.remote import Client

Json = dict[str, Any]
RULES, MANY, AT_ONCE, NAMING = 50, 1000, 100, 500
BLOCK = "10.0.0.0/8"
ROUNDS = 20
MILLI = 1e3


class Scene(NamedTuple):
    """What previews are about, by id: groups, a prefix list, a peering of the VPC that was asked for."""

    plain: str
    of_members: str
    of_rules: str
    of_blocks: str
    named: str
    peering: str


def _permission(port: int, block: str = BLOCK) -> Json:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": block}]}


def _scene(client: Client) -> Scene:
    """Make the groups and their members by the calls that anyone makes."""
    names = ("plain", "of members", "of rules", "of blocks", "beside")
    plain, members, rules, blocks, beside = (_group(client, name) for name in names)
    subnet = client.call("DescribeSubnets", {})["Subnets"][0]["SubnetId"]
    _allow(client, plain, [_permission(22), *(_permission(port) for port in range(1000, 1049))])
    _allow(client, members, [_permission(22)])
    _allow(client, beside, [_permission(22, "10.0.0.0/9")])
    for number in range(MANY // AT_ONCE):
        ports = range(1000 + number * AT_ONCE, 1000 + (number + 1) * AT_ONCE)
        _allow(client, rules, [_permission(port) for port in ports])
        _allow(client, blocks, [_permission(22, _block(place)) for place in ports])
    named, naming = _named(client)
    for groups in [[plain, beside]] * 20 + [[rules, beside], [blocks]] + [[members]] * MANY + [[one] for one in naming]:
        client.call("CreateNetworkInterface", {"SubnetId": subnet, "Groups": groups})
    return Scene(plain, members, rules, blocks, named, _peering(client))


def _group(client: Client, name: str) -> str:
    group: str = client.call("CreateSecurityGroup", {"GroupName": name, "Description": "bench"})["GroupId"]
    return group


def _block(place: int) -> str:
    return f"10.{place // 256}.{place % 256}.0/24"


def _named(client: Client) -> tuple[str, list[str]]:
    """Make a prefix list, and the groups that name it."""
    asked = {"PrefixListName": "bench", "AddressFamily": "IPv4", "MaxEntries": 5, "Entries": [{"Cidr": BLOCK}]}
    named: str = client.call("CreateManagedPrefixList", asked)["PrefixList"]["PrefixListId"]
    groups = [_group(client, f"naming {number}") for number in range(NAMING)]
    for group in groups:
        _allow(client, group, [{**_permission(22), "IpRanges": [], "PrefixListIds": [{"PrefixListId": named}]}])
    return named, groups


def _peering(client: Client) -> str:
    """Ask for a peering between the VPC of all groups and another."""
    mine, theirs = client.call("DescribeVpcs", {})["Vpcs"][0], client.call("CreateVpc", {"CidrBlock": "10.0.0.0/16"})
    asked = {"VpcId": mine["VpcId"], "PeerVpcId": theirs["Vpc"]["VpcId"]}
    made = client.call("CreateVpcPeeringConnection", asked)["VpcPeeringConnection"]
    peering: str = made["VpcPeeringConnectionId"]
    return peering


def _allow(client: Client, group: str, permissions: list[Json]) -> None:
    client.call("AuthorizeSecurityGroupIngress", {"GroupId": group, "IpPermissions": permissions})


def _by_hand(client: Client, group: str, asked: Json) -> dict[str, list[str]]:
    """Return interface -> the rules that would still admit what a revoke asks for."""
    rules = list(_pages(client, "DescribeSecurityGroupRules", "SecurityGroupRules"))
    interfaces = _pages(client, "DescribeNetworkInterfaces", "NetworkInterfaces")
    block = ip_network(asked["IpRanges"][0]["CidrIp"])
    covering = [
        rule
        for rule in rules
        if not rule["IsEgress"]
        and rule["IpProtocol"] == "tcp"
        and rule["FromPort"] <= asked["FromPort"] <= rule["ToPort"]
        and "CidrIpv4" in rule
        and block.subnet_of(ip_network(rule["CidrIpv4"]))  # type: ignore[arg-type]  # all are of IPv4 here
    ]
    found = {}
    for one in interfaces:
        groups = {each["GroupId"] for each in one["Groups"]}
        if group in groups:
            found[one["NetworkInterfaceId"]] = [
                rule["SecurityGroupRuleId"] for rule in covering if rule["GroupId"] in groups - {group}
            ]
    return found


def _pages(client: Client, operation: str, member: str) -> Iterator[Json]:
    told: Json = {"NextToken": None}
    while "NextToken" in told:
        told = client.call(operation, {"MaxResults": MANY, "NextToken": told["NextToken"]})
        yield from told[member]


def _calls(client: Client, scene: Scene) -> dict[str, Callable[[], object]]:
    def preview(group: str, *ports: int) -> Callable[[], object]:
        asked = {"GroupId": group, "IpPermissions": [_permission(port) for port in ports]}
        return lambda: client.call("PreviewRevoke", asked)

    def change(operation: str, asked: Json) -> Callable[[], object]:
        calls = [{"Operation": operation, "Parameters": json.dumps(asked)}]
        return lambda: client.call("PreviewChanges", {"Calls": calls})

    blocks = {"GroupId": scene.of_blocks, "IpPermissions": [_permission(22, _block(one)) for one in range(1000, 1100)]}
    entry = {"PrefixListId": scene.named, "CurrentVersion": 1, "AddEntries": [{"Cidr": "198.51.100.0/24"}]}
    reached = {"From": "anywhere", "Protocol": "tcp", "FromPort": 22, "MaxResults": 20}
    receipt = {"Revision": client.call("DescribeChanges", {"MaxResults": 1})["Revision"]}
    return {
        "preview of a revoke, 20 members, another group beside": preview(scene.plain, 22),
        "preview of a revoke that finds nothing, with the nearest rules": preview(scene.plain, 23),
        "preview of a revoke in a group of 1,000 members": preview(scene.of_members, 22),
        "preview of a revoke of one rule of 1,000": preview(scene.of_rules, 1000),
        "preview of a revoke of 100 rules of 1,000": preview(scene.of_rules, *range(1000, 1100)),
        "preview of a revoke of 100 rules of 1,000 for one port": lambda: client.call("PreviewRevoke", blocks),
        f"preview of an entry of a prefix list that {NAMING} groups name": change("ModifyManagedPrefixList", entry),
        "preview of a peering of the VPC of all groups": change(
            "AcceptVpcPeeringConnection", {"VpcPeeringConnectionId": scene.peering}
        ),
        "receipt of the newest change": lambda: client.call("DescribeReceipt", receipt),
        "receipt of the oldest change": lambda: client.call("DescribeReceipt", {"Revision": 2}),
        "who reaches what at a port, a first page of 20": lambda: client.call("DescribeReachability", reached),
    }


def _measured(call: Callable[[], object], rounds: int) -> list[float]:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * MILLI)
    return sorted(times)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.previews")
    parser.add_argument("--groups", type=int, default=10_000)
    groups: int = parser.parse_args().groups
    build = programs.ROOT / "build"
    build.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=build, prefix="bench-") as folder:
        fill(Path(folder), groups, RULES)
        with programs.groupwall(Path(folder)) as server:
            url = f"http://{server.site.host}:{server.site.port}"
            with Client(url, server.site.credentials, REGION) as client:
                scene = _scene(client)
                print(f"| in an account of {groups:,} groups with {RULES} rules each | median ms | slowest ms |")
                print("|---|---|---|")
                for name, call in _calls(client, scene).items():
                    _tell(name, _measured(call, ROUNDS))
                _tell("the first by hand", _measured(lambda: _by_hand(client, scene.plain, _permission(22)), 2))


def _tell(name: str, times: list[float]) -> None:
    print(f"| {name} | {statistics.median(times):,.1f} | {times[-1]:,.1f} |", flush=True)


if __name__ == "__main__":
    main()
