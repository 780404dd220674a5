"""An agent with many interfaces is killed and started again: all is restored, whatever is left in the kernel."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count, permutations, product
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from groupwall.enforce.dataplane.posts import remove_table
from groupwall.enforce.kernel.packets import TCP, UDP
from groupwall.enforce.kernel.table import Table
from groupwall.rules.values import Direction, Rule
from tests.enforce.bed import Probe
from tests.enforce.policies import Policy, flow, judge
from tests.enforce.sites import PORTS, VPC, Site, without_revision
from tests.enforce.test_dataplane import expected

SIZE = 1_000 if os.environ.get("GROUPWALL_SOAK") else 150
"""Interfaces, each in five groups of as many, each of 60 rules. A thousand take half a minute on two busy cores."""
REAL = 8
MIDST = 0.7
"""Seconds after which an agent is killed that has not restored everything, most likely: it starts in some 0.3."""

NONE = Table({}, {}, {}, {})
_SOURCE_PORTS = count(20_000)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site whose agent has begun, and holds everything."""
    with Site(tmp_path, SIZE, REAL) as made:
        made.start()
        made.until_applied()
        yield made


def test_a_killed_agent_restores_everything(site: Site) -> None:
    """Killed, what holds stays; started again, the table is that of what changed meanwhile, and packets agree.

    So it is too when it is killed while it restores, and when no table is left at all (issue 6, tests; DESIGN 4.8).
    """
    _holds(site)
    for left in ("everything", "an agent in its midst", "nothing"):
        site.kill()
        _agree(site)
        _revoke(site)
        if left == "nothing":
            remove_table(site.bed.routers[VPC])
        site.start()
        if left == "an agent in its midst":
            Event().wait(MIDST)
            site.kill()
            site.start()
        site.until_applied()
        _holds(site)


def _holds(site: Site) -> None:
    assert _differing(site.table() or NONE, without_revision(expected(site.state, 0))) == []
    _agree(site)


def _differing(table: Table, other: Table) -> list[str]:
    """Return the names of what is not the same: to tell tables of this size apart takes pytest hours."""
    both = zip(table, other, strict=True)
    named = [(one, two) for one, two in both if isinstance(one, Mapping) and isinstance(two, Mapping)]
    return [name for one, two in named for name in {**one, **two} if one.get(name) != two.get(name)]


def _agree(site: Site) -> None:
    """Send packets between all that are real, each as the first of a flow."""
    hosts = site.bed.hosts
    kinds = product(permutations(hosts, 2), (TCP, UDP), PORTS)
    probes = [Probe(*ends, 4, protocol, port, 20_000 + next(_SOURCE_PORTS) % 40_000) for ends, protocol, port in kinds]
    policy = Policy(
        {host.id: site.state.interfaces[host.interface.id].groups for host in hosts}, tuple(_of_the_real(site))
    )
    accepts = judge(policy, hosts)
    said = [accepts(flow(probe)) for probe in probes]
    arrived = site.bed.arrived(probes)
    assert [probe for probe, *both in zip(probes, said, arrived, strict=True) if both[0] != both[1]] == []
    assert {True, False} <= set(said)


def _of_the_real(site: Site) -> list[Rule]:
    groups = {group for host in site.bed.hosts for group in site.state.interfaces[host.interface.id].groups}
    return [rule for group in groups for rule in site.state.groups[group]]


def _revoke(site: Site) -> None:
    """Revoke a rule that lets one in who is real."""
    near = {f"{host.address(4)}/32" for host in site.bed.hosts}
    rule = min(rule for rule in _of_the_real(site) if rule.properties.peer.text in near)
    assert rule.direction is Direction.INGRESS
    protocol, (first, last), peer = rule.properties
    permission: dict[str, Any] = {"IpProtocol": protocol, "FromPort": first, "ToPort": last}
    reply = site.ec2.revoke_security_group_ingress(
        GroupId=rule.group_id, IpPermissions=[permission | {"IpRanges": [{"CidrIp": peer.text}]}]
    )
    assert reply["Return"]
    less = [one for one in site.state.groups[rule.group_id] if one != rule]
    site.state = replace(site.state, groups={**site.state.groups, rule.group_id: less})
