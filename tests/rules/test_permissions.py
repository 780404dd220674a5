"""The wire's bundles to rules and back: reference 4.1, 4.2, 4.8, 5.3 and 9, round trips, and AWS's recordings."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupwall import errors
from groupwall.errors import ApiError
from groupwall.rules.permissions import (
    MEMBERS,
    read_asked,
    read_flat,
    read_permissions,
    read_rule,
    write_asked,
    write_permissions,
)
from groupwall.rules.values import Asked, Direction, Peer, PortRange, Properties, Rule
from tests import strategies

Permission = dict[str, Any]

RECORDED = json.loads((Path(__file__).parents[1] / "recordings" / "permissions.json").read_text())["recorded"]
SOURCES = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
ANYWHERE = {"CidrIp": "0.0.0.0/0"}
FORBIDDEN = "SourceSecurityGroupName may not be used together with IpProtocol, FromPort, ToPort, CidrIp"
BOTH_FORMS = "IpPermissions may not be used together with the members of a single rule"


def asked(protocol: str, first: int, last: int, peer: str, description: str | None = None) -> Asked:
    """Return an asked rule from its parts, the peer by its text."""
    return Asked(Properties(protocol, PortRange(first, last), Peer.of(peer)), description)


def default_group(name: str) -> str:
    """Return the id of the only group that the default VPC has, ``web``."""
    if name != "web":
        raise errors.group_not_found_by_name(name, "vpc-00000001")
    return "sg-00000001"


def stored(asked: list[Asked]) -> list[Rule]:
    """Return ingress rules that hold what was asked."""
    return [Rule(f"sgr-{n:08x}", strategies.GROUP, Direction.INGRESS, *one) for n, one in enumerate(asked)]


def refusal(params: dict[str, Any], *, names: bool = True) -> tuple[str, str]:
    """Return the code and message with which a request's rules are refused."""
    with pytest.raises(ApiError) as caught:
        read_asked(params, default_group if names else None)
    return caught.value.code, caught.value.message


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        # 5.1 [docs][live-test]: each source is a rule
        (
            SSH | {"IpRanges": [{"CidrIp": "10.0.0.0/24"}, {"CidrIp": "10.0.1.7/24", "Description": "b"}]},
            [asked("tcp", 22, 22, "10.0.0.0/24"), asked("tcp", 22, 22, "10.0.1.0/24", "b")],
        ),
        # 4.2 [docs: conflict][live-test]: all four kinds in one permission
        (
            SSH
            | {
                "IpRanges": [ANYWHERE],
                "Ipv6Ranges": [{"CidrIpv6": "::/0", "Description": ""}],
                "PrefixListIds": [{"PrefixListId": "pl-63a5400b"}],
                "UserIdGroupPairs": [{"GroupId": "sg-00000002"}],
            },
            [
                asked("tcp", 22, 22, "0.0.0.0/0"),
                asked("tcp", 22, 22, "::/0", ""),
                asked("tcp", 22, 22, "pl-63a5400b"),
                asked("tcp", 22, 22, "sg-00000002"),
            ],
        ),
        # 4.3 [recorded]: what Describe adds to a pair does no harm
        (
            {
                "IpProtocol": "-1",
                "UserIdGroupPairs": [
                    {
                        "GroupId": "sg-00000002",
                        "GroupName": "web",
                        "UserId": "123456789012",
                        "VpcId": "vpc-00000001",
                        "VpcPeeringConnectionId": "pcx-00000001",
                        "PeeringStatus": "active",
                        "Description": "all",
                    }
                ],
            },
            [asked("-1", -1, -1, "sg-00000002", "all")],
        ),
        # 4.3 [model]: a group by its name
        (SSH | {"UserIdGroupPairs": [{"GroupName": "web"}]}, [asked("tcp", 22, 22, "sg-00000001")]),
        # 3.2 [recorded]: protocol by number
        (
            {"IpProtocol": "6", "FromPort": 22, "ToPort": 22, "IpRanges": [ANYWHERE]},
            [asked("tcp", 22, 22, "0.0.0.0/0")],
        ),
        # 3.2 [live-test]: ports without a meaning
        ({"IpProtocol": "47", "FromPort": 1, "ToPort": 2, "IpRanges": [ANYWHERE]}, [asked("47", -1, -1, "0.0.0.0/0")]),
        # 1.1 [model]: empty lists
        (SSH | {"IpRanges": [ANYWHERE], "UserIdGroupPairs": []}, [asked("tcp", 22, 22, "0.0.0.0/0")]),
    ],
)
def test_each_source_of_a_permission_is_one_rule(permission: Permission, expected: list[Asked]) -> None:
    """A permission of n sources asks for n rules, in the order of the request: reference 3.1."""
    assert read_asked({"IpPermissions": [permission]}, default_group) == expected


