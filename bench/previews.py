"""What a preview costs, beside reading everything and working it out: ``python -m bench.previews [--groups 10000]``.

A server has an account of many groups with 50 rules each, and three groups with members: a plain one, one of 1,000
members, one of 1,000 rules. By hand means: describe all rules and all interfaces, then look which other rules of the
members' groups admit the traffic. That finds single rules that cover the whole of it; a preview tells it exactly.
"""

from __future__ import annotations

import argparse
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
RULES, MANY, AT_ONCE = 50, 1000, 100
BLOCK = "10.0.0.0/8"
ROUNDS = 20
MILLI = 1e3


class Scene(NamedTuple):
    """The groups that previews are about, by id."""

    plain: str
    of_members: str
    of_rules: str


def _permission(port: int, block: str = BLOCK) -> Json:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": block}]}


def _scene(client: Client) -> Scene:
    """Make the groups and their members by the calls that anyone makes."""
    names = ("plain", "of members", "of rules", "beside")
    made = [client.call("CreateSecurityGroup", {"GroupName": name, "Description": "bench"}) for name in names]
    plain, members, rules, beside = (one["GroupId"] for one in made)
    subnet = client.call("DescribeSubnets", {})["Subnets"][0]["SubnetId"]
    _allow(client, plain, [_permission(22), *(_permission(port) for port in range(1000, 1049))])
    _allow(client, members, [_permission(22)])
    _allow(client, beside, [_permission(22, "10.0.0.0/9")])
    for number in range(MANY // AT_ONCE):
        ports = range(1000 + number * AT_ONCE, 1000 + (number + 1) * AT_ONCE)
        _allow(client, rules, [_permission(port) for port in ports])
    for groups in [[plain, beside]] * 20 + [[rules, beside]] + [[members]] * MANY:
        client.call("CreateNetworkInterface", {"SubnetId": subnet, "Groups": groups})
    return Scene(plain, members, rules)


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

    receipt = {"Revision": client.call("DescribeChanges", {"MaxResults": 1})["Revision"]}
    return {
        "preview of a revoke, 20 members, another group beside": preview(scene.plain, 22),
        "preview of a revoke that finds nothing, with the nearest rules": preview(scene.plain, 23),
        "preview of a revoke in a group of 1,000 members": preview(scene.of_members, 22),
        "preview of a revoke of one rule of 1,000": preview(scene.of_rules, 1000),
        "preview of a revoke of 100 rules of 1,000": preview(scene.of_rules, *range(1000, 1100)),
        "receipt of the newest change": lambda: client.call("DescribeReceipt", receipt),
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
