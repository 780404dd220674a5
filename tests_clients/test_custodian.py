"""Cloud Custodian's policies: clients 2.16. A policy is run as its user runs it, and finds or changes groups."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.scenes import EVERYWHERE, create_group, create_vpc, default_vpc, held, permission, rules_of, tcp
from tests_clients.elsewhere import elsewhere
from tests_clients.site import Site

Json = dict[str, Any]
SSH_FROM_EVERYWHERE: Json = {"type": "ingress", "IpProtocol": "tcp", "Ports": [22], "Cidr": {"value": EVERYWHERE}}


@pytest.fixture(scope="module")
def others() -> Iterator[str]:
    """The address of all services but EC2 and STS."""
    with elsewhere() as url:
        yield url


@pytest.fixture
def groups(site: Site) -> dict[str, str]:
    """Three groups of a VPC by their names; ssh is open to everyone in ``open``, and ``named`` is a peer of it."""
    vpc = create_vpc(site.remote)
    made = {name: create_group(site.remote, name, vpc) for name in ("open", "named", "lonely")}
    opened = [
        tcp(22, (EVERYWHERE, "for now"), "10.0.0.0/8", "::/0"),
        tcp(443, EVERYWHERE),
        permission("-1", None, None, (made["named"], "the peer")),
    ]
    site.remote.call("AuthorizeSecurityGroupIngress", GroupId=made["open"], IpPermissions=opened)
    site.remote.call("CreateTags", Resources=[made["open"]], Tags=[{"Key": "team", "Value": "web"}])
    return made


def found(site: Site, resource: str = "security-group", url: str = "", **policy: Any) -> list[str]:  # noqa: ANN401 - JSON
    """Run one policy and return the names or ids of what it found, in order; url: of services but EC2 and STS."""
    (site.home / "policy.yml").write_text(json.dumps({"policies": [{"name": "p", "resource": resource, **policy}]}))
    ran = site.run(
        ".venv-custodian/bin/custodian", "run", "--cache-period", "0", "--output-dir", "out", "policy.yml",
        **({"AWS_ENDPOINT_URL": url} if url else {}),
    )  # fmt: skip
    assert ran.code == 0, ran.said
    resources = json.loads((site.home / "out" / "p" / "resources.json").read_text())
    return sorted(each.get("GroupName") or each.get("PrefixListName") or each["VpcId"] for each in resources)


def sources(site: Site, group: str) -> set[tuple[int, str]]:
    """Return the port and peer of each ingress rule of a group."""
    return {(rule.first, rule.peer) for rule in map(held, rules_of(site.remote, group))}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([], ["default", "default", "lonely", "named", "open"]),
        ([SSH_FROM_EVERYWHERE], ["open"]),
        ([{"type": "ingress", "OnlyPorts": [22]}], ["open"]),
        ([{"type": "ingress", "SelfReference": True}], ["default", "default"]),
        ([{"type": "ingress", "CidrV6": {"value": "::/0"}}], ["open"]),
        ([{"type": "ingress", "SGReferences": {"key": "GroupName", "value": "named"}}], ["open"]),
        ([{"type": "egress", "Cidr": {"value": EVERYWHERE}}, {"GroupName": "named"}], ["named"]),
        ([{"tag:team": "web"}], ["open"]),
        (["default-vpc"], ["default"]),
        (["stale"], []),
    ],
)
def test_filters(site: Site, groups: dict[str, str], filters: list[Any], expected: list[str]) -> None:
    """Filters find the groups that they describe: clients 2.16."""
    assert groups
    assert found(site, filters=filters) == expected


@pytest.mark.parametrize(
    ("which", "expected"),
    [("used", ["attached", "named"]), ("unused", ["default", "default", "lonely", "open"])],
)
def test_usage(site: Site, groups: dict[str, str], others: str, which: str, expected: list[str]) -> None:
    """A group is used by an interface or by another group's rule; other services were asked too: clients 2.16."""
    assert groups
    vpc = default_vpc(site.remote)
    attached = create_group(site.remote, "attached", vpc)
    subnet = site.remote.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
    site.remote.call("CreateNetworkInterface", SubnetId=subnet, Groups=[attached])
    assert found(site, url=others, filters=[which]) == expected


def test_permissions_are_removed_as_matched(site: Site, groups: dict[str, str]) -> None:
    """What a filter matched is revoked with its description as it was described: clients 2.16."""
    remove = {"type": "remove-permissions", "ingress": "matched"}
    assert found(site, filters=[SSH_FROM_EVERYWHERE], actions=[remove]) == ["open"]
    assert sources(site, groups["open"]) == {(22, "10.0.0.0/8"), (22, "::/0"), (443, EVERYWHERE), (-1, groups["named"])}


