"""An account of many groups against one of a single group, and against moto with a tenth as many: call by call.

The group that is asked for is made in each by the same calls. One connection asks one call after the other.
"""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

from bench import programs, wire
from bench.asking import Asker, Turn
from bench.figures import Row
from bench.programs import Server
from groupwall.wire.message import Request

Series = defaultdict[str, list[float]]

SECONDS = 0.4
"""How long each call is repeated in a round, at least once."""
ROUNDS_OF_EVERYTHING = 2
RULES, AT_ONCE = 50, 60
MOTO_SHARE = 10
"""moto walks all groups and rules for most calls: with as many as ours one round takes three minutes."""
BLOCK = "203.0.113.7/32"
"""A block that only the measured group has."""
MILLI = 1e3


class Side(NamedTuple):
    """A server, its connection, and what is asked of it."""

    name: str
    server: Server
    asker: Asker
    turns: list[Turn]


@contextlib.contextmanager
def moto(groups: int, rules: int) -> Iterator[Server | None]:
    """Run moto_server with an account of a tenth as many groups, where there is a moto."""
    if not programs.has_moto():
        yield None
        return
    with programs.moto_filled(groups // MOTO_SHARE, rules) as server:
        yield server


def measure(servers: dict[str, Server], rounds: int, series: Series, tell: Callable[[str], None]) -> None:
    """Measure all calls on each server, in turns."""
    sides = [_side(name, server) for name, server in servers.items()]
    for number in range(rounds):
        tell(f"call by call, round {number + 1} of {rounds}")
        for side in sides:
            for turn in side.turns:
                for name, seconds in side.asker.repeat(turn, SECONDS).items():
                    series[f"{side.name} {name}"].append(seconds * MILLI)
    for _ in range(min(rounds, ROUNDS_OF_EVERYTHING)):
        for side in sides:
            tell(f"everything, {side.name}")
            side.asker.connect()
            answer = side.asker.ask(wire.signed(side.server.site, Action="DescribeSecurityGroups"))
            series[f"{side.name} first"].append(answer.first * MILLI)
            series[f"{side.name} everything"].append(answer.whole)
            series[f"{side.name} size"].append(answer.size / 1e6)
            series[f"{side.name} peak"].append(side.server.peak())


def _side(name: str, server: Server) -> Side:
    """Make the measured group and an empty one."""
    site = server.site

    def signed(action: str, **members: str) -> Request:
        return wire.signed(site, Action=action, **members)

    group, empty = wire.create_group(site, "measured"), wire.create_group(site, "empty")
    found = re.search("<vpcId>(vpc-[0-9a-f]+)", wire.ask(site, Action="DescribeSecurityGroups", **{"GroupId.1": group}))
    assert found
    wire.ask(site, Action="CreateTags", **{"ResourceId.1": group, "Tag.1.Key": "bench", "Tag.1.Value": "measured"})
    asked = {"GroupId": group, **_permissions(RULES - 1, "10.9.9.0/24")}
    wire.ask(site, Action="AuthorizeSecurityGroupIngress", **asked)
    wire.ask(site, Action="AuthorizeSecurityGroupIngress", GroupId=group, **_permissions(1, BLOCK))
    return Side(name, server, Asker(site), _turns(signed, group, empty, found[1]))


def _turns(signed: Callable[..., Request], group: str, empty: str, vpc: str) -> list[Turn]:
    one = {"GroupId": group, **_permissions(1, "198.51.100.0/24")}
    many = {"GroupId": empty, **_permissions(AT_ONCE, "198.51.100.0/24")}
    groups = "DescribeSecurityGroups"
    return [
        [(verb, signed(f"{verb.title()}SecurityGroupIngress", **one)) for verb in ("authorize", "revoke")],
        [(f"{verb} 60", signed(f"{verb.title()}SecurityGroupIngress", **many)) for verb in ("authorize", "revoke")],
        [("by id", signed(groups, **{"GroupId.1": group}))],
        [("by name", signed(groups, **_filters({"vpc-id": vpc, "group-name": "measured"})))],
        [("by cidr", signed(groups, **_filters({"ip-permission.cidr": BLOCK})))],
        [("by tag", signed(groups, **_filters({"tag:bench": "measured"})))],
        [("rules", signed("DescribeSecurityGroupRules", **_filters({"group-id": group})))],
        [("tags", signed("DescribeTags", **_filters({"resource-id": group})))],
        [("page", signed(groups, MaxResults="1000"))],
    ]


def _permissions(count: int, block: str) -> dict[str, str]:
    members: dict[str, str] = {}
    for place in range(1, count + 1):
        permission = {"IpProtocol": "tcp", "FromPort": str(place), "ToPort": str(place), "IpRanges.1.CidrIp": block}
        members |= {f"IpPermissions.{place}.{name}": value for name, value in permission.items()}
    return members


def _filters(wanted: dict[str, str]) -> dict[str, str]:
    members: dict[str, str] = {}
    for place, (name, value) in enumerate(wanted.items(), 1):
        members |= {f"Filter.{place}.Name": name, f"Filter.{place}.Value.1": value}
    return members


NAMES = {
    "authorize": "authorize one rule", "revoke": "revoke one rule", "revoke 60": "revoke 60 permissions at once",
    "by id": "describe a group by id", "by name": "describe a group by vpc-id and group-name",
    "by cidr": "describe groups by ip-permission.cidr", "by tag": "describe groups by tag",
    "rules": "describe the rules of one group", "tags": "describe the tags of one group",
    "page": "describe a page of 1000 groups",
}  # fmt: skip


OTHER = f"moto_server with 1/{MOTO_SHARE} of the groups"


def rows(series: Series, account: str) -> list[Row]:
    """Put the sides beside each other."""
    made = []
    for name, told in NAMES.items():
        large, small, other = (series[f"{side} {name}"] for side in ("large", "small", "moto"))
        what = f"{told}, among {account}"
        if name != "page":
            made.append(Row(what, "ms", large, "in an account of one group", small))
        made.append(Row(what, "ms", large, OTHER, other, "times faster"))
    everything = f"describe everything, {account}"
    return [
        *made,
        Row(everything, "s", series["large everything"], OTHER, series["moto everything"], "times faster"),
        Row(f"{everything}: first byte", "ms", series["large first"], OTHER, series["moto first"], "times faster"),
        Row(f"{everything}: size of the reply", "MB", series["large size"], OTHER, series["moto size"]),
        Row(f"{everything}: peak memory of server and reader", "MiB", series["large peak"], OTHER, series["moto peak"]),
    ]
