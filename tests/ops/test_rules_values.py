"""What the values of a rule mean to authorize and to revoke, in both directions and kinds of VPC [3.2, 4.3, 5.3]."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenes import EVERYWHERE, Held, Json, Scene, held, permission, tcp

BLOCK = "203.0.113.0/24"
OTHER = "198.51.100.0/24"
A255 = "a&b" + "c" * 252
DESCRIPTIONS = (
    "InvalidParameterValue: Invalid rule description. Valid descriptions are strings less than 256 characters from the "
    "following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
)
NO_PORTS = "InvalidParameterValue: Invalid value for portRange. Must specify both from and to ports with TCP/UDP."
NO_PROTOCOL = (
    "InvalidParameterValue: Invalid value 'null' for protocol. "
    "VPC security group rules must specify protocols explicitly."
)
NO_TYPE = "InvalidParameterValue: Invalid value for portRange. Must specify both type and code with ICMP."


@pytest.mark.parametrize(
    ("row", "asked", "stored"),
    [
        ("3.2 protocol by number", permission("6", 22, 22, BLOCK), ("tcp", 22, 22, BLOCK)),
        ("3.2 protocol by number", permission("17", 53, 53, BLOCK), ("udp", 53, 53, BLOCK)),
        ("3.2 protocol by number", permission("1", 8, 0, BLOCK), ("icmp", 8, 0, BLOCK)),
        ("3.2 protocol by number", permission("58", 128, 0, "::/0"), ("icmpv6", 128, 0, "::/0")),
        ("3.2 protocol in capitals", permission("TCP", 22, 23, BLOCK), ("tcp", 22, 23, BLOCK)),
        ("3.2 all protocols drop ports", permission("-1", 80, 90, BLOCK), ("-1", -1, -1, BLOCK)),
        ("3.2 other protocols drop ports", permission("50", 80, 90, BLOCK), ("50", -1, -1, BLOCK)),
        ("5.1 ports ignored", permission("47", None, None, BLOCK), ("47", -1, -1, BLOCK)),
        ("clients 2.7 never 500", permission("47", None, None, BLOCK), ("47", -1, -1, BLOCK)),
        ("3.2 icmpv6 without ports", permission("icmpv6", None, None, "::/0"), ("icmpv6", -1, -1, "::/0")),
        ("5.2 icmpv6 without ports", permission("icmpv6", None, None, "::/0"), ("icmpv6", -1, -1, "::/0")),
        ("5.2 all protocols", permission("-1", None, None, BLOCK), ("-1", -1, -1, BLOCK)),
        ("3.2 IPv4 host bits", tcp(22, "10.45.0.7/16"), ("tcp", 22, 22, "10.45.0.0/16")),
        ("3.2 IPv6 text", tcp(22, "2001:0DB8:0:0:0:0:0:5/64"), ("tcp", 22, 22, "2001:db8::/64")),
        ("0.2 CIDRs are canonical", tcp(22, "10.0.0.1/8"), ("tcp", 22, 22, "10.0.0.0/8")),
        ("3.2 icmp type with all codes", permission("icmp", 8, -1, BLOCK), ("icmp", 8, -1, BLOCK)),
        ("3.2 all icmp", permission("icmp", -1, -1, BLOCK), ("icmp", -1, -1, BLOCK)),
        ("5.3 characters of a description", tcp(22, (BLOCK, A255)), ("tcp", 22, 22, BLOCK, A255)),
    ],
)  # fmt: skip
@pytest.mark.reference("users 5.1.9 protocols by number")
def test_a_rule_has_one_form(anywhere: Scene, row: str, asked: Json, stored: tuple[Any, ...]) -> None:
    """A rule is answered, stored and found again in its canonical form, however it was written [3.2]."""
    assert [held(rule) for rule in anywhere.authorize(asked)["SecurityGroupRules"]] == [Held(*stored)], row
    assert anywhere.rules() == {Held(*stored)}
    assert [held(rule) for rule in anywhere.revoke(asked)["RevokedSecurityGroupRules"]] == [Held(*stored)]
    assert anywhere.rules() == set()


@pytest.mark.parametrize(
    ("row", "stored", "asked"),
    [
        ("4.3 protocol", tcp(22, BLOCK), permission("6", 22, 22, BLOCK)),
        ("4.3 protocol", permission("17", 53, 53, BLOCK), permission("UDP", 53, 53, BLOCK)),
        ("4.3 ports of other protocols", permission("-1", None, None, BLOCK), permission("-1", 0, 0, BLOCK)),
        ("clients 2.10 default egress with ports 0", permission("-1", -1, -1, BLOCK), permission("-1", 0, 0, BLOCK)),
        ("4.3 ports of other protocols", permission("50", None, None, BLOCK), permission("50", 1, 2, BLOCK)),
        ("4.3 CIDR", tcp(22, "10.0.0.0/24"), tcp(22, "10.0.0.1/24")),
        ("4.3 IPv6 CIDR", tcp(22, "2001:db8::/32"), tcp(22, "2001:0DB8:0::1/32")),
        ("4.3 type and code", permission("icmp", 8, -1, BLOCK), permission("1", 8, -1, BLOCK)),
        ("4.3 description", tcp(22, (BLOCK, "office")), tcp(22, BLOCK)),
        ("0.2 a given description takes part", tcp(22, (BLOCK, "office")), tcp(22, (BLOCK, "office"))),
    ],
)  # fmt: skip
def test_two_forms_of_one_rule(anywhere: Scene, row: str, stored: Json, asked: Json) -> None:
    """A revoke finds a rule that was authorized in other words [reference 4.3]."""
    anywhere.authorize(stored)
    revoked = anywhere.revoke(asked)
    assert len(revoked["RevokedSecurityGroupRules"]) == 1, row
    assert "UnknownIpPermissions" not in revoked
    assert anywhere.rules() == set()


@pytest.mark.parametrize(
    ("row", "stored", "asked"),
    [
        ("4.3 protocol", permission("tcp", 53, 53, BLOCK), permission("udp", 53, 53, BLOCK)),
        ("4.3 ports of tcp and udp", permission("tcp", 20, 30, BLOCK), permission("tcp", 20, 25, BLOCK)),
        ("4.3 ports of tcp and udp", permission("tcp", 20, 30, BLOCK), permission("tcp", 20, 31, BLOCK)),
        ("4.3 ports of tcp and udp", permission("udp", 20, 30, BLOCK), permission("udp", 0, 65535, BLOCK)),
        ("4.3 type and code", permission("icmp", 8, 0, BLOCK), permission("icmp", 8, -1, BLOCK)),
        ("4.3 type and code", permission("icmp", 8, 0, BLOCK), permission("icmp", -1, -1, BLOCK)),
        ("4.3 all protocols cover nothing else", tcp(22, EVERYWHERE), permission("-1", None, None, EVERYWHERE)),
        ("4.3 all protocols cover nothing else", permission("-1", None, None, EVERYWHERE), tcp(22, EVERYWHERE)),
        ("4.3 wider and narrower CIDRs", tcp(22, "10.0.0.0/16"), tcp(22, "10.0.0.0/8")),
        ("4.3 wider and narrower CIDRs", tcp(22, "10.0.0.0/16"), tcp(22, "10.0.0.0/17")),
        ("4.3 CIDR", tcp(22, EVERYWHERE), tcp(22, "::/0")),
        ("4.3 description", tcp(22, (BLOCK, "office")), tcp(22, (BLOCK, "Office"))),
        ("0.2 a given description takes part", tcp(22, BLOCK), tcp(22, (BLOCK, "office"))),
        ("users 5.4 same protocol and ports, another source", tcp(22, EVERYWHERE), tcp(22, "10.0.0.0/8")),
        ("users 5.4 only the first source", tcp(22, OTHER), tcp(22, BLOCK)),
    ],
)  # fmt: skip
def test_what_is_another_rule(anywhere: Scene, row: str, stored: Json, asked: Json) -> None:
    """What is not equal does not match: an error, or unknown in the default VPC; the rule stays [4.3, 4.4]."""
    anywhere.authorize(stored)
    before = anywhere.rules()
    if anywhere.default:
        reply = anywhere.revoke(asked)
        assert "RevokedSecurityGroupRules" not in reply, row
        assert len(reply["UnknownIpPermissions"]) == 1
    else:
        expected = "InvalidPermission.NotFound: The specified rule does not exist in this security group."
        assert anywhere.refused("Revoke", asked) == expected, row
    assert anywhere.rules() == before


BAD_VALUES = [
    ("5.3 no ports", permission("tcp", None, None, BLOCK), NO_PORTS),
    ("4.3 no ports", permission("udp", 53, None, BLOCK), NO_PORTS),
    ("5.1 ports needed", permission("udp", None, 53, BLOCK), NO_PORTS),
    ("5.1 ports needed", permission("icmp", None, None, BLOCK), NO_TYPE),
    ("5.3 port -1", permission("tcp", -1, -1, BLOCK), "InvalidParameterValue: TCP/UDP (from) port (-1) out of range"),
    (
        "5.3 port -1", permission("tcp", 1, 70000, BLOCK),
        "InvalidParameterValue: TCP/UDP (to) port (70000) out of range",
    ),
    ("5.3 icmp out of range", permission("icmp", 0, 999, BLOCK), "InvalidParameterValue: ICMP code (999) out of range"),
    (
        "3.2 icmp code without a type", permission("icmp", -1, 3, BLOCK),
        "InvalidParameterValue: ICMP code (3) not allowed with type (-1)",
    ),
    (
        "5.3 unknown protocol", permission("esp", None, None, BLOCK),
        "InvalidParameterValue: Invalid value 'esp' for IP protocol. Unknown protocol.",
    ),
    (
        "3.2 other protocol names", permission("gre", None, None, BLOCK),
        "InvalidParameterValue: Invalid value 'gre' for IP protocol. Unknown protocol.",
    ),
    (
        "3.2 all as a protocol", permission("all", None, None, BLOCK),
        "InvalidParameterValue: Invalid value 'all' for IP protocol. Unknown protocol.",
    ),
    ("4.3 no protocol", permission(None, 22, 22, BLOCK), NO_PROTOCOL),
    ("5.3 bad CIDR", tcp(22, "/32"), "InvalidParameterValue: CIDR block /32 is malformed"),
    ("3.2 bad CIDR", tcp(22, "10.0.0.0/33"), "InvalidParameterValue: CIDR block 10.0.0.0/33 is malformed"),
    ("3.2 IPv4 without a length", tcp(22, "10.0.0.1"), "InvalidParameterValue: CIDR block 10.0.0.1 is malformed"),
    (
        "3.2 IPv6 text in CidrIp", {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "::/0"}]},
        "InvalidParameterValue: CIDR block ::/0 is malformed",
    ),
    ("5.3 bad description", tcp(22, (BLOCK, "it's")), DESCRIPTIONS),
    ("5.3 bad description", tcp(22, ("sg-00000000", "a" * 256)), DESCRIPTIONS),
    ("5.3 bad description", tcp(22, ("::/0", "caf\u00e9")), DESCRIPTIONS),
    (
        "5.3 pair without a group", tcp(22) | {"UserIdGroupPairs": [{"UserId": "123456789012"}]},
        "MissingParameter: Source group ID missing.",
    ),
    (
        "5.3 malformed group", tcp(22) | {"UserIdGroupPairs": [{"GroupId": "eks-cluster-sg*"}]},
        'InvalidGroupId.Malformed: Invalid id: "eks-cluster-sg*" (expecting "sg-...")',
    ),
    (
        "5.3 unknown prefix list", tcp(22, "pl-00000000"),
        "InvalidPrefixListID.NotFound: The prefix list ID 'pl-00000000' does not exist",
    ),
    (
        "3.3 prefix list unknown", tcp(22, "pl-00000000000000000"),
        "InvalidPrefixListID.NotFound: The prefix list ID 'pl-00000000000000000' does not exist",
    ),
    (
        "3.3 prefix list malformed", tcp(22) | {"PrefixListIds": [{"PrefixListId": "x"}]},
        'InvalidPrefixListId.Malformed: Invalid id: "x" (expecting "pl-...")',
    ),
]  # fmt: skip


@pytest.mark.parametrize("verb", ["Authorize", "Revoke"])
@pytest.mark.parametrize(("row", "asked", "told"), BAD_VALUES)
@pytest.mark.reference(
    "5.3 whole call refused", "4.3 values are checked", "4.3 prefix list", "1.3 status 400", "1.4 InvalidParameter*",
    "clients 2.7 never 500", "users 5.1.9 protocols by number", "users 5.2.3 nothing validated",
)  # fmt: skip
def test_a_bad_value_refuses_the_whole_call(anywhere: Scene, verb: str, row: str, asked: Json, told: str) -> None:
    """A rule that cannot be is told in AWS's words; the good rule beside it is neither added nor removed [5.3, 4.3]."""
    if verb == "Revoke":
        anywhere.authorize(tcp(80, BLOCK))
    before = anywhere.rules()
    assert anywhere.refused(verb, tcp(80, BLOCK), asked) == told, row
    assert anywhere.rules() == before


@pytest.mark.parametrize("verb", ["Authorize", "Revoke"])
@pytest.mark.parametrize(
    "asked",
    [
        [tcp(22, BLOCK, BLOCK)],
        [tcp(22, BLOCK), tcp(22, BLOCK)],
        [tcp(22, (BLOCK, "one"), (BLOCK, "two"))],
        [tcp(22, BLOCK), permission("6", 22, 22, "203.0.113.9/24")],
        [tcp(22, "2001:db8::/32", "2001:DB8::1/32")],
    ],
)
@pytest.mark.reference("5.3 the same twice", "0.2 the same twice in one request")
def test_the_same_rule_twice(anywhere: Scene, verb: str, asked: list[Json]) -> None:
    """One rule twice in a request has its own error, whatever its descriptions and spelling [5.3; revoke inferred]."""
    expected = "InvalidParameterValue: The same permission must not appear multiple times"
    assert anywhere.refused(verb, *asked) == expected
    assert anywhere.rules() == set()