def test_a_permission_without_sources_is_passed_over() -> None:
    """Beside others it asks for nothing: reference 4.2 [inferred]."""
    both = [SSH | {"IpRanges": []}, SSH | {"IpRanges": [ANYWHERE]}]
    assert read_permissions(both, None) == [asked("tcp", 22, 22, "0.0.0.0/0")]


@pytest.mark.parametrize(
    ("flat", "expected"),
    [
        (SSH | {"CidrIp": "10.0.0.9/8"}, [asked("tcp", 22, 22, "10.0.0.0/8")]),  # 4.1 [model]
        ({"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}, [asked("-1", -1, -1, "0.0.0.0/0")]),  # 4.1 [model]
        # 4.8 [inferred: three rules and not one]
        (
            {"SourceSecurityGroupName": "web", "SourceSecurityGroupOwnerId": "123456789012"},
            [
                asked("tcp", 0, 65535, "sg-00000001"),
                asked("udp", 0, 65535, "sg-00000001"),
                asked("icmp", -1, -1, "sg-00000001"),
            ],
        ),
    ],
)
def test_the_flat_form_asks_like_the_nested_one(flat: Permission, expected: list[Asked]) -> None:
    """One IPv4 rule, or everything from a group: reference 4.1 [model]."""
    assert read_flat(flat, default_group) == read_asked(flat, default_group) == expected


@pytest.mark.parametrize("params", [{}, {"GroupId": "sg-00000001"}, {"IpPermissions": []}])
def test_a_request_may_name_no_rule(params: dict[str, Any]) -> None:
    """No member and an empty list are one: the operation says what is missing, reference 4.2 [recorded]."""
    assert read_asked(params, None) == []


@pytest.mark.parametrize(
    ("permission", "code", "message"),
    [
        # 5.3 [recorded]
        (SSH | {"UserIdGroupPairs": [{"UserId": "1"}]}, "MissingParameter", "Source group ID missing."),
        (SSH | {"IpRanges": [{"CidrIp": "::/0"}]}, "InvalidParameterValue", "CIDR block ::/0 is malformed"),
        (
            SSH | {"UserIdGroupPairs": [{"GroupId": "eks-cluster-sg*"}]},
            "InvalidGroupId.Malformed",
            'Invalid id: "eks-cluster-sg*" (expecting "sg-...")',
        ),
        # 3.3 [recorded][issue]
        (
            SSH | {"UserIdGroupPairs": [{"GroupName": "db"}]},
            "InvalidGroup.NotFound",
            "The security group 'db' does not exist in default VPC 'vpc-00000001'",
        ),
        # [inferred]
        (
            SSH | {"Ipv6Ranges": [{"CidrIpv6": "0.0.0.0/0"}]},
            "InvalidParameterValue",
            "CIDR block 0.0.0.0/0 is malformed",
        ),
        (SSH | {"IpRanges": [{"Description": "x"}]}, "InvalidParameterValue", "CIDR block null is malformed"),
        (SSH | {"Ipv6Ranges": [{}]}, "InvalidParameterValue", "CIDR block null is malformed"),
        (
            SSH | {"PrefixListIds": [{"Description": "x"}]},
            "InvalidPrefixListId.Malformed",
            'Invalid id: "null" (expecting "pl-...")',
        ),
        # 4.2 [inferred]
        (
            SSH,
            "MissingParameter",
            "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId",
        ),
        # 4.3 [issue]: checked even without a source
        ({"IpProtocol": "esp"}, "InvalidParameterValue", "Invalid value 'esp' for IP protocol. Unknown protocol."),
    ],
)
def test_a_bad_permission_is_refused(permission: Permission, code: str, message: str) -> None:
    """Each way in which a source can be wrong has its answer: reference 5.3."""
    assert refusal({"IpPermissions": [permission]}) == (code, message)


@pytest.mark.parametrize("description", ["it's", "a" * 256])
@pytest.mark.parametrize(
    ("sources", "source"),
    [
        ("IpRanges", ANYWHERE),
        ("Ipv6Ranges", {"CidrIpv6": "::/0"}),
        ("PrefixListIds", {"PrefixListId": "pl-63a5400b"}),
        ("UserIdGroupPairs", {"GroupId": "sg-00000002"}),
    ],
)
def test_a_bad_description_is_refused_for_every_source(sources: str, source: dict[str, str], description: str) -> None:
    """A description is checked wherever it stands: reference 5.3 [recorded]."""
    code, message = refusal({"IpPermissions": [SSH | {sources: [source | {"Description": description}]}]})
    assert (code, message[:25]) == ("InvalidParameterValue", "Invalid rule description.")


@pytest.mark.parametrize(
    "params",
    [{"IpPermissions": [SSH | {"UserIdGroupPairs": [{"GroupName": "web"}]}]}, {"SourceSecurityGroupName": "web"}],
)
def test_names_are_refused_where_they_are_not_allowed(params: dict[str, Any]) -> None:
    """Groups of a non-default VPC have to be named by id: reference 3.3 [recorded]."""
    message = (
        "Invalid value 'web' for groupName. You may not reference Amazon VPC security groups by name. "
        "Please use the corresponding id for this operation."
    )
    assert refusal(params, names=False) == ("InvalidParameterValue", message)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"SourceSecurityGroupName": "web", "CidrIp": "10.0.0.0/8"}, FORBIDDEN),
        ({"SourceSecurityGroupName": "web", "IpProtocol": "tcp"}, FORBIDDEN),
        ({"SourceSecurityGroupName": "web", "FromPort": 0}, FORBIDDEN),
        ({"SourceSecurityGroupName": "web", "ToPort": 0}, FORBIDDEN),
        (SSH | ANYWHERE | {"IpPermissions": [SSH | {"IpRanges": [ANYWHERE]}]}, BOTH_FORMS),
        ({"FromPort": 0, "IpPermissions": [SSH | {"IpRanges": [ANYWHERE]}]}, BOTH_FORMS),
        ({"SourceSecurityGroupName": "web", "IpPermissions": [SSH | {"IpRanges": [ANYWHERE]}]}, BOTH_FORMS),
    ],
)
def test_members_that_exclude_each_other_are_refused(params: dict[str, Any], message: str) -> None:
    """The forms are not mixed: reference 4.2 [docs: forbidden with a name][inferred: code, text, both forms]."""
    assert refusal(params) == ("InvalidParameterCombination", message)