def test_all_permissions_are_removed(site: Site, groups: dict[str, str]) -> None:
    """All permissions of both directions are revoked in the form in which they were described: clients 2.16."""
    remove = {"type": "remove-permissions", "ingress": "all", "egress": "all"}
    assert found(site, filters=[{"GroupName": "open"}], actions=[remove]) == ["open"]
    assert rules_of(site.remote, groups["open"]) == rules_of(site.remote, groups["open"], egress=True) == []


def test_permissions_are_set(site: Site, groups: dict[str, str]) -> None:
    """Permissions are added, one that is there already is tolerated, and the matched ones removed: clients 2.16."""
    office = {"IpProtocol": "TCP", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}
    known = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": EVERYWHERE}
    change = {
        "type": "set-permissions",
        "add-ingress": [{"IpPermissions": [office]}, known],
        "remove-ingress": "matched",
        "add-egress": [{"IpPermissions": [{"IpProtocol": "udp", "FromPort": 53, "ToPort": 53,
                                           "IpRanges": [{"CidrIp": "10.0.0.2/32"}]}]}],
        "remove-egress": "all",
    }  # fmt: skip
    assert found(site, filters=[SSH_FROM_EVERYWHERE], actions=[change]) == ["open"]
    kept = {(22, "10.0.0.0/8"), (22, "::/0"), (443, EVERYWHERE), (-1, groups["named"])}
    assert sources(site, groups["open"]) == kept | {(22, "192.0.2.0/24")}
    assert [rule["FromPort"] for rule in rules_of(site.remote, groups["open"], egress=True)] == [53]


def test_groups_are_tagged_and_deleted(site: Site, groups: dict[str, str]) -> None:
    """A policy marks groups, another one finds the mark, takes it off or deletes them: clients 2.16."""
    assert groups
    lonely = [{"GroupName": "lonely"}]
    found(site, filters=lonely, actions=[{"type": "tag", "tags": {"end": "soon", "by": "policy"}}])
    assert found(site, filters=[{"tag:end": "soon"}], actions=[{"type": "remove-tag", "tags": ["end"]}]) == ["lonely"]
    assert found(site, filters=[{"tag:end": "absent"}, {"tag:by": "policy"}], actions=["delete"]) == ["lonely"]
    assert found(site, filters=lonely) == []


def test_stale_rules_are_found(site: Site) -> None:
    """A rule that names a group of a VPC whose peering has ended is found and removed: clients 2.16."""
    here, there = create_vpc(site.remote, "10.1.0.0/16"), create_vpc(site.remote, "10.2.0.0/16")
    peering = site.remote.call("CreateVpcPeeringConnection", VpcId=here, PeerVpcId=there)
    peering_id = peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    site.remote.call("AcceptVpcPeeringConnection", VpcPeeringConnectionId=peering_id)
    ours, theirs = create_group(site.remote, "ours", here), create_group(site.remote, "theirs", there)
    site.remote.call("AuthorizeSecurityGroupIngress", GroupId=ours, IpPermissions=[tcp(22, theirs)])
    site.remote.call("DeleteVpcPeeringConnection", VpcPeeringConnectionId=peering_id)
    remove = {"type": "remove-permissions", "ingress": "matched"}
    assert found(site, filters=["stale"], actions=[remove]) == ["ours"]
    assert rules_of(site.remote, ours) == []


def test_other_resources(site: Site, groups: dict[str, str]) -> None:
    """VPCs by their groups and attributes, and prefix lists by their entries, are found: clients 4."""
    entries = [{"Cidr": "192.0.2.0/24", "Description": "the office"}]
    site.remote.call(
        "CreateManagedPrefixList", PrefixListName="office", AddressFamily="IPv4", MaxEntries=5, Entries=entries
    )
    (vpc,) = found(site, "vpc", filters=[{"type": "security-group", "key": "GroupName", "value": "open"}])
    described = site.remote.call("DescribeSecurityGroups", GroupIds=[groups["open"]])["SecurityGroups"][0]
    assert vpc == described["VpcId"]
    assert found(site, "vpc", filters=[{"type": "vpc-attributes", "dnshostnames": True}]) == [default_vpc(site.remote)]
    assert found(site, "prefix-list", filters=[{"type": "entry", "key": "Cidr", "value": "192.0.2.0/24"}]) == ["office"]