@pytest.mark.parametrize(
    ("flat", "code"),
    [
        (ANYWHERE, "InvalidParameterValue"),  # no protocol: 4.3 [inferred]
        (SSH, "MissingParameter"),  # no source: 4.2 [inferred]
        ({"IpProtocol": "tcp", **ANYWHERE}, "InvalidParameterValue"),  # no ports: 5.3 [recorded]
        (SSH | {"CidrIp": "::/0"}, "InvalidParameterValue"),  # 3.2 [issue]
    ],
)
def test_an_incomplete_flat_form_is_refused(flat: Permission, code: str) -> None:
    """The flat form is checked like a permission: reference 4.2 and 5.3."""
    assert refusal(flat)[0] == code


@pytest.mark.parametrize(
    "permissions",
    [
        [SSH | {"IpRanges": [ANYWHERE, ANYWHERE]}],
        [SSH | {"IpRanges": [ANYWHERE]}, SSH | {"IpRanges": [ANYWHERE]}],
        [SSH | {"IpRanges": [ANYWHERE | {"Description": "a"}, ANYWHERE | {"Description": "b"}]}],
        [SSH | {"IpRanges": [{"CidrIp": "10.0.0.1/8"}, {"CidrIp": "10.0.0.2/8"}]}],
        [SSH | {"IpRanges": [ANYWHERE]}, SSH | {"IpProtocol": "6", "IpRanges": [ANYWHERE]}],
        [{"IpProtocol": "-1", "IpRanges": [ANYWHERE]}, {"IpProtocol": "-1", "FromPort": 1, "IpRanges": [ANYWHERE]}],
        [SSH | {"UserIdGroupPairs": [{"GroupId": "sg-00000001"}, {"GroupName": "web"}]}],
    ],
)
def test_the_same_rule_twice_is_refused(permissions: list[Permission]) -> None:
    """Equal in canonical form is the same, whatever is described: reference 5.3 [issue], for revoke 4.6 [inferred]."""
    expected = ("InvalidParameterValue", "The same permission must not appear multiple times")
    assert refusal({"IpPermissions": permissions}) == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        # 9 [recorded]: no ports for all protocols
        ([asked("-1", -1, -1, "0.0.0.0/0")], {"IpProtocol": "-1", "IpRanges": [ANYWHERE]}),
        # 9 [inferred]: nor for protocols by number
        ([asked("50", -1, -1, "0.0.0.0/0")], {"IpProtocol": "50", "IpRanges": [ANYWHERE]}),
        # 9 [recorded]
        (
            [asked("icmp", 15, -1, "0.0.0.0/0")],
            {"IpProtocol": "icmp", "FromPort": 15, "ToPort": -1, "IpRanges": [ANYWHERE]},
        ),
        # 5.2 [docs]
        (
            [asked("icmpv6", -1, -1, "::/0")],
            {"IpProtocol": "icmpv6", "FromPort": -1, "ToPort": -1, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
        ),
        # 9 [live-test]: merged by protocol and ports; [recorded]: description only if there is one
        (
            [
                asked("tcp", 22, 22, "10.0.0.0/24", "a"),
                asked("tcp", 22, 22, "10.0.1.0/24"),
                asked("tcp", 22, 22, "pl-63a5400b"),
                asked("tcp", 22, 22, "sg-00000002", "b"),
            ],
            SSH
            | {
                "IpRanges": [{"CidrIp": "10.0.0.0/24", "Description": "a"}, {"CidrIp": "10.0.1.0/24"}],
                "PrefixListIds": [{"PrefixListId": "pl-63a5400b"}],
                "UserIdGroupPairs": [{"GroupId": "sg-00000002", "UserId": "123456789012", "Description": "b"}],
            },
        ),
    ],
)
def test_rules_are_shown_as_permissions(rules: list[Asked], expected: Permission) -> None:
    """Rules of equal protocol and ports share a permission with four lists: reference 9."""
    lists: Permission = {name: [] for name in SOURCES}
    assert write_permissions(stored(rules), lambda _: {"UserId": "123456789012"}) == [lists | expected]


def test_unknown_permissions_are_nested_and_normalised() -> None:
    """A flat request comes back nested: reference 4.5 [model][inferred]."""
    unknown = read_flat({"IpProtocol": "6", "FromPort": 22, "ToPort": 22, "CidrIp": "10.1.2.3/8"}, None)
    expected = SSH | {"IpRanges": [{"CidrIp": "10.0.0.0/8"}], "Ipv6Ranges": []}
    assert write_asked(unknown) == [expected | {"PrefixListIds": [], "UserIdGroupPairs": []}]


@given(rules=strategies.groups_of_rules())
def test_what_is_shown_asks_for_the_same_rules(rules: list[Rule]) -> None:
    """Describe's permissions, given back to a revoke, name exactly the rules described: reference 4.3 [recorded]."""
    shown = write_permissions(rules, lambda _: {"UserId": "123456789012", "VpcId": "vpc-00000001"})
    again = read_asked({"IpPermissions": shown}, None)
    assert sorted(again, key=repr) == sorted((Asked(rule.properties, rule.description) for rule in rules), key=repr)


@given(rules=strategies.groups_of_rules())
def test_a_single_rule_asks_for_itself(rules: list[Rule]) -> None:
    """A rule as replies show it, given to ModifySecurityGroupRules, is that rule: reference 11 [model]."""
    for rule in rules:
        protocol, (first, last), peer = rule.properties
        shown = {"IpProtocol": protocol, "FromPort": first, "ToPort": last, MEMBERS[peer.kind]: peer.text}
        assert read_rule(shown | {"Description": rule.description}) == Asked(rule.properties, rule.description)


@pytest.mark.parametrize(
    ("rule", "refusal"),
    [
        ({"CidrIpv4": "x"}, errors.protocol_missing()),
        ({"IpProtocol": "tcp", "CidrIpv4": "x"}, errors.ports_missing()),
        ({"IpProtocol": "-1"}, errors.missing_source()),
        ({"IpProtocol": "-1", "CidrIpv4": "x", "CidrIpv6": "x"}, errors.several_sources()),
        ({"IpProtocol": "-1", "CidrIpv4": "::/0"}, errors.cidr_malformed("::/0")),
        ({"IpProtocol": "-1", "PrefixListId": "sg-00000001"}, errors.prefix_list_id_malformed("sg-00000001")),
    ],
)
def test_what_is_no_single_rule(rule: Permission, refusal: ApiError) -> None:
    """Protocol, ports, the number of sources, then the source: reference 11 [live-test][inferred: order]."""
    with pytest.raises(ApiError, match=re.escape(str(refusal))):
        read_rule(rule)


@given(rules=strategies.groups_of_rules())
def test_permissions_are_merged_completely(rules: list[Rule]) -> None:
    """No two permissions have the same protocol and ports: reference 9 [live-test]."""
    keys = [(p["IpProtocol"], p.get("FromPort"), p.get("ToPort")) for p in write_permissions(rules, lambda _: {})]
    assert len(set(keys)) == len(keys)


@given(request=strategies.requests)
def test_unknown_permissions_ask_for_what_was_unknown(request: list[Asked]) -> None:
    """UnknownIpPermissions, sent again, ask for the same rules; an empty description is not shown; inferred."""
    again = read_asked({"IpPermissions": write_asked(request)}, None)
    expected = [Asked(one.properties, one.description or None) for one in request]
    assert sorted(again, key=repr) == sorted(expected, key=repr)


@given(rules=strategies.groups_of_rules(), shuffle=st.randoms(use_true_random=False))
def test_the_order_of_rules_changes_only_the_order_shown(rules: list[Rule], shuffle: Any) -> None:  # noqa: ANN401
    """The same rules in another order are shown as the same permissions: reference 4.5."""
    other = list(rules)
    shuffle.shuffle(other)
    assert ordered(write_permissions(other, lambda _: {})) == ordered(write_permissions(rules, lambda _: {}))


@pytest.mark.parametrize("recorded", RECORDED)
def test_recorded_permissions_come_back(recorded: list[Permission]) -> None:
    """Read and written again, AWS's permissions are as recorded: reference 9 [recorded].

    The order of permissions and sources does not count; a pair's UserId is put back, as an operation would; the oldest
    recordings lack Ipv6Ranges, today's replies have it.
    """
    users = {pair["GroupId"]: pair["UserId"] for one in recorded for pair in one["UserIdGroupPairs"]}
    shown = write_permissions(stored(read_asked({"IpPermissions": recorded}, None)), lambda x: {"UserId": users[x]})
    assert ordered(shown) == ordered([{"Ipv6Ranges": []} | one for one in recorded])


def ordered(permissions: list[Permission]) -> list[Permission]:
    """Return the permissions with everything in one order."""
    sources = [one | {name: sorted(one[name], key=repr_of) for name in SOURCES} for one in permissions]
    return sorted(sources, key=repr_of)


def repr_of(value: dict[str, Any]) -> str:
    """Return a text that does not depend on the order of members."""
    return json.dumps(value, sort_keys=True)
